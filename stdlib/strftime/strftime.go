// Package strftime formats times as strftime(3) of the C library does in the C
// locale.
//
// Comes in: a format and a time, in the zone in which it is to be shown. Goes
// out: text. Besides the C library's conversions there is %f, the microseconds
// in six digits. What is no conversion is copied.
package strftime

import (
	"strconv"
	"strings"
	"time"
)

// Append appends t to dst, as format says.
func Append(dst []byte, format string, t time.Time) []byte {
	for {
		before, rest, found := strings.Cut(format, "%")
		dst = append(dst, before...)
		if !found {
			return dst
		}
		n := 0
		var flag byte
		for n < len(rest) && strings.IndexByte("_-0^#", rest[n]) >= 0 {
			flag = rest[n]
			n++
		}
		for n < len(rest) && (rest[n] == 'E' || rest[n] == 'O') {
			n++ // the locale's own numerals, which the C locale has not
		}
		if n == len(rest) {
			return append(append(dst, '%'), rest...)
		}
		at := len(dst)
		out, ok := convert(dst, rest[n], flag, t)
		if !ok {
			out = append(append(dst, '%'), rest[:n+1]...)
		}
		if flag == '^' {
			copy(out[at:], strings.ToUpper(string(out[at:])))
		}
		dst, format = out, rest[n+1:]
	}
}

// field is a conversion to a number of a fixed width.
type field struct {
	get   func(t time.Time) int
	width int
	pad   byte
}

var fields = map[byte]field{
	'C': {func(t time.Time) int { return t.Year() / 100 }, 2, '0'},
	'd': {time.Time.Day, 2, '0'},
	'e': {time.Time.Day, 2, ' '},
	'f': {func(t time.Time) int { return t.Nanosecond() / 1000 }, 6, '0'},
	'G': {func(t time.Time) int { y, _ := t.ISOWeek(); return y }, 4, '0'},
	'g': {func(t time.Time) int { y, _ := t.ISOWeek(); return y % 100 }, 2, '0'},
	'H': {time.Time.Hour, 2, '0'},
	'I': {hour12, 2, '0'},
	'j': {time.Time.YearDay, 3, '0'},
	'k': {time.Time.Hour, 2, ' '},
	'l': {hour12, 2, ' '},
	'M': {time.Time.Minute, 2, '0'},
	'm': {func(t time.Time) int { return int(t.Month()) }, 2, '0'},
	'S': {time.Time.Second, 2, '0'},
	's': {func(t time.Time) int { return int(t.Unix()) }, 1, '0'},
	'U': {func(t time.Time) int { return (t.YearDay() + 6 - int(t.Weekday())) / 7 }, 2, '0'},
	'u': {func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }, 1, '0'},
	'V': {func(t time.Time) int { _, w := t.ISOWeek(); return w }, 2, '0'},
	'W': {func(t time.Time) int { return (t.YearDay() + 6 - (int(t.Weekday())+6)%7) / 7 }, 2, '0'},
	'w': {func(t time.Time) int { return int(t.Weekday()) }, 1, '0'},
	'Y': {time.Time.Year, 1, '0'},
	'y': {func(t time.Time) int { return t.Year() % 100 }, 2, '0'},
}

func hour12(t time.Time) int { return (t.Hour()+11)%12 + 1 }

// layouts are conversions that Go's time package has.
var layouts = map[byte]string{
	'A': "Monday", 'a': "Mon", 'B': "January", 'b': "Jan", 'h': "Jan", 'p': "PM", 'P': "pm", 'Z': "MST", 'z': "-0700",
}

// shorthands are conversions that stand for others.
var shorthands = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'R': "%H:%M", 'r': "%I:%M:%S %p", 'T': "%H:%M:%S",
	'X': "%H:%M:%S", 'x': "%m/%d/%y", '+': "%a %b %e %H:%M:%S %Z %Y", 'n': "\n", 't': "\t",
}

func convert(dst []byte, verb, flag byte, t time.Time) ([]byte, bool) {
	if f, ok := fields[verb]; ok {
		return f.append(dst, flag, t), true
	}
	if l, ok := layouts[verb]; ok {
		return t.AppendFormat(dst, l), true
	}
	if s, ok := shorthands[verb]; ok {
		return Append(dst, s, t), true
	}
	return append(dst, '%'), verb == '%'
}

func (f field) append(dst []byte, flag byte, t time.Time) []byte {
	switch flag {
	case '-':
		f.width = 1
	case '_':
		f.pad = ' '
	case '0':
		f.pad = '0'
	}
	digits := strconv.Itoa(f.get(t))
	for n := f.width - len(digits); n > 0; n-- {
		dst = append(dst, f.pad)
	}
	return append(dst, digits...)
}
