package builtin

import (
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Kaddr is the address of a kernel symbol.
var Kaddr = &record.Builtin{
	Func: check.Func{
		Name:  "kaddr",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "symbol", Kind: check.ConstStringArg}}, Result: types.Uint64}},
		Check: func(c *check.Call) types.Type {
			name, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			addr, err := c.Checker.Host().KernelSymbol(name)
			switch {
			case err != nil:
				return wrong(c, c.Args[0].Span(), "Failed to resolve kernel symbol: %s: %v", name, err)
			case addr == 0:
				return wrong(c, c.Args[0].Span(), "Failed to resolve kernel symbol: %s", name)
			case int64(addr) < 0:
				c.Const = addr
			default:
				c.Const = int64(addr)
			}
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: constant,
	Doc: `The address of a kernel symbol, which must be a constant.
Symbols are those of /proc/kallsyms.`,
	Examples: []record.Example{
		{Script: `interval:s:1 { printf("%d\n", *kaddr("jiffies")); }`},
	},
}
