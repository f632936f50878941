package types

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
)

// Float is a floating point number of 32 or 64 bits, as members of user-space
// structs are. Programs in the kernel can't compute with them, so they are shown
// and handed on, no more.
type Float struct{ Bits int }

func (t Float) String() string {
	if t.Bits == 32 {
		return "float"
	}
	return "double"
}

// Size implements Type.
func (t Float) Size() int { return t.Bits / 8 }

// Align implements Type.
func (t Float) Align() int { return t.Bits / 8 }

// value gives the number in raw.
func (t Float) value(raw []byte) float64 {
	raw = part(raw, 0, t.Size())
	if len(raw) < t.Size() {
		return 0
	}
	if t.Bits == 32 {
		return float64(math.Float32frombits(binary.NativeEndian.Uint32(raw)))
	}
	return math.Float64frombits(binary.NativeEndian.Uint64(raw))
}

// AppendText implements Renderer.
func (t Float) AppendText(dst, raw []byte, _ Env) []byte {
	return strconv.AppendFloat(dst, t.value(raw), 'g', -1, t.Bits)
}

// AppendJSON implements Renderer. Readers of this output know such members as null;
// infinities have no other form in JSON either.
func (Float) AppendJSON(dst, _ []byte, _ Env) []byte { return append(dst, "null"...) }

// Compare implements Renderer.
func (t Float) Compare(a, b []byte) int { return cmp.Compare(t.value(a), t.value(b)) }
