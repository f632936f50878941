package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

var helperJiffies = helper("jiffies64", 118, ssa.Reads)

// Jiffies is the kernel's tick count.
var Jiffies = &record.Builtin{
	Func: check.Func{
		Name:  "jiffies",
		Shape: check.Value,
		Sigs:  []check.Sig{{Result: types.Uint64}},
		Needs: []*feature.Feature{feature.Jiffies64},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		return b.Call(helperJiffies)
	}},
	Doc: `The number of timer ticks since boot, as the kernel counts them (jiffies_64).
It is coarse, and the cheapest clock there is.`,
	Examples: []record.Example{{Script: `interval:s:1 { printf("%llu\n", jiffies); exit(); }`}},
}
