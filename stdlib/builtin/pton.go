package builtin

import (
	"net/netip"

	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Pton reads an Internet address.
var Pton = &record.Builtin{
	Func: check.Func{
		Name:  "pton",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "address", Kind: check.ConstStringArg}}}},
		Check: func(c *check.Call) types.Type {
			text, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			addr, err := netip.ParseAddr(text)
			if err != nil || addr.Zone() != "" {
				return wrong(c, c.Args[0].Span(), "pton() expects a valid IPv4/IPv6 address, got %s", text)
			}
			c.Data = addr.AsSlice()
			return types.Array{Elem: types.Uint8, N: len(addr.AsSlice())}
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		for i, octet := range c.Data.([]byte) {
			b.Set(dst.At(i, types.Uint8), b.Const(int64(octet)))
		}
	}},
	Doc: `The bytes of an IPv4 or IPv6 address, which must be a constant.
They are in network byte order, 4 or 16 of them.`,
	Examples: []record.Example{
		{Script: `begin { print(ntop(pton("::1"))); print(pton("127.0.0.1")); }`, Output: "::1\n[127,0,0,1]\n"},
	},
}
