package aggr

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/types"
)

// adder is what count and sum have in common: one word, to which every CPU adds.
type adder struct{ number }

// Size implements types.Type.
func (adder) Size() int { return word }

// Align implements types.Type.
func (adder) Align() int { return word }

// AppendText implements types.Renderer.
func (t adder) AppendText(dst, raw []byte, _ types.Env) []byte {
	return t.appendText(dst, t.scale(get(raw, 0)))
}

// AppendJSON implements types.Renderer.
func (t adder) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return t.appendJSON(dst, t.scale(get(raw, 0)))
}

// Compare implements types.Renderer.
func (t adder) Compare(a, b []byte) int { return t.compare(get(a, 0), get(b, 0)) }

// Merge implements types.Aggregate.
func (adder) Merge(dst, src []byte) { add(dst, src, 1) }

// Number implements lower.Reducer.
func (adder) Number(b *lower.Builder, each func(fold func(slot lower.Place))) *ssa.Value {
	return sums(b, 1, each)[0]
}
