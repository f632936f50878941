package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Strncmp compares the beginnings of strings.
var Strncmp = &record.Builtin{
	Func: check.Func{
		Name:  "strncmp",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params: []check.Param{
				{Name: "a", Kind: check.StringArg},
				{Name: "b", Kind: check.StringArg},
				{Name: "n", Kind: check.ConstIntArg},
			},
			Result: types.Int64,
		}},
		Check: func(c *check.Call) types.Type {
			n, ok := c.Checker.ConstInt(c.Args[2])
			if !ok {
				return nil
			}
			if n < 0 {
				return wrong(c, c.Args[2].Span(), "Builtin strncmp requires a non-negative literal")
			}
			c.Data = n
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		n := c.Data.(int64)
		x, y := b.Begin(c.Args[0], n), b.Begin(c.Args[1], n)
		n = min(n, int64(x.Type.Size()), int64(y.Type.Size()))
		// Strings of ours are zero behind their NUL, so bytes can be compared.
		return b.Bin(ssa.OpXor, b.Equal(x, y, n), b.Const(1))
	}},
	Doc: `Compares up to n characters of two strings: 0 when they are equal.
To compare whole strings write a == b.`,
	Examples: []record.Example{
		{Script: `begin { printf("%d %d\n", strncmp("tracer", "trace", 5), strncmp("a", "b", 1)); }`, Output: "0 1\n"},
		{Script: `tracepoint:syscalls:sys_enter_openat /strncmp(str(args.filename), "/etc/", 5) == 0/ { @[comm] = count(); }`},
	},
}
