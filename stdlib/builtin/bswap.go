package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Bswap reverses bytes.
var Bswap = &record.Builtin{
	Func: check.Func{
		Name:  "bswap",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "n", Kind: check.IntArg}}}},
		Check: func(c *check.Call) types.Type {
			i, ok := types.AsInt(c.Checker.TypeOf(c.Args[0]))
			if !ok {
				return nil
			}
			return types.Int{Bits: i.Bits}
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		t := c.Type.(types.Int)
		n := b.Int(c.Args[0], t)
		if t.Bits == 8 {
			return n
		}
		return b.Ext(ssa.OpZext, uint8(t.Bits), swap(b, n, t.Bits))
	}},
	Doc: `Reverses the bytes of an integer of 8, 16, 32 or 64 bits.
It turns network byte order into that of little-endian machines, and back.`,
	Examples: []record.Example{
		{Script: `begin { printf("%x %x\n", bswap((uint16)0x1234), bswap((uint32)0x12345678)); }`, Output: "3412 78563412\n"},
	},
}

func swap(b *lower.Builder, n *ssa.Value, bits int) *ssa.Value {
	v := b.Value(ssa.OpBswap, ssa.Type{Kind: ssa.Scalar}, 0, n)
	v.Width = uint8(bits)
	return v
}
