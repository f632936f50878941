package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Questions about types, answered when compiling. They are in one file because
// only the question tells them apart.

// IsString tells strings.
var IsString = predicate("is_str", "a string", `"a"`, func(t types.Type) bool {
	_, ok := t.(types.String)
	return ok
})

// IsPointer tells pointers.
var IsPointer = predicate("is_ptr", "a pointer", "curtask", func(t types.Type) bool {
	_, ok := t.(types.Pointer)
	return ok
})

// IsArray tells arrays.
var IsArray = predicate("is_array", "an array", `pton("::1")`, func(t types.Type) bool {
	_, ok := t.(types.Array)
	return ok
})

// IsInteger tells integers.
var IsInteger = predicate("is_integer", "an integer", "1", func(t types.Type) bool {
	_, ok := t.(types.Int)
	return ok
})

// IsUnsignedInteger tells integers without a sign.
var IsUnsignedInteger = predicate("is_unsigned_integer", "an unsigned integer", "(uint8)1", func(t types.Type) bool {
	i, ok := t.(types.Int)
	return ok && !i.Signed
})

func predicate(name, what, example string, holds func(types.Type) bool) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Function,
			Sigs:  []check.Sig{{Params: []check.Param{{Name: "value", Kind: check.TypeArg}}, Result: types.Bool{}}},
			Check: func(c *check.Call) types.Type {
				t := c.Checker.TypeArg(c.Args[0])
				if t == nil {
					return nil
				}
				c.Const = holds(t)
				return c.Sig.Result
			},
			MustUse: true,
		},
		Lowering: truth,
		Doc: "Whether a value, or type, is " + what + `.
It is known when compiling, for if comptime, and the value is not evaluated.`,
		Examples: []record.Example{{Script: "begin { print(" + name + "(" + example + ")); }", Output: "true\n"}},
	}
}

// truth is the lowering of a bool that is known when compiling.
var truth = lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
	if c.Const.(bool) {
		return b.Const(1)
	}
	return b.Const(0)
}}

// IsLiteral tells what is written as a literal.
var IsLiteral = &record.Builtin{
	Func: check.Func{
		Name:  "is_literal",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "value", Kind: check.RawArg}}, Result: types.Bool{}}},
		Check: func(c *check.Call) types.Type {
			_, word := c.Args[0].(*ast.Ident)
			_, text := c.Checker.ConstString(c.Args[0])
			_, number := c.Checker.ConstInt(c.Args[0])
			c.Const = !word && (text || number)
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: truth,
	Doc: `Whether a value is a literal: a number, a string, true or false.
It is known when compiling, for if comptime.`,
	Examples: []record.Example{{Script: `begin { print((is_literal(1), is_literal(pid))); }`, Output: "(true, false)\n"}},
}
