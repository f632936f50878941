package types

import (
	"bytes"
	"cmp"
)

// compare orders two values of type t; values that can't be shown are equal.
func compare(t Type, a, b []byte) int {
	if r, ok := t.(Renderer); ok {
		return r.Compare(a, b)
	}
	return 0
}

// Compare implements Renderer.
func (Void) Compare(_, _ []byte) int { return 0 }

// Compare implements Renderer.
func (t Int) Compare(a, b []byte) int {
	x, y := t.Load(a), t.Load(b)
	if t.Signed {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(uint64(x), uint64(y))
}

// Compare implements Renderer: false first.
func (Bool) Compare(a, b []byte) int { return Uint8.Compare(a, b) }

// Compare implements Renderer.
func (t Pointer) Compare(a, b []byte) int { return Uint64.Compare(a, b) }

// Compare implements Renderer: byte by byte up to the NUL.
func (t String) Compare(a, b []byte) int {
	x, _ := t.Bytes(a)
	y, _ := t.Bytes(b)
	return bytes.Compare(x, y)
}

// Compare implements Renderer.
func (t Buffer) Compare(a, b []byte) int { return bytes.Compare(t.Bytes(a), t.Bytes(b)) }

// Compare implements Renderer: by the first element that differs.
func (t Array) Compare(a, b []byte) int {
	size := t.Elem.Size()
	for i := range t.N {
		if c := compare(t.Elem, part(a, i*size, size), part(b, i*size, size)); c != 0 {
			return c
		}
	}
	return 0
}

// Compare implements Renderer: by the first element that differs.
func (t *Tuple) Compare(a, b []byte) int { return compareAll(t.Elems, a, b) }

// Compare implements Renderer: by the first element that differs.
func (t *Record) Compare(a, b []byte) int { return compareAll(t.Elems, a, b) }

func compareAll(elems []Type, a, b []byte) int {
	for i, e := range elems {
		off := layoutOffset(elems, i)
		if c := compare(e, part(a, off, e.Size()), part(b, off, e.Size())); c != 0 {
			return c
		}
	}
	return 0
}

// Compare implements Renderer: by the first member that differs.
func (t *Struct) Compare(a, b []byte) (c int) {
	t.walk(0, func(f *Field) {
		switch i, scalar := AsInt(f.Type); {
		case c != 0:
		case f.BitSize > 0 && scalar:
			c = i.Compare(i.bytes(f.loadBits(a)), i.bytes(f.loadBits(b)))
		case f.Dynamic:
			c = Uint32.Compare(part(a, f.Offset, 4), part(b, f.Offset, 4))
		default:
			size := f.Type.Size()
			c = compare(f.Type, part(a, f.Offset, size), part(b, f.Offset, size))
		}
	})
	return c
}

// Compare implements Renderer.
func (t *Enum) Compare(a, b []byte) int { return t.Int.Compare(a, b) }
