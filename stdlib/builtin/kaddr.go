package builtin

import (
	"sonde/lang/check"
	"sonde/lang/source"
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
			addr, ok := symbolAddress(c, name)
			switch {
			case !ok:
				return nil
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

// symbolAddress finds a symbol of the kernel, or reports that it can not. Offline that is a
// warning, and the address 0 stands for it: the script may be meant for another machine.
func symbolAddress(c *check.Call, name string) (address uint64, ok bool) {
	address, err := c.Checker.Host().KernelSymbol(name)
	if err == nil && address != 0 {
		return address, true
	}
	reason := ""
	if err != nil {
		reason = ": " + err.Error()
	}
	if c.Checker.Options().Offline {
		c.Checker.Report(source.Warningf(c.Node.Span(), "unknown-symbol", "The address of kernel symbol %s is not known here%s", name, reason))
		return 0, true
	}
	wrong(c, c.Node.Span(), "Failed to resolve kernel symbol: %s%s", name, reason)
	return 0, false
}
