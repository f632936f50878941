package parse

import (
	"math"
	"strconv"
	"strings"

	"sonde/lang/source"
)

// maxParam is the largest N that $N may have.
const maxParam = math.MaxInt32

// paramNumber reads $N; 0 stands for $#.
func paramNumber(text string) (int, bool) {
	if text == "$#" {
		return 0, true
	}
	n, err := strconv.ParseUint(text[1:], 10, 64)
	return int(n), err == nil && 1 <= n && n <= maxParam
}

// unit is what a suffix does to an integer: the largest value before it, and
// what it multiplies by.
type unit struct{ limit, factor uint64 }

// units are the suffixes of integers. Those of C change nothing but the range;
// durations count in nanoseconds.
var units = map[string]unit{
	"":  {math.MaxUint64, 1},
	"u": {math.MaxUint32, 1}, "ul": {math.MaxUint64, 1}, "ull": {math.MaxUint64, 1},
	"l": {math.MaxInt64, 1}, "ll": {math.MaxInt64, 1},
	"ns": duration(1), "us": duration(1e3), "ms": duration(1e6), "s": duration(1e9),
	"m": duration(60e9), "h": duration(3600e9), "d": duration(86400e9),
}

func duration(ns uint64) unit { return unit{math.MaxUint64 / ns, ns} }

// number scans an integer. After a dot it is the number of a tuple's element:
// digits only, so that $t.0.1 is two of them.
func (s *scanner) number() {
	start, end := s.off, s.wordEnd(s.off)
	if prev := s.last(); prev.Type == tokOp && prev.Value == "." {
		for end = start; end < len(s.src) && isDigit(s.src[end]); {
			end++
		}
	}
	_, bad := number(s.src[start:end])
	if bad != nil {
		s.errorf(start+bad.start, start+bad.end, "bad-integer", "%s", bad.msg)
	}
	s.begin(tokInt, end)
}

// numberError is what is wrong with an integer, and where in it.
type numberError struct {
	start, end int
	msg        string
}

// Error implements error.
func (e *numberError) Error() string { return e.msg }

// Number reads an integer as scripts write them: decimal, 0octal, 0xhex or
// MeN, underscores between digits, and a suffix of C or of a duration, which
// is in nanoseconds. Attach points use it for their rates and addresses.
func Number(text string) (uint64, error) {
	n, bad := number(text)
	if bad != nil {
		return 0, bad
	}
	return n, nil
}

// number is Number with the place of the mistake.
func number(text string) (uint64, *numberError) {
	fail := func(start, end int, msg string) (uint64, *numberError) {
		return 0, &numberError{start, end, msg + ": " + text}
	}
	base, from, i := uint64(10), 0, 0
	if len(text) > 1 && text[0] == '0' {
		switch c := text[1]; {
		case c == 'x' || c == 'X':
			base, from = 16, 2
		case isDigit(c) || c == '_':
			base, from = 8, 1
		}
	}
	value, digits, overflow := uint64(0), 0, false
	for i = from; i < len(text); i++ {
		if text[i] == '_' {
			continue
		}
		d, ok := digit(text[i], max(base, 10))
		if !ok {
			break
		}
		if d >= base {
			return fail(i, i+1, "'"+text[i:i+1]+"' is no octal digit, and a leading 0 makes the number octal")
		}
		digits++
		if value > (math.MaxUint64-d)/base {
			overflow = true
		}
		value = value*base + d
	}
	switch {
	case i > from && text[i-1] == '_':
		return fail(i-1, i, "an underscore must have a digit on both sides")
	case text != "" && text[0] == '_':
		return fail(0, 1, "an underscore must have a digit on both sides")
	case digits == 0 && from > 0:
		return fail(0, len(text), "expected digits after "+text[:from])
	case digits == 0:
		return fail(0, len(text), "expected digits")
	case overflow:
		return fail(0, len(text), tooLarge(math.MaxUint64))
	}
	if base == 10 && i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		exp := i + 1
		for i = exp; i < len(text) && (isDigit(text[i]) || text[i] == '_'); i++ {
		}
		n, err := strconv.ParseUint(strings.ReplaceAll(text[exp:i], "_", ""), 10, 16)
		switch {
		case i == exp:
			return fail(0, len(text), "expected an exponent after 'e'; it can only be a positive integer")
		case text[i-1] == '_' || text[exp] == '_':
			return fail(i-1, i, "an underscore must have a digit on both sides")
		case value == 0 || value > 9:
			return fail(0, len(text), "the number before 'e' must be 1 to 9")
		}
		for range min(n, 20) {
			if value > math.MaxUint64/10 {
				overflow = true
			}
			value *= 10
		}
		if overflow || err != nil {
			return fail(0, len(text), tooLarge(math.MaxUint64))
		}
	}
	suffix, known := units[strings.ToLower(text[i:])]
	if !known || strings.ToLower(text[i:]) != text[i:] && suffix.factor != 1 {
		return fail(i, len(text), "invalid suffix '"+text[i:]+"' of an integer")
	}
	if value > suffix.limit {
		return fail(0, len(text), tooLarge(suffix.limit))
	}
	return value * suffix.factor, nil
}

func tooLarge(limit uint64) string {
	return "integer too large, the largest here is " + strconv.FormatUint(limit, 10)
}

func digit(c byte, base uint64) (uint64, bool) {
	switch {
	case isDigit(c):
		return uint64(c - '0'), true
	case base == 16 && 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10, true
	}
	return 0, false
}

// str scans a string literal and checks its escapes.
func (s *scanner) str() {
	start := s.off
	end := s.quoteEnd(start)
	if end < 0 {
		end = s.lineEnd(start)
		s.errorf(start, end, "unterminated-string", "unterminated string").
			WithHint("close it with \" on the same line; \\n stands for a new line")
		s.begin(tokBad, end)
		return
	}
	unescape(s.src[start+1:end-1], func(from, to int, msg string) {
		s.errorf(start+1+from, start+1+to, "bad-escape", "%s", msg)
	})
	s.begin(tokString, end)
}

// unescape reads the inside of a string literal. complain hears of every bad
// escape and where it stands; the value leaves those out.
func unescape(text string, complain func(from, to int, msg string)) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			i++
			continue
		}
		from := i
		i += 2
		switch c := text[i-1]; {
		case simpleEscapes[c] != 0:
			b.WriteByte(simpleEscapes[c])
		case '0' <= c && c <= '7':
			n := uint(c - '0')
			for ; i < len(text) && i < from+4 && '0' <= text[i] && text[i] <= '7'; i++ {
				n = n*8 + uint(text[i]-'0')
			}
			if n > math.MaxUint8 {
				complain(from, i, "octal escape "+text[from:i]+" is out of range, the largest is \\377")
				continue
			}
			b.WriteByte(byte(n))
		case c == 'x' || c == 'X':
			n := uint64(0)
			hex := i
			for ; i < len(text) && i < hex+2; i++ {
				d, ok := digit(text[i], 16)
				if !ok {
					break
				}
				n = n*16 + d
			}
			if i == hex {
				complain(from, i, "expected hexadecimal digits after \\x")
				continue
			}
			b.WriteByte(byte(n))
		default:
			for i < len(text) && text[i]&0xc0 == 0x80 {
				i++ // the rest of a UTF-8 sequence
			}
			complain(from, i, "invalid escape "+source.Escape(text[from:i]))
		}
	}
	return b.String()
}

var simpleEscapes = [256]byte{'n': '\n', 't': '\t', 'r': '\r', '"': '"', '\\': '\\'}

// unquote gives the value of a string token.
func unquote(raw string) string {
	if len(raw) < 2 {
		return ""
	}
	return unescape(raw[1:len(raw)-1], func(int, int, string) {})
}
