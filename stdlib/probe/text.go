package probe

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// joined puts an attach point's parts together again.
func joined(parts []string) string { return strings.Join(parts, ":") }

// tail is a probe's name without its provider.
func tail(name string) string {
	_, rest, ok := strings.Cut(name, ":")
	if !ok {
		return name
	}
	return rest
}

func stripUnderscores(s string) string { return strings.ReplaceAll(s, "_", "") }

// readCount reads a count as scripts write numbers: decimal, octal, hexadecimal,
// or scientific (1e6).
func readCount(text string) (uint64, error) {
	text = stripUnderscores(text)
	if m, e, ok := strings.Cut(text, "e"); ok && !strings.HasPrefix(text, "0x") {
		mant, err1 := strconv.ParseUint(m, 10, 64)
		exp, err2 := strconv.ParseUint(e, 10, 8)
		if err1 != nil || err2 != nil {
			return 0, fmt.Errorf("not a whole number")
		}
		for ; exp > 0; exp-- {
			if mant > math.MaxUint64/10 {
				return 0, fmt.Errorf("too large")
			}
			mant *= 10
		}
		return mant, nil
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("not a whole number")
	}
	return n, nil
}
