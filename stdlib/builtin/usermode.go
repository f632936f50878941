package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// codeSegment is the register whose low bits are the privilege level on x86.
const codeSegment = "cs"

// Usermode tells user code from the kernel's.
var Usermode = &record.Builtin{
	Func: check.Func{
		Name:  "usermode",
		Shape: check.Value,
		Sigs:  []check.Sig{{Result: types.Uint8}},
		Check: func(c *check.Call) types.Type {
			if arch := c.Checker.Host().Arch(); !lower.HasReg(arch, codeSegment) {
				return wrong(c, c.Node.Span(), "usermode is not known on this architecture (%s)", arch)
			}
			return c.Sig.Result
		},
		Ctx: func(p *check.Context) (bool, string) {
			return p.Regs || p.Program == check.ProgTestRun, "it sees no registers"
		},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		if !b.Context().Regs {
			return b.Const(1) // the tracer runs the program itself
		}
		ring := b.Bin(ssa.OpAnd, b.Reg(codeSegment), b.Const(3))
		return b.Bin(ssa.OpUDiv, ring, b.Const(3))
	}},
	Doc: `1 where the probe interrupted code of a process, 0 where code of the kernel.
It is known on x86-64 only.`,
	Examples: []record.Example{{Script: `profile:hz:99 { @[usermode] = count(); }`}},
}
