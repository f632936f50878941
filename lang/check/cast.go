package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

// cast checks (type)x.
func (b *body) cast(e *ast.Cast) operand {
	to := b.typeExpr(e.Type)
	x := b.expr(e.X)
	if x.mode == novalue {
		b.errorf(e, InvalidCast, "Cannot cast from \"void\" type")
		return operand{}
	}
	if to == nil || !x.valid() {
		return operand{}
	}
	to, ok := b.castTarget(e, to, x)
	if !ok {
		return operand{}
	}
	b.inst.Info.TypeExprs[e.Type] = to
	if _, ptr := to.(types.Pointer); !ptr && x.val == nil && types.Identical(to, x.typ) {
		b.warnf(e, UnnecessaryCast, "Unnecessary cast: expression is already of type %s", x.name())
		return x
	}
	if !b.castable(e, to, x) {
		return operand{}
	}
	r := operand{mode: value, typ: to, space: x.space}
	switch to := to.(type) {
	case types.Pointer:
		space := x.space
		if p, ok := x.typ.(types.Pointer); ok {
			space = p.Space
		}
		to.Space = b.spaceOr(space)
		r.typ, r.space = to, to.Space
	case types.Int:
		r.val = wrap(x.val, to)
	case types.Bool:
		if truth, ok := isTrue(x.val); ok {
			r.val = truth
		} else if s, ok := x.val.(string); ok {
			r.val = s != ""
		}
	case *types.Enum:
		r.val = x.val
	}
	return r
}

// wrap gives a known integer's value in the range of t.
func wrap(v any, t types.Int) any {
	var n uint64
	switch v := v.(type) {
	case int64:
		n = uint64(v)
	case uint64:
		n = v
	case bool:
		if v {
			n = 1
		}
	default:
		return nil
	}
	unused := 64 - t.Bits
	if t.Signed {
		return int64(n<<unused) >> unused
	}
	n = n << unused >> unused
	if int64(n) >= 0 {
		return int64(n)
	}
	return n
}

// castTarget fills in the size of string and T[] from the operand.
func (b *body) castTarget(e *ast.Cast, to types.Type, x operand) (types.Type, bool) {
	switch t := to.(type) {
	case types.Array:
		if t.N > 0 || !openArray(e.Type) {
			return to, true
		}
		elem := t.Elem.Size()
		if elem == 0 {
			b.errorf(e, InvalidCast, "Could not determine size of the array")
			return nil, false
		}
		if x.typ.Size()%elem != 0 {
			b.errorf(e, InvalidCast, "Cannot determine array size: the element size is incompatible with the cast integer size")
			return nil, false
		}
		t.N = x.typ.Size() / elem
		return t, true
	case types.String:
		if s, ok := x.typ.(types.String); ok && t.N == 0 {
			return s, true
		}
	}
	return to, true
}

func openArray(t *ast.TypeExpr) bool {
	n := len(t.Suffixes)
	return n > 0 && !t.Suffixes[n-1].Pointer && t.Suffixes[n-1].Len == nil
}

func (b *body) castable(e *ast.Cast, to types.Type, x operand) bool {
	_, xint := types.AsInt(x.typ)
	xarr, isArray := x.typ.(types.Array)
	_, isPtr := x.typ.(types.Pointer)
	ok := false
	hint := ""
	switch t := to.(type) {
	case types.Int:
		ok = xint || isArray && xarr.Size() == t.Size()
	case types.Bool:
		_, str := x.typ.(types.String)
		ok = xint || str
	case types.Pointer:
		ok = isInt(x.typ) || isPtr
	case *types.Enum:
		ok = isInt(x.typ)
		if n, known := x.val.(int64); ok && known && !hasValue(t, n) {
			b.errorf(e, InvalidCast, "Enum: %s doesn't contain a variant value of %d", t.Name, n)
			return false
		}
	case types.Array:
		ok = b.castToArray(t, x)
	case types.String:
		s, str := x.typ.(types.String)
		ok = str && s.N <= t.N
		if !str {
			hint = "str() reads a string from an address"
		}
	case *types.Struct:
		hint = "cast to a pointer to it: (" + t.String() + "*)"
	case types.Scalar:
		ok = isInt(x.typ)
	}
	if s, isStruct := x.typ.(*types.Struct); isStruct && !ok {
		b.errorf(e, InvalidCast, "Cannot cast from C type \"%s\"", s)
		return false
	}
	if !ok {
		d := b.errorf(e, InvalidCast, "Cannot cast from \"%s\" to \"%s\"", x.name(), name(to))
		if hint != "" {
			d.WithHint("%s", hint)
		}
	}
	return ok
}

// castToArray tells whether x has the bytes for an array: an integer constant
// grows, everything else must have the size.
func (b *body) castToArray(t types.Array, x operand) bool {
	if _, ok := t.Elem.(types.Bool); !ok && !isInt(t.Elem) {
		return false
	}
	switch x.typ.(type) {
	case types.Bool, types.String:
		return t.Size() == x.typ.Size()
	}
	if !isInt(x.typ) {
		return false
	}
	return t.Size() == x.typ.Size() || t.Size() <= 8 && t.Size() > x.typ.Size()
}

func hasValue(t *types.Enum, n int64) bool {
	for _, v := range t.Values {
		if v.Value == n {
			return true
		}
	}
	return false
}
