package format

import (
	"strconv"

	"sonde/lang/types"
)

// conversion is how a specifier shows a value.
type conversion struct {
	takes func(types.Type) bool
	// number appends the digits of an integer, and gives what stands before them.
	number func(sp *spec, dst []byte, v int64) (out []byte, sign string)
	// text gives anything else.
	text func(sp *spec, dst, raw []byte, env types.Env) []byte
}

var conversions = map[string]conversion{
	"d":  {takes: isInteger, number: signed},
	"i":  {takes: isInteger, number: signed},
	"u":  {takes: isInteger, number: unsigned(10, "")},
	"o":  {takes: isInteger, number: unsigned(8, "0")},
	"x":  {takes: isInteger, number: unsigned(16, "0x")},
	"X":  {takes: isInteger, number: upper},
	"p":  {takes: isInteger, text: pointer},
	"c":  {takes: isInteger, text: char},
	"gr": {takes: isInteger, text: pageFlags},
	"s":  {takes: isAny, text: plain},
	"r":  {takes: isBuffer, text: plain},
	"rx": {takes: isBuffer, text: hexEscaped},
	"rh": {takes: isBuffer, text: hexSpaced},
}

// Append renders the format with the arguments in payload.
func (f *Format) Append(dst, payload []byte, env types.Env) []byte {
	for i := range f.specs {
		dst = append(dst, f.text[i]...)
		dst = f.specs[i].append(dst, payload, env)
	}
	return append(dst, f.text[len(f.text)-1]...)
}

func (sp *spec) append(dst, payload []byte, env types.Env) []byte {
	if sp.starWidth || sp.starPrec {
		fixed := sp.withStars(payload)
		sp = &fixed
	}
	raw := sp.arg.bytes(payload)
	at := len(dst)
	if sp.conv.number != nil {
		return sp.pad(sp.appendNumber(dst, sp.arg.i.Load(raw)), at, ' ')
	}
	dst = sp.conv.text(sp, dst, raw, env)
	if sp.prec >= 0 && sp.verb == "s" && len(dst)-at > sp.prec {
		dst = dst[:at+sp.prec]
	}
	if sp.zero && !sp.left {
		return sp.pad(dst, at, '0')
	}
	return sp.pad(dst, at, ' ')
}

// withStars gives the conversion with the width and precision that the arguments
// say. A negative width is one with the flag "-", a negative precision is none.
func (sp *spec) withStars(payload []byte) spec {
	s := *sp
	if sp.starWidth {
		n := sp.widthArg.int(payload)
		s.left = s.left || n < 0
		s.width = clamp(max(n, -n))
	}
	if sp.starPrec {
		n := sp.precArg.int(payload)
		s.prec = clamp(n)
		if n < 0 {
			s.prec = -1
		}
	}
	return s
}

func clamp(n int64) int { return int(max(0, min(n, maxCount))) }

func (a *argument) bytes(payload []byte) []byte {
	if a.offset >= len(payload) {
		return nil
	}
	return payload[a.offset:min(a.offset+a.size, len(payload))]
}

func (a *argument) int(payload []byte) int64 { return a.i.Load(a.bytes(payload)) }

// appendNumber shows an integer as C does: sign, then zeros up to the precision
// or, with the flag 0 and neither a precision nor "-", up to the width.
func (sp *spec) appendNumber(dst []byte, v int64) []byte {
	at := len(dst)
	dst, sign := sp.conv.number(sp, dst, v)
	zeros := 0
	switch {
	case sp.prec >= 0:
		zeros = sp.prec - (len(dst) - at)
	case sp.zero && !sp.left:
		zeros = sp.width - len(sign) - (len(dst) - at)
	}
	dst = insert(dst, at, max(zeros, 0), '0')
	dst = insert(dst, at, len(sign), ' ')
	copy(dst[at:], sign)
	return dst
}

// pad brings what stands from at on to the width.
func (sp *spec) pad(dst []byte, at int, fill byte) []byte {
	n := sp.width - (len(dst) - at)
	switch {
	case n <= 0:
		return dst
	case sp.left:
		return insert(dst, len(dst), n, fill)
	}
	return insert(dst, at, n, fill)
}

// insert makes room for n times c at a place.
func insert(dst []byte, at, n int, c byte) []byte {
	for range n {
		dst = append(dst, c)
	}
	copy(dst[at+n:], dst[at:len(dst)-n])
	for i := range n {
		dst[at+i] = c
	}
	return dst
}

func signed(sp *spec, dst []byte, v int64) ([]byte, string) {
	v = types.Int{Bits: sp.bits, Signed: true}.Extend(uint64(v))
	switch {
	case v < 0:
		return strconv.AppendUint(dst, -uint64(v), 10), "-"
	case sp.plus:
		return strconv.AppendInt(dst, v, 10), "+"
	case sp.space:
		return strconv.AppendInt(dst, v, 10), " "
	}
	return strconv.AppendInt(dst, v, 10), ""
}

func unsigned(base int, prefix string) func(*spec, []byte, int64) ([]byte, string) {
	return func(sp *spec, dst []byte, v int64) ([]byte, string) {
		u := uint64(types.Int{Bits: sp.bits}.Extend(uint64(v)))
		if !sp.sharp || u == 0 {
			return strconv.AppendUint(dst, u, base), ""
		}
		return strconv.AppendUint(dst, u, base), prefix
	}
}

func upper(sp *spec, dst []byte, v int64) ([]byte, string) {
	at := len(dst)
	dst, sign := unsigned(16, "0X")(sp, dst, v)
	for i, c := range dst[at:] {
		if c >= 'a' {
			dst[at+i] = c - 'a' + 'A'
		}
	}
	return dst, sign
}

// pointer shows all 64 bits, whatever the length; nothing for the null pointer's
// base, as C++ streams have it.
func pointer(sp *spec, dst, raw []byte, _ types.Env) []byte {
	v := uint64(sp.arg.i.Load(raw))
	if v == 0 {
		return append(dst, '0')
	}
	return strconv.AppendUint(append(dst, "0x"...), v, 16)
}

func char(sp *spec, dst, raw []byte, env types.Env) []byte {
	b := [1]byte{byte(sp.arg.i.Load(raw))}
	return types.AppendSafe(dst, b[:], env)
}

func plain(sp *spec, dst, raw []byte, env types.Env) []byte {
	return sp.arg.t.AppendText(dst, raw, env)
}

const hexDigits = "0123456789abcdef"

func hexEscaped(sp *spec, dst, raw []byte, _ types.Env) []byte {
	for _, b := range sp.arg.t.(types.Buffer).Bytes(raw) {
		dst = append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}

func hexSpaced(sp *spec, dst, raw []byte, _ types.Env) []byte {
	for i, b := range sp.arg.t.(types.Buffer).Bytes(raw) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}
