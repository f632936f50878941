package aggr

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Min and Max share this file because they are one thing with two signs.

// Min keeps the smallest number.
var Min = extremeFunc("min", newMin, `Keeps the smallest number that it was called with.
The first one always counts, whatever it is.`,
	record.Example{Script: `begin { @ = min(5); @ = min(-3); @ = min(7); print(@); clear(@); }`, Output: "@: -3\n"})

// Max keeps the largest number.
var Max = extremeFunc("max", newMax, `Keeps the largest number that it was called with.
The first one always counts, whatever it is.`,
	record.Example{Script: `begin { @ = max(-5); @ = max(-3); print(@); clear(@); }`, Output: "@: -3\n"},
	record.Example{Script: `tracepoint:syscalls:sys_exit_read { @largest[comm] = max(args.ret); }`})

func extremeFunc[T types.Type](name string, make func(signed bool) T, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Aggregation,
			Sigs:  []check.Sig{{Params: []check.Param{integer}}},
			Check: bySign(make),
		},
		Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
			slot.Type.(interface {
				fold(b *lower.Builder, slot lower.Place, n *ssa.Value)
			}).fold(b, slot, b.Scalar(c.Args[0]))
		}},
		Doc:      doc,
		Examples: examples,
	}
}

// extreme is what min and max have in common: two words, the value and whether
// there is one, since the first value always counts, zero included.
type extreme struct {
	number
	// keep is the sign of compare(new, old) that replaces the old value.
	keep int
}

// minType is the type of min.
type minType struct{ extreme }

// maxType is the type of max.
type maxType struct{ extreme }

// newMin makes the type of minima of signed or unsigned integers.
func newMin(signed bool) minType { return minType{extreme{number{signed: signed}, -1}} }

// newMax makes the type of maxima.
func newMax(signed bool) maxType { return maxType{extreme{number{signed: signed}, 1}} }

func (minType) String() string { return "min_t" }
func (maxType) String() string { return "max_t" }

// Size implements types.Type.
func (extreme) Size() int { return 2 * word }

// Align implements types.Type.
func (extreme) Align() int { return word }

// AppendText implements types.Renderer.
func (t extreme) AppendText(dst, raw []byte, _ types.Env) []byte {
	return t.appendText(dst, t.scale(get(raw, 0)))
}

// AppendJSON implements types.Renderer.
func (t extreme) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return t.appendJSON(dst, t.scale(get(raw, 0)))
}

// Compare implements types.Renderer.
func (t extreme) Compare(a, b []byte) int { return t.compare(get(a, 0), get(b, 0)) }

// Merge implements types.Aggregate.
func (t extreme) Merge(dst, src []byte) {
	switch {
	case get(src, 1) == 0:
	case get(dst, 1) == 0, t.compare(get(src, 0), get(dst, 0)) == t.keep:
		copy(dst[:2*word], src)
	}
}

// Scaled implements types.Scaler.
func (t minType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// Scaled implements types.Scaler.
func (t maxType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// fold takes a number into a slot.
func (t extreme) fold(b *lower.Builder, slot lower.Place, n *ssa.Value) {
	value, set := at(slot, 0), at(slot, 1)
	b.If(ssa.EQ, b.Get(set), b.Const(0), func() {
		b.Set(value, n)
		b.Set(set, b.Const(1))
	}, func() {
		b.If(t.beats(), n, b.Get(value), func() { b.Set(value, n) }, nil)
	})
}

// beats is the comparison that a new value must win to replace the old one.
func (t extreme) beats() ssa.Cond {
	switch {
	case t.keep > 0 && t.signed:
		return ssa.SGT
	case t.keep > 0:
		return ssa.UGT
	case t.signed:
		return ssa.SLT
	}
	return ssa.ULT
}

// Int implements types.Coercible.
func (t extreme) Int() types.Int { return t.int() }

// Number implements lower.Reducer.
func (t extreme) Number(b *lower.Builder, each func(fold func(slot lower.Place))) *ssa.Value {
	best := b.Temp(&types.Tuple{Elems: []types.Type{types.Uint64, types.Uint64}})
	b.Clear(best)
	each(func(slot lower.Place) {
		b.If(ssa.NE, b.Get(at(slot, 1)), b.Const(0), func() {
			t.fold(b, best, b.Get(at(slot, 0)))
		}, nil)
	})
	return b.Get(at(best, 0))
}

// Join implements types.Joiner: maps of signed and of unsigned numbers meet in a
// signed one.
func (t minType) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(minType)
	return newMin(t.signed || o.signed), ok
}

// Join implements types.Joiner.
func (t maxType) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(maxType)
	return newMax(t.signed || o.signed), ok
}
