package builtin

import (
	"encoding/binary"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/format"
	"sonde/stdlib/record"
)

// Fail keeps a script from compiling.
var Fail = &record.Builtin{
	Func: check.Func{
		Name:  "fail",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "format", Kind: check.ConstStringArg}},
			Variadic: true,
			Result:   types.Void{},
		}},
		Check: func(c *check.Call) types.Type {
			text, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			var kinds []types.Type
			var payload []byte
			for _, a := range c.Args[1:] {
				if s, ok := c.Checker.ConstString(a); ok {
					kinds = append(kinds, types.String{N: len(s) + 1})
					payload = append(append(payload, s...), 0)
				} else if n, ok := c.Checker.ConstInt(a); ok {
					kinds = append(kinds, types.Int64)
					for len(payload)%8 != 0 {
						payload = append(payload, 0)
					}
					payload = binary.NativeEndian.AppendUint64(payload, uint64(n))
				} else {
					return wrong(c, a.Span(), "fail() takes literals only, since it acts when the script is compiled")
				}
			}
			f, err := format.Parse(text).Bind(kinds)
			if err != nil {
				return wrong(c, c.Node.Span(), "fail: %v", err)
			}
			return wrong(c, c.Node.Span(), "%s", f.Append(nil, payload, nil))
		},
	},
	// It is never compiled.
	Lowering: lower.Lowering{Value: func(*lower.Builder, *check.Call) *ssa.Value { return nil }},
	Doc: `Keeps the script from compiling, with a message, when it stands where code is compiled.
Only literals can be formatted. Put it into the branch of an if comptime that must not be taken;
static_assert does that for one condition.`,
	Examples: []record.Example{
		{Script: `begin { if comptime (sizeof(uint64) != 8) { fail("%d bytes", sizeof(uint64)); } }`},
	},
}
