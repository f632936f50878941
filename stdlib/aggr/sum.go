package aggr

import (
	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Sum adds up.
var Sum = &record.Builtin{
	Func: check.Func{
		Name:  "sum",
		Shape: check.Aggregation,
		Sigs:  []check.Sig{{Params: []check.Param{integer}}},
		Check: bySign(newSum),
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		bump(b, slot, 0, b.Scalar(c.Args[0]))
	}},
	Doc: `Adds up numbers.
Each CPU has a total of its own, as with count.`,
	Examples: []record.Example{
		{Script: `begin { @ = sum(5); @ = sum(6); print(@); clear(@); }`, Output: "@: 11\n"},
		{Script: `tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = sum(args.ret); }`},
	},
}

// sumType is the type of sum: one word, the total.
type sumType struct{ adder }

// newSum makes the type of sums of signed or unsigned integers.
func newSum(signed bool) sumType { return sumType{adder{number{signed: signed}}} }

func (sumType) String() string { return "sum_t" }

// Scaled implements types.Scaler.
func (t sumType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// Join implements types.Joiner: maps of signed and of unsigned numbers meet in a
// signed one.
func (t sumType) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(sumType)
	return newSum(t.signed || o.signed), ok
}

// Int implements types.Coercible.
func (t sumType) Int() types.Int { return t.int() }
