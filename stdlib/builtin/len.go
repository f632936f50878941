package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Len counts the elements of a map or the frames of a stack.
var Len = &record.Builtin{
	Func: check.Func{
		Name:  "len",
		Shape: check.Function,
		Sigs: []check.Sig{
			{Params: []check.Param{{Name: "map", Kind: check.MapArg}}, Result: types.Int64},
			{Params: []check.Param{{Name: "stack", Kind: check.AnyArg}}, Result: types.Int64},
		},
		Check: func(c *check.Call) types.Type {
			if c.Sig.Params[0].Kind == check.MapArg {
				m := c.Checker.Map(c.Args[0])
				if m != nil && m.Key == nil {
					return wrong(c, c.Node.Span(), "call to len() expects a map with explicit keys (non-scalar map)")
				}
				return c.Sig.Result
			}
			if t := c.Checker.TypeOf(c.Args[0]); t != nil {
				if _, ok := t.(stackType); !ok {
					return wrong(c, c.Args[0].Span(), "len() expects a map or stack to be provided, not %s", t)
				}
			}
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		if m := b.MapOf(c.Args[0]); m != nil && c.Sig.Params[0].Kind == check.MapArg {
			return b.Len(m)
		}
		return stackLen(b, b.Memory(c.Args[0]))
	}},
	Doc: `Counts the elements of a map, or the frames of a stack trace.`,
	Examples: []record.Example{
		{Script: `begin { @[1] = 1; @[2] = 1; print(len(@)); clear(@); }`, Output: "2\n"},
		{Script: `profile:hz:99 { @depth = hist(len(kstack)); }`},
	},
}
