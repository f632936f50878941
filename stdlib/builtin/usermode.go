package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Usermode tells user code from the kernel's.
var Usermode = &record.Builtin{
	Func: check.Func{
		Name:  "usermode",
		Shape: check.Value,
		Reads: check.Registers,
		Sigs:  []check.Sig{{Result: types.Uint8}},
		Ctx: func(p *check.Context) (bool, string) {
			return p.Regs || p.Program == check.ProgTestRun, "it sees no registers"
		},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		switch ctx := b.Context(); {
		case !ctx.Regs:
			return b.Const(1) // the tracer runs the program itself
		case ctx.User:
			return b.Const(1)
		case ctx.Program == check.ProgKprobe:
			return b.Const(0)
		}
		mode := b.Host().Arch().UserMode
		bits := b.Bin(ssa.OpAnd, b.Reg(mode.Register), b.Const(int64(mode.Mask)))
		return b.SetCond(ssa.EQ, bits, b.Const(int64(mode.Value)))
	}},
	Doc:      `1 where the probe interrupted code of a process, 0 where code of the kernel.`,
	Examples: []record.Example{{Script: `profile:hz:99 { @[usermode] = count(); }`}},
}
