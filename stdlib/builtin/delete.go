package builtin

import (
	"syscall"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Delete removes an element of a map.
var Delete = &record.Builtin{
	Func: check.Func{
		Name:  "delete",
		Shape: check.Function,
		Sigs:  []check.Sig{keyedSig(true)},
		Check: func(c *check.Call) types.Type { return checkKeyed(c, false) },
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		m, keys := keyed(b, c)
		gone := b.Delete(m, keys)
		if c.Discarded && b.Options().KernelWarnings {
			missing := b.Failure("map_delete_elem", -int(syscall.ENOENT), "Can't delete map element because it does not exist.")
			b.If(ssa.EQ, gone, b.Const(0), func() { b.Count(missing) }, nil)
		}
		return gone
	}},
	Doc: `Removes an element of a map, or the value of a map without keys.
The value is whether there was one. delete(@m[key]) is another way to write it.`,
	Examples: []record.Example{
		{
			Script: `begin { @[1, "a"] = 5; printf("%d %d\n", delete(@, (1, "a")), delete(@, (1, "a"))); }`,
			Output: "1 0\n",
		},
		{Script: `tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; } tracepoint:raw_syscalls:sys_exit { delete(@start, tid); }`},
	},
}

// HasKey tells whether a map has an element.
var HasKey = &record.Builtin{
	Func: check.Func{
		Name:    "has_key",
		Shape:   check.Function,
		Sigs:    []check.Sig{keyedSig(false)},
		Check:   func(c *check.Call) types.Type { return checkKeyed(c, true) },
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		m, keys := keyed(b, c)
		return b.HasKey(m, keys)
	}},
	Doc: `Tells whether a map has an element with that key.
Reading an element that is not there gives zero, so this is how to tell it from one
that is zero.`,
	Examples: []record.Example{
		{
			Script: `begin { @["a"] = 0; print((has_key(@, "a"), has_key(@, "b"))); clear(@); }`,
			Output: "(true, false)\n",
		},
	},
}

// keyedSig takes a map and a key; with bare, also a map alone.
func keyedSig(bare bool) check.Sig {
	sig := check.Sig{
		Params: []check.Param{{Name: "map", Kind: check.MapArg, Keyed: true}, {Name: "key", Kind: check.KeyArg}},
		Result: types.Bool{},
	}
	sig.Optional = 1
	if !bare {
		sig.Params[0].Keyed = false
		sig.Optional = 0
	}
	return sig
}

// checkKeyed sees that there is a key where the map has keys, and none where not.
func checkKeyed(c *check.Call, keysOnly bool) types.Type {
	m := c.Checker.Map(c.Args[0])
	if m == nil {
		return nil
	}
	arg, _ := c.Args[0].(*ast.Map)
	given := len(c.Args) > 1 || arg != nil && arg.Keys != nil
	switch {
	case given && arg != nil && arg.Keys != nil && len(c.Args) > 1:
		return wrong(c, c.Args[1].Span(), "%s() takes one key, here are two", c.Func.Name)
	case keysOnly && m.Key == nil:
		return wrong(c, c.Args[0].Span(), "%s() expects a map with explicit keys (non-scalar map)", c.Func.Name)
	case !given && m.Key != nil:
		return wrong(c, c.Node.Span(), "%s() requires a key for %s, whose keys are %s", c.Func.Name, m.Name, m.Key)
	}
	return c.Sig.Result
}

// keyed gives map and keys of such a call.
func keyed(b *lower.Builder, c *check.Call) (*check.Map, []ast.Expr) {
	m := b.MapOf(c.Args[0])
	if len(c.Args) > 1 {
		return m, c.Args[1:2]
	}
	return m, c.Args[0].(*ast.Map).Keys
}
