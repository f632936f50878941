package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// StrConcat joins two strings.
var StrConcat = &record.Builtin{
	Func: check.Func{
		Name:  "str_concat",
		Shape: check.Function,
		Sigs: []check.Sig{{Params: []check.Param{
			{Name: "first", Kind: check.StringArg}, {Name: "second", Kind: check.StringArg},
		}}},
		Check: func(c *check.Call) types.Type {
			// One size for all: a variable may grow by what is appended to it.
			return types.String{N: int(c.Checker.Config().MaxStrlen)}
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		x, y := b.Memory(c.Args[0]), b.Memory(c.Args[1])
		nx, ny := x.Type.Size(), y.Type.Size()
		both := b.Temp(types.String{N: nx + ny - 1}) // one NUL for both
		both.Loose = true
		// A write at an offset that is not known leaves memory on the stack unknown to
		// the verifier.
		b.Clear(both)
		length := b.ReadStr(types.BPF, both.At(0, types.String{N: nx}), b.Addr(x), nil)
		end := b.Bin(ssa.OpSub, length, b.Const(1))
		b.If(ssa.ULT, end, b.Const(int64(nx)), func() {
			t := both.Ptr.Type
			t.Size = int32(ny)
			rest := lower.Place{Ptr: b.Value(ssa.OpAddPtrVar, t, 0, b.Addr(both), end), Type: types.String{N: ny}, Loose: true, Unaligned: true}
			b.ReadStr(types.BPF, rest, b.Addr(y), nil)
		}, nil)
		b.Assign(dst, lower.Memory(both))
	}},
	Doc: `Joins two strings to one.
What does not fit into max_strlen bytes is cut off.`,
	Examples: []record.Example{
		{Script: `begin { $dir = "/etc"; print(str_concat($dir, str_concat("/", "passwd"))); }`, Output: "/etc/passwd\n"},
		{Script: `begin { $s = ""; for ($i : 0..3) { $s = str_concat($s, "ab"); } print($s); }`, Output: "ababab\n"},
	},
}
