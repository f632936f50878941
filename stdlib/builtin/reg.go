package builtin

import (
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Reg is a register.
var Reg = &record.Builtin{
	Func: check.Func{
		Name:  "reg",
		Shape: check.Function,
		Reads: check.Registers,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "name", Kind: check.ConstStringArg}}, Result: types.Uint64}},
		Check: func(c *check.Call) types.Type {
			name, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			arch := c.Checker.Host().Arch()
			if _, ok := arch.Offset(name); !ok {
				c.Checker.Report(source.Errorf(c.Args[0].Span(), check.WrongArgument,
					"'%s' is not a valid register on this architecture (%s)", name, arch.Name)).
					WithHint("registers here: %s", strings.Join(arch.Registers, ", "))
				return nil
			}
			c.Data = name
			return c.Sig.Result
		},
		Ctx: func(p *check.Context) (bool, string) {
			return p.Regs, "it sees no registers"
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.Reg(c.Data.(string))
	}},
	Doc: `The value of a register at the probe, by its name in the kernel's struct pt_regs.
Names depend on the architecture (ip, sp, ax on x86-64; pc, sp, r0 to r30, fp and lr on
arm64); ip and pc are the same everywhere.`,
	Examples: []record.Example{
		{Script: `uprobe:/bin/bash:readline { printf("%x\n", reg("sp")); }`},
	},
}
