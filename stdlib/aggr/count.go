package aggr

import (
	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Count counts.
var Count = &record.Builtin{
	Func: check.Func{
		Name:  "count",
		Shape: check.Aggregation,
		Sigs:  []check.Sig{{Result: countType{}}},
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, _ *check.Call, slot lower.Place) {
		bump(b, slot, 0, b.Const(1))
	}},
	Doc: `Counts how often it is called.
Each CPU counts for itself, so counting is cheap and no call gets lost, as could
happen with @x++. Reading the number in a script (@x > 5) adds up all CPUs.`,
	Examples: []record.Example{
		{Script: `begin { @calls = count(); @calls = count(); print(@calls); clear(@calls); }`, Output: "@calls: 2\n"},
		{Script: `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }`},
	},
}

// countType is the type of count: one word, how often it was called.
type countType struct{ adder }

func (countType) String() string { return "count_t" }

// Scaled implements types.Scaler.
func (t countType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// Int implements types.Coercible.
func (countType) Int() types.Int { return types.Int64 }
