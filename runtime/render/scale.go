package render

import (
	"encoding/binary"

	"sonde/lang/types"
)

// scaled gives a type that shows the integers in values of t divided by div.
func scaled(t types.Renderer, div uint64) types.Renderer {
	switch t := t.(type) {
	case types.Scaler:
		return t.Scaled(div)
	case types.Int:
		return quotient{t, div}
	case types.Array:
		t.Elem = scaled(renderer(t.Elem), div)
		return t
	case *types.Tuple:
		return &types.Tuple{Elems: scaleAll(t.Elems, div)}
	case *types.Record:
		return &types.Record{Names: t.Names, Elems: scaleAll(t.Elems, div)}
	}
	return t
}

func scaleAll(elems []types.Type, div uint64) []types.Type {
	out := make([]types.Type, len(elems))
	for i, e := range elems {
		out[i] = scaled(renderer(e), div)
	}
	return out
}

// quotient is an integer that shows divided, towards zero.
type quotient struct {
	types.Int
	div uint64
}

func (q quotient) value(raw []byte) (wide types.Int, b [8]byte) {
	v := q.Load(raw)
	if q.Signed {
		v /= int64(q.div)
	} else {
		v = int64(uint64(v) / q.div)
	}
	binary.NativeEndian.PutUint64(b[:], uint64(v))
	return types.Int{Bits: 64, Signed: q.Signed}, b
}

// AppendText implements types.Renderer.
func (q quotient) AppendText(dst, raw []byte, env types.Env) []byte {
	t, b := q.value(raw)
	return t.AppendText(dst, b[:], env)
}

// AppendJSON implements types.Renderer.
func (q quotient) AppendJSON(dst, raw []byte, env types.Env) []byte {
	t, b := q.value(raw)
	return t.AppendJSON(dst, b[:], env)
}
