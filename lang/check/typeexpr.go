package check

import (
	"slices"

	"sonde/lang/ast"
	"sonde/lang/types"
)

// plainTypes are the types that have a word of their own.
var plainTypes = map[string]types.Type{
	"void": types.Void{}, "bool": types.Bool{},
	"int8": types.Int8, "int16": types.Int16, "int32": types.Int32, "int64": types.Int64,
	"uint8": types.Uint8, "uint16": types.Uint16, "uint32": types.Uint32, "uint64": types.Uint64,
	"string": types.String{}, "buffer": types.Buffer{},
}

// typeExpr resolves a type as written; nil after an error, or when it hangs on
// something that is not known yet.
func (b *body) typeExpr(e *ast.TypeExpr) types.Type {
	t := b.baseType(e)
	for _, s := range e.Suffixes {
		if t == nil {
			return nil
		}
		t = b.suffix(e, t, s)
	}
	if t != nil {
		b.inst.Info.TypeExprs[e] = t
	}
	return t
}

func (b *body) suffix(e *ast.TypeExpr, t types.Type, s ast.TypeSuffix) types.Type {
	if s.Pointer {
		return types.Pointer{Elem: t}
	}
	n := 0
	if s.Len != nil {
		x := b.expr(s.Len)
		if !x.valid() {
			return nil
		}
		v, ok := x.val.(int64)
		if !ok || v < 0 || v > 1<<20 {
			b.errorf(s.Len, InvalidType, "the size of an array must be a literal between 0 and %d", 1<<20)
			return nil
		}
		n = int(v)
	}
	// A size makes string and buffer whole rather than an array of them.
	switch u := t.(type) {
	case types.String:
		if u.N == 0 {
			return types.String{N: n}
		}
	case types.Buffer:
		if u.N == 0 {
			return types.Buffer{N: n}
		}
	case types.Void:
		b.errorf(e, InvalidType, "void has no size, so there are no arrays of it")
		return nil
	}
	if size := t.Size(); size > 0 && n > (1<<26)/size {
		b.errorf(e, InvalidType, "the array is too large")
		return nil
	}
	return types.Array{Elem: t, N: n}
}

func (b *body) baseType(e *ast.TypeExpr) types.Type {
	if e.Of != nil {
		return b.typeOf(e.Of)
	}
	t, names := b.namedType(e.Keyword, e.Name)
	if t == nil {
		full := e.Name
		if e.Keyword == "enum" {
			suggest(b.errorf(e, UnknownType, "Unknown enum: %s", full), e.Name, names())
			return nil
		}
		if e.Keyword != "" {
			full = e.Keyword + " " + full
		}
		d := suggest(b.errorf(e, UnknownType, "Cannot resolve unknown type \"%s\"", full), e.Name, names())
		if d.Hint == "" && b.host.BTF() == nil {
			d.WithHint("this kernel has no type information (BTF)")
		}
	}
	return t
}

// namedType finds a type by name; names lists the names that would have been
// found.
func (b *body) namedType(keyword, name string) (t types.Type, names func() []string) {
	btf := b.host.BTF()
	names = func() []string {
		kind := keyword
		var out []string
		if btf != nil && kind != "" {
			out = append(out, btf.Names(kind)...)
		}
		if kind == "" {
			for n := range plainTypes {
				out = append(out, n)
			}
			out = append(out, b.lib.Names("type")...)
		}
		out = append(out, b.defs.typeNames(kind)...)
		slices.Sort(out)
		return out
	}
	if t := b.defs.lookup(keyword, name); t != nil {
		return t, names
	}
	switch keyword {
	case "struct", "union":
		if btf != nil {
			if s := btf.Struct(keyword, name); s != nil {
				return s, names
			}
		}
		return nil, names
	case "enum":
		if btf != nil {
			if en := btf.Enum(name); en != nil {
				return en, names
			}
		}
		return nil, names
	}
	if t, ok := plainTypes[name]; ok {
		return t, names
	}
	if t := b.lib.Type(name); t != nil {
		return t, names
	}
	if btf != nil {
		if t := btf.Typedef(name); t != nil {
			return t, names
		}
	}
	if t, ok := types.CName(name); ok {
		return t, names
	}
	return nil, names
}

// typeOf gives the type of something that is not evaluated: an expression, or a
// type. A map with keys, written bare, means the type of its keys.
func (b *body) typeOf(e ast.Node) types.Type {
	if t, ok := e.(*ast.TypeExpr); ok {
		bare := t.Keyword == "" && t.Of == nil && len(t.Suffixes) == 0
		if !bare {
			return b.typeExpr(t)
		}
		found, _ := b.namedType("", t.Name)
		if found != nil || b.lib.Func(t.Name) == nil && b.enumless(t.Name) {
			return b.typeExpr(t)
		}
		// A word that is no type but the name of a builtin or constant.
		return b.typeOf(&ast.Ident{At: t.At, Name: t.Name})
	}
	if id, ok := e.(*ast.Ident); ok {
		if t, _ := b.namedType("", id.Name); t != nil {
			return t
		}
	}
	b.meta++
	defer func() { b.meta-- }()
	if m, ok := e.(*ast.Map); ok {
		if m.Keys == nil {
			switch st := b.useMap(m); {
			case st.shape == keyed:
				return st.key
			case st.shape == anyShape && !b.final:
				return nil
			}
		}
		x := b.say(m, b.readMap(m, true))
		return x.typ
	}
	x := b.expr(e.(ast.Expr))
	if !x.valid() {
		return nil
	}
	return types.Settle(x.typ)
}
