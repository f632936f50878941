package builtin

import (
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// KfuncExist tells whether the kernel has a function.
var KfuncExist = &record.Builtin{
	Func: check.Func{
		Name:  "kfunc_exist",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "name", Kind: check.ConstStringArg}}, Result: types.Bool{}}},
		Check: func(c *check.Call) types.Type {
			name, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			found := false
			if btf := c.Checker.Host().BTF(); btf != nil {
				_, found = btf.Func("", name)
			}
			c.Const = found
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: constant,
	Doc: `Tells whether the kernel's type information knows a function, such as one for BPF programs.
The answer is known when the script is compiled, so that comptime conditions can
choose by it.`,
	Examples: []record.Example{
		{Script: `begin { print(kfunc_exist("there_is_no_such_function")); }`, Output: "false\n"},
	},
}
