package types

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// appendText shows the part of raw that holds a value of type t.
func appendText(dst []byte, t Type, raw []byte, env Env) []byte {
	if r, ok := t.(Renderer); ok {
		return r.AppendText(dst, raw, env)
	}
	return append(dst, "null"...)
}

// AppendText implements Renderer.
func (Void) AppendText(dst, _ []byte, _ Env) []byte { return append(dst, "null"...) }

// AppendText implements Renderer.
func (t Int) AppendText(dst, raw []byte, _ Env) []byte {
	return t.appendDecimal(dst, t.Load(raw))
}

func (t Int) appendDecimal(dst []byte, v int64) []byte {
	if t.Signed {
		return strconv.AppendInt(dst, v, 10)
	}
	return strconv.AppendUint(dst, uint64(v), 10)
}

// AppendText implements Renderer.
func (Bool) AppendText(dst, raw []byte, _ Env) []byte {
	return strconv.AppendBool(dst, load(raw, 1) != 0)
}

// AppendText implements Renderer.
func (t Pointer) AppendText(dst, raw []byte, _ Env) []byte {
	return strconv.AppendUint(append(dst, "0x"...), load(raw, 8), 16)
}

// AppendText implements Renderer. Control characters are escaped when the output
// is a terminal.
func (t String) AppendText(dst, raw []byte, env Env) []byte {
	s, cut := t.Bytes(raw)
	dst = AppendSafe(dst, s, env)
	if cut {
		dst = append(dst, trailer(env)...)
	}
	return dst
}

// Bytes gives the string in raw without the NUL that ends it, and whether there
// is none: the string did not fit.
func (t String) Bytes(raw []byte) (s []byte, cut bool) {
	raw = part(raw, 0, t.N)
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return raw[:i], false
	}
	return raw, len(raw) > 0 && len(raw) == t.N
}

func trailer(env Env) string {
	if s := ServiceOf[Strings](env); s != nil {
		return s.Trailer()
	}
	return ".."
}

// AppendSafe appends traced data to text output: as it is, unless the output is
// a terminal. Then everything that could steer the terminal (C0 and C1 control
// characters other than newline and tab, and bytes that are not UTF-8) becomes
// \xNN.
func AppendSafe(dst, s []byte, env Env) []byte {
	if t := ServiceOf[Terminal](env); t == nil || !t.Escape() {
		return append(dst, s...)
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == '\n' || r == '\t' || r >= 0x20 && r < 0x7f || r >= 0xa0 && !(r == utf8.RuneError && n == 1) {
			dst = append(dst, s[:n]...)
		} else {
			for _, b := range s[:n] {
				dst = appendHexByte(dst, b)
			}
		}
		s = s[n:]
	}
	return dst
}

const hexDigits = "0123456789abcdef"

func appendHexByte(dst []byte, b byte) []byte {
	return append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
}

// Bytes gives the data of the buffer in raw.
func (t Buffer) Bytes(raw []byte) []byte {
	return part(raw, 4, int(min(load(raw, 4), uint64(t.N))))
}

// AppendText implements Renderer: printable ASCII as it is, all else as \xNN.
func (t Buffer) AppendText(dst, raw []byte, _ Env) []byte {
	for _, b := range t.Bytes(raw) {
		if b >= ' ' && b <= '~' {
			dst = append(dst, b)
		} else {
			dst = appendHexByte(dst, b)
		}
	}
	return dst
}

// AppendText implements Renderer.
func (t Array) AppendText(dst, raw []byte, env Env) []byte {
	dst = append(dst, '[')
	size := t.Elem.Size()
	for i := range t.N {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, t.Elem, part(raw, i*size, size), env)
	}
	return append(dst, ']')
}

// AppendText implements Renderer.
func (t *Tuple) AppendText(dst, raw []byte, env Env) []byte {
	dst = append(dst, '(')
	for i, e := range t.Elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendText(dst, e, part(raw, t.Offset(i), e.Size()), env)
	}
	return append(dst, ')')
}

// AppendText implements Renderer.
func (t *Record) AppendText(dst, raw []byte, env Env) []byte {
	m := members{dst: dst}
	for i, e := range t.Elems {
		m.name(t.Names[i])
		m.dst = appendText(m.dst, e, part(raw, t.Offset(i), e.Size()), env)
	}
	return m.end()
}

// AppendText implements Renderer. The members of anonymous structs and unions
// are shown as t's own.
func (t *Struct) AppendText(dst, raw []byte, env Env) []byte {
	m := members{dst: dst}
	t.walk(0, func(f *Field) {
		m.name(f.Name)
		switch i, scalar := AsInt(f.Type); {
		case f.BitSize > 0 && scalar:
			m.dst = appendText(m.dst, f.Type, i.bytes(f.loadBits(raw)), env)
		case f.Dynamic:
			m.dst = Uint32.AppendText(m.dst, part(raw, f.Offset, 4), env)
		default:
			m.dst = appendText(m.dst, f.Type, part(raw, f.Offset, f.Type.Size()), env)
		}
	})
	return m.end()
}

// walk calls f for each named member that is shown, those of anonymous members included, with
// the offset from the start of t.
func (t *Struct) walk(base int, f func(*Field)) {
	for _, m := range t.Fields() {
		if m.Hidden {
			continue
		}
		m.Offset += base
		if inner, ok := m.Type.(*Struct); ok && m.Anonymous {
			inner.walk(m.Offset, f)
			continue
		}
		f(&m)
	}
}

// members writes { .a = 1, .b = 2 }.
type members struct {
	dst []byte
	any bool
}

func (m *members) name(s string) {
	if m.any {
		m.dst = append(m.dst, ", ."...)
	} else {
		m.dst = append(m.dst, "{ ."...)
	}
	m.any = true
	m.dst = append(append(m.dst, s...), " = "...)
}

func (m *members) end() []byte {
	if !m.any {
		return append(m.dst, "{}"...)
	}
	return append(m.dst, " }"...)
}

// AppendText implements Renderer: the constant's name, or the number when it has
// none.
func (t *Enum) AppendText(dst, raw []byte, _ Env) []byte {
	v := t.Int.Load(raw)
	if name, ok := t.NameOf(v); ok {
		return append(dst, name...)
	}
	return t.Int.appendDecimal(dst, v)
}

// NameOf gives the constant with that value; the first, when there are several.
func (t *Enum) NameOf(v int64) (string, bool) {
	v = t.Int.Extend(uint64(v))
	for _, c := range t.Values {
		if t.Int.Extend(uint64(c.Value)) == v {
			return c.Name, true
		}
	}
	return "", false
}
