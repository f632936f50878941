package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// WriteUser changes memory of the current process.
var WriteUser = &record.Builtin{
	Func: check.Func{
		Name:  "write_user",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params: []check.Param{{Name: "dst", Kind: check.PtrArg}, {Name: "src", Kind: check.AnyArg}, {Name: "length", Kind: check.ConstIntArg}},
			Result: types.Bool{},
		}},
		Check: func(c *check.Call) types.Type {
			t := c.Checker.TypeOf(c.Args[1])
			n, ok := c.Checker.ConstInt(c.Args[2])
			if t == nil || !ok {
				return nil
			}
			t = types.Settle(t)
			if _, scalar := types.AsInt(t); scalar {
				return wrong(c, c.Args[1].Span(), "write_user() writes strings, arrays and structs of the script (%s provided)", t)
			}
			if n < 1 || n > int64(t.Size()) {
				return wrong(c, c.Args[2].Span(), "write_user() can not write %d bytes of a value of %d", n, t.Size())
			}
			c.Data = n
			return c.Sig.Result
		},
		Unsafe: true,
		Needs:  []*feature.Feature{feature.WriteUser},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		dst := b.Scalar(c.Args[0])
		src := b.Memory(c.Args[1])
		r := b.Call(helperProbeWrite, dst, b.Addr(src), b.Const(c.Data.(int64)))
		return b.Choose(ssa.EQ, r, b.Const(0),
			func() *ssa.Value { return b.Const(1) },
			func() *ssa.Value { return b.Const(0) })
	}},
	Doc: `Writes the first bytes of a value to memory of the current process; true if that worked.
Memory that the process may not write, or that is not there at the moment, is left
alone. The kernel says in its log that such a program was loaded. It needs --unsafe.`,
	Examples: []record.Example{
		{Script: `tracepoint:syscalls:sys_enter_openat /comm == "app"/ { if (!write_user(args.filename, "/tmp/x", 7)) { errorf("not written"); } }`},
	},
}

var helperProbeWrite = &ssa.Helper{
	Name: "probe_write_user", ID: 36, Effect: ssa.Writes, ReadsArg: 1 << 1,
	Args: []ssa.ArgKind{ssa.ArgAny, ssa.ArgMem, ssa.ArgSize}, Result: ssa.Type{Kind: ssa.Scalar},
}
