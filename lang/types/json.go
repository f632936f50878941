package types

import (
	"strconv"
	"unicode/utf8"
)

// appendJSON shows the part of raw that holds a value of type t.
func appendJSON(dst []byte, t Type, raw []byte, env Env) []byte {
	if r, ok := t.(Renderer); ok {
		return r.AppendJSON(dst, raw, env)
	}
	return append(dst, "null"...)
}

// AppendJSONInt appends a number, as a string when a JSON reader that keeps
// numbers as 64-bit floats could not hold it exactly.
func AppendJSONInt(dst []byte, v int64, signed bool) []byte {
	if signed {
		if f := float64(v); f < 1<<63 && int64(f) == v {
			return strconv.AppendInt(dst, v, 10)
		}
		return append(strconv.AppendInt(append(dst, '"'), v, 10), '"')
	}
	u := uint64(v)
	if f := float64(u); f < 1<<64 && uint64(f) == u {
		return strconv.AppendUint(dst, u, 10)
	}
	return append(strconv.AppendUint(append(dst, '"'), u, 10), '"')
}

// AppendJSONString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD: JSON has no way to say them.
func AppendJSONString[S ~string | ~[]byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	for b := []byte(s); len(b) > 0; {
		c := b[0]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(b)
			dst = utf8.AppendRune(dst, r)
			b = b[n:]
			continue
		}
		b = b[1:]
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < 0x20 {
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}

// AppendJSON implements Renderer.
func (Void) AppendJSON(dst, _ []byte, _ Env) []byte { return append(dst, "null"...) }

// AppendJSON implements Renderer.
func (t Int) AppendJSON(dst, raw []byte, _ Env) []byte {
	return AppendJSONInt(dst, t.Load(raw), t.Signed)
}

// AppendJSON implements Renderer.
func (Bool) AppendJSON(dst, raw []byte, _ Env) []byte {
	return strconv.AppendBool(dst, load(raw, 1) != 0)
}

// AppendJSON implements Renderer: the address as a number.
func (t Pointer) AppendJSON(dst, raw []byte, _ Env) []byte {
	return Uint64.AppendJSON(dst, raw, nil)
}

// AppendJSON implements Renderer.
func (t String) AppendJSON(dst, raw []byte, env Env) []byte {
	s, cut := t.Bytes(raw)
	dst = AppendJSONString(dst, s)
	if cut {
		quoted := AppendJSONString(nil, trailer(env))
		dst = append(dst[:len(dst)-1], quoted[1:]...)
	}
	return dst
}

// AppendJSON implements Renderer: the bytes as signed numbers.
func (t Buffer) AppendJSON(dst, raw []byte, _ Env) []byte {
	dst = append(dst, '[')
	for i, b := range t.Bytes(raw) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(int8(b)), 10)
	}
	return append(dst, ']')
}

// AppendJSON implements Renderer.
func (t Array) AppendJSON(dst, raw []byte, env Env) []byte {
	dst = append(dst, '[')
	size := t.Elem.Size()
	for i := range t.N {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, t.Elem, part(raw, i*size, size), env)
	}
	return append(dst, ']')
}

// AppendJSON implements Renderer: an array.
func (t *Tuple) AppendJSON(dst, raw []byte, env Env) []byte {
	dst = append(dst, '[')
	for i, e := range t.Elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, e, part(raw, t.Offset(i), e.Size()), env)
	}
	return append(dst, ']')
}

// AppendJSON implements Renderer: an object, members in order.
func (t *Record) AppendJSON(dst, raw []byte, env Env) []byte {
	o := object{dst: append(dst, '{')}
	for i, e := range t.Elems {
		o.name(t.Names[i])
		o.dst = appendJSON(o.dst, e, part(raw, t.Offset(i), e.Size()), env)
	}
	return append(o.dst, '}')
}

// AppendJSON implements Renderer: an object, members in order of declaration.
func (t *Struct) AppendJSON(dst, raw []byte, env Env) []byte {
	o := object{dst: append(dst, '{')}
	t.walk(0, func(f *Field) {
		o.name(f.Name)
		switch i, scalar := AsInt(f.Type); {
		case f.BitSize > 0 && scalar:
			o.dst = appendJSON(o.dst, f.Type, i.bytes(f.loadBits(raw)), env)
		case f.Dynamic:
			o.dst = Uint32.AppendJSON(o.dst, part(raw, f.Offset, 4), env)
		default:
			o.dst = appendJSON(o.dst, f.Type, part(raw, f.Offset, f.Type.Size()), env)
		}
	})
	return append(o.dst, '}')
}

// object writes the names of a JSON object.
type object struct {
	dst []byte
	any bool
}

func (o *object) name(s string) {
	if o.any {
		o.dst = append(o.dst, ", "...)
	}
	o.any = true
	o.dst = append(AppendJSONString(o.dst, s), ": "...)
}

// AppendJSON implements Renderer: the number, never the name, since that is what
// programs that read the output can rely on.
func (t *Enum) AppendJSON(dst, raw []byte, _ Env) []byte {
	return t.Int.AppendJSON(dst, raw, nil)
}
