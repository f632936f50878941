package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Sizeof is the size of a type.
var Sizeof = &record.Builtin{
	Func: check.Func{
		Name:  "sizeof",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "type", Kind: check.TypeArg}}, Result: types.Uint64}},
		Check: func(c *check.Call) types.Type {
			t := c.Checker.TypeArg(c.Args[0])
			if t == nil {
				return nil
			}
			c.Const = int64(types.Settle(t).Size())
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: constant,
	Doc: `The size of a type, or of an expression's type, in bytes.
The expression is not evaluated.`,
	Examples: []record.Example{
		{Script: `begin { printf("%d %d\n", sizeof(uint32), sizeof(struct list_head)); }`},
		{Script: `begin { $x = (int16)5; print(sizeof($x)); }`, Output: "2\n"},
	},
}

// constant is the lowering of what is known when compiling.
var constant = lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
	switch v := c.Const.(type) {
	case int64:
		return b.Const(v)
	case uint64:
		return b.Const(int64(v))
	}
	return b.Const(0)
}}

// Offsetof is the offset of a member.
var Offsetof = &record.Builtin{
	Func: check.Func{
		Name:  "offsetof",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params: []check.Param{{Name: "type", Kind: check.TypeArg}, {Name: "member", Kind: check.RawArg}},
			Result: types.Uint64,
		}},
		Check:   checkOffsetof,
		MustUse: true,
	},
	Lowering: constant,
	Doc: `The offset of a member from the start of its struct, in bytes.
The member may be one of a struct within the struct: offsetof(struct x, a.b).`,
	Examples: []record.Example{
		{Script: `begin { print(offsetof(struct list_head, prev)); }`, Output: "8\n"},
	},
}

func checkOffsetof(c *check.Call) types.Type {
	t := c.Checker.TypeArg(c.Args[0])
	path, ok := memberPath(c.Args[1])
	if !ok {
		return wrong(c, c.Args[1].Span(), "offsetof() expects the name of a member")
	}
	offset := 0
	for _, name := range path {
		s, ok := t.(*types.Struct)
		if !ok {
			if t != nil {
				wrong(c, c.Node.Span(), "'%s' is not a struct or union, so it has no member '%s'", t, name)
			}
			return nil
		}
		f, ok := s.Field(name)
		if !ok {
			return wrong(c, c.Args[1].Span(), "'%s' has no member named '%s'", s, name)
		}
		offset += f.Offset
		t = f.Type
	}
	c.Const = int64(offset)
	return c.Sig.Result
}

// memberPath reads a.b.c.
func memberPath(e ast.Expr) ([]string, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		return []string{e.Name}, true
	case *ast.TypeExpr:
		return []string{e.Name}, e.Keyword == "" && len(e.Suffixes) == 0
	case *ast.Field:
		path, ok := memberPath(e.X)
		return append(path, e.Name), ok && !e.Arrow
	}
	return nil, false
}
