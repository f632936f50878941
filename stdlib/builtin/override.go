package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Override makes a function return at once.
var Override = &record.Builtin{
	Func: check.Func{
		Name:   "override",
		Shape:  check.Function,
		Sigs:   []check.Sig{{Params: []check.Param{{Name: "result", Kind: check.IntArg}}, Result: types.Void{}}},
		Unsafe: true,
		Reads:  check.Registers,
		Needs:  []*feature.Feature{feature.Override},
		Ctx: func(p *check.Context) (bool, string) {
			return p.Program == check.ProgKprobe && p.Regs && !p.User && p.Retval == nil, "it works at the entry of kernel functions (kprobe)"
		},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		b.Call(helperOverride, b.Ctx(), b.Int(c.Args[0], types.Uint64))
		return nil
	}},
	Doc: `Keeps the traced kernel function from running, and gives its caller this result.
It works with functions that are marked for error injection
(/sys/kernel/debug/error_injection/list), in kernels built with
CONFIG_BPF_KPROBE_OVERRIDE. It needs --unsafe.`,
	Examples: []record.Example{
		{Script: `kprobe:__x64_sys_getuid /comm == "id"/ { override(1000); }`},
	},
}

var helperOverride = &ssa.Helper{
	Name: "override_return", ID: 58, Effect: ssa.Writes, Args: []ssa.ArgKind{ssa.ArgCtx, ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
}
