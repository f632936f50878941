package aggr

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Avg averages.
var Avg = &record.Builtin{
	Func: check.Func{
		Name:  "avg",
		Shape: check.Aggregation,
		Sigs:  []check.Sig{{Params: []check.Param{integer}}},
		Check: bySign(newAvg),
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		bump(b, slot, 0, b.Scalar(c.Args[0]))
		bump(b, slot, 1, b.Const(1))
	}},
	Doc: `Averages numbers.
Total and number are kept for each CPU and divided when the map is read; the
quotient is cut towards zero.`,
	Examples: []record.Example{
		{Script: `begin { @ = avg(1); @ = avg(2); @ = avg(6); print(@); clear(@); }`, Output: "@: 3\n"},
	},
}

// avgType is the type of avg: two words, total and count.
type avgType struct{ number }

// newAvg makes the type of averages of signed or unsigned integers.
func newAvg(signed bool) avgType { return avgType{number{signed: signed}} }

func (avgType) String() string { return "avg_t" }

// Size implements types.Type.
func (avgType) Size() int { return 2 * word }

// Align implements types.Type.
func (avgType) Align() int { return word }

// average is the quotient towards zero; of nothing it is 0.
func (n number) average(raw []byte) uint64 { return n.quo(get(raw, 0), get(raw, 1)) }

// AppendText implements types.Renderer.
func (t avgType) AppendText(dst, raw []byte, _ types.Env) []byte {
	return t.appendText(dst, t.scale(t.average(raw)))
}

// AppendJSON implements types.Renderer.
func (t avgType) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return t.appendJSON(dst, t.scale(t.average(raw)))
}

// Compare implements types.Renderer.
func (t avgType) Compare(a, b []byte) int { return t.compare(t.average(a), t.average(b)) }

// Merge implements types.Aggregate.
func (avgType) Merge(dst, src []byte) { add(dst, src, 2) }

// Scaled implements types.Scaler.
func (t avgType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// Kind implements types.MapValue: averages are written like statistics.
func (avgType) Kind() string { return "stats" }

// Block implements types.MapValue.
func (avgType) Block() bool { return false }

// Join implements types.Joiner: maps of signed and of unsigned numbers meet in a
// signed one.
func (t avgType) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(avgType)
	return newAvg(t.signed || o.signed), ok
}

// Int implements types.Coercible.
func (t avgType) Int() types.Int { return t.int() }

// Number implements lower.Reducer.
func (t avgType) Number(b *lower.Builder, each func(fold func(slot lower.Place))) *ssa.Value {
	sum := sums(b, 2, each)
	if t.signed {
		return b.Bin(ssa.OpSDiv, sum[0], sum[1])
	}
	return b.Bin(ssa.OpUDiv, sum[0], sum[1])
}
