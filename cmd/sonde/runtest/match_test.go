package runtest

import (
	"regexp"
	"strings"
	"testing"
)

// match tells whether got is what want describes; see the package comment. The
// empty lines at both ends, which separate maps from other output, do not count.
func match(want, got string) bool {
	return matchLines(lines(want), lines(got))
}

func lines(s string) []string {
	s = strings.Trim(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func matchLines(want, got []string) bool {
	for len(want) > 0 && want[0] != "..." {
		if len(got) == 0 || !matchLine(want[0], got[0]) {
			return false
		}
		want, got = want[1:], got[1:]
	}
	if len(want) == 0 {
		return len(got) == 0
	}
	for i := range len(got) + 1 {
		if matchLines(want[1:], got[i:]) {
			return true
		}
	}
	return false
}

func matchLine(want, got string) bool {
	pattern, ok := strings.CutPrefix(want, "~ ")
	if !ok {
		return strings.TrimRight(want, " ") == strings.TrimRight(got, " ")
	}
	return compiled(pattern).MatchString(strings.TrimSpace(got))
}

var patterns = map[string]*regexp.Regexp{}

func compiled(pattern string) *regexp.Regexp {
	re, ok := patterns[pattern]
	if !ok {
		re = regexp.MustCompile("^(?:" + pattern + ")$")
		patterns[pattern] = re
	}
	return re
}

// literal tells whether an expectation is nothing but lines to be printed.
func literal(want string) bool {
	for _, l := range lines(want) {
		if l == "..." || strings.HasPrefix(l, "~ ") || strings.Contains(l, "$") {
			return false
		}
	}
	return true
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{"", "", true},
		{"a\nb\n", "\n\na\nb\n\n", true},
		{"a\n", "a\nb\n", false},
		{"a\n...\nd", "a\nb\nc\nd", true},
		{"a\n...\nd", "a\nd", true},
		{"...\nb\n...", "a\nb\nb\nc", true},
		{"...\nx\n...", "a\nb", false},
		{`~ @\[\w+\]: \d+`, "@[cat]: 12", true},
		{`~ \d`, "12", false},
	} {
		if match(c.want, c.got) != c.ok {
			t.Errorf("match(%q, %q) is %t", c.want, c.got, !c.ok)
		}
	}
}
