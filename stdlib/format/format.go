// Package format parses and renders printf formats.
//
// Comes in: a format string and the types of its arguments, when checking; the
// bytes of the arguments, laid out as a tuple, when rendering. Goes out: what is
// wrong with the format, in the words that scripts' authors know; then text.
// Guaranteed: rendering allocates nothing but what the destination and the
// types' own rendering need, and never reads past the bytes it is given.
//
// A format is C's: %[flags][width][.precision][length]specifier, with flags
// "-", "+", " ", "#" and "0" in any order. A percent sign that begins nothing of
// this form stands for itself. Specifiers beyond C's are r, rx and rh, for
// buffers, and gr, for page allocation flags; %s takes any type and shows it as
// print would.
package format

import (
	"strings"
)

// Format is a parsed format string, and, once bound to types, a renderer.
type Format struct {
	// text[i] stands before specs[i]; the last element stands behind them all.
	text  []string
	specs []spec
}

// spec is one conversion.
type spec struct {
	verb                           string // d, x, s, rx, …
	left, plus, space, sharp, zero bool
	width                          int
	prec                           int // -1: none
	// starWidth and starPrec: given by an argument of their own.
	starWidth, starPrec bool
	// bits is how much of an integer is shown: 8, 16, 32 or 64.
	bits int

	conv conversion
	// arg is the argument shown, and widthArg and precArg are those of the stars.
	arg, widthArg, precArg argument
}

// Parse parses a format string; there is none that is wrong by itself.
func Parse(s string) *Format {
	f := &Format{}
	var text strings.Builder
	for {
		before, rest, found := strings.Cut(s, "%")
		text.WriteString(before)
		if !found {
			break
		}
		sp, n := parseSpec(rest)
		switch {
		case n == 0:
			text.WriteByte('%')
		case sp.verb == "%":
			text.WriteByte('%')
		default:
			f.text = append(f.text, text.String())
			f.specs = append(f.specs, sp)
			text.Reset()
		}
		s = rest[n:]
	}
	f.text = append(f.text, text.String())
	return f
}

// parseSpec parses what stands behind a percent sign, and gives its length, 0
// when it is no conversion.
func parseSpec(s string) (sp spec, n int) {
	sp.prec = -1
	for n < len(s) && sp.setFlag(s[n]) {
		n++
	}
	n = parseCount(s, n, &sp.width, &sp.starWidth)
	if n < len(s) && s[n] == '.' {
		sp.prec = 0
		n = parseCount(s, n+1, &sp.prec, &sp.starPrec)
	}
	length := n
	for n < len(s) && strings.IndexByte("hlLjzt", s[n]) >= 0 {
		n++
	}
	switch s[length:n] {
	case "":
		sp.bits = 32
	case "hh":
		sp.bits = 8
	case "h":
		sp.bits = 16
	default:
		sp.bits = 64
	}
	for _, verb := range verbs {
		if strings.HasPrefix(s[n:], verb) {
			sp.verb = verb
			return sp, n + len(verb)
		}
	}
	return spec{}, 0
}

func (sp *spec) setFlag(c byte) bool {
	switch c {
	case '-':
		sp.left = true
	case '+':
		sp.plus = true
	case ' ':
		sp.space = true
	case '#':
		sp.sharp = true
	case '0':
		sp.zero = true
	default:
		return false
	}
	return true
}

// verbs are the specifiers, longer ones first where one begins like another.
// Those for floating point are known to be refused by name.
var verbs = []string{
	"d", "i", "u", "o", "x", "X", "c", "s", "p", "gr", "rx", "rh", "r", "%",
	"e", "E", "f", "F", "g", "G", "a", "A", "n",
}

// maxCount bounds widths and precisions, so that a slip of the finger fills no
// disk.
const maxCount = 4096

func parseCount(s string, n int, count *int, star *bool) int {
	if n < len(s) && s[n] == '*' {
		*star = true
		return n + 1
	}
	for ; n < len(s) && '0' <= s[n] && s[n] <= '9'; n++ {
		*count = min(*count*10+int(s[n]-'0'), maxCount)
	}
	return n
}

// Args is how many arguments the format takes.
func (f *Format) Args() int { return len(f.specs) }
