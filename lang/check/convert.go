package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

func isInt(t types.Type) bool {
	_, _, ok := operand{typ: t}.integer()
	return ok
}

// converts tells whether x may go to a place of a type that was written.
func (b *body) converts(x operand, to types.Type) bool {
	_, _, fromInt := x.integer()
	_, _, toInt := of(to).integer()
	_, fromBool := x.typ.(types.Bool)
	_, toBool := to.(types.Bool)
	_, fromPtr := x.typ.(types.Pointer)
	_, toPtr := to.(types.Pointer)
	switch {
	case fromBool || toBool:
		return fromBool && toBool
	case fromInt && toInt:
		return x.val == nil || fitsConst(x.val, to)
	case fromPtr && toPtr:
		return true
	}
	if joined, ok := types.Join(x.typ, to); ok && types.Identical(types.Settle(joined), to) {
		return true
	}
	return elementwise(x.typ, to)
}

// elementwise tells whether a tuple converts to one whose integers are narrower.
func elementwise(from, to types.Type) bool {
	f, ok := from.(*types.Tuple)
	t, ok2 := to.(*types.Tuple)
	if !ok || !ok2 || len(f.Elems) != len(t.Elems) {
		return false
	}
	for i := range f.Elems {
		if !isInt(f.Elems[i]) || !isInt(t.Elems[i]) {
			if !types.Fits(f.Elems[i], t.Elems[i]) && !elementwise(f.Elems[i], t.Elems[i]) {
				return false
			}
		}
	}
	return true
}

// fitsConst tells whether a known integer is in the range of an integer type;
// other values are in no danger.
func fitsConst(val any, t types.Type) bool {
	i, _, ok := of(t).integer()
	if !ok {
		return true
	}
	switch n := val.(type) {
	case int64:
		if n < 0 {
			return i.Signed && n >= -1<<(i.Bits-1)
		}
		return fitsConst(uint64(n), t)
	case uint64:
		bits := i.Bits
		if i.Signed {
			bits--
		}
		return bits == 64 || n < 1<<bits
	}
	return true
}

// narrows warns when going to a place of type to may change an integer's value.
func (b *body) narrows(at ast.Node, x operand, to types.Type) {
	if x.val != nil && fitsConst(x.val, to) || loses(x.typ, to) == nil {
		return
	}
	from := loses(x.typ, to)
	b.warnf(at, LossyConversion, "Expression of type: %s being cast to type: %s. This may cause unexpected results. "+
		"Use an explicit cast to suppress this warning.", name(from[0]), name(from[1]))
}

// loses finds the first pair of integers within from and to that can change in
// conversion.
func loses(from, to types.Type) []types.Type {
	if isInt(from) && isInt(to) {
		if types.Fits(from, to) {
			return nil
		}
		return []types.Type{from, to}
	}
	switch f := from.(type) {
	case *types.Tuple:
		if t, ok := to.(*types.Tuple); ok && len(t.Elems) == len(f.Elems) {
			for i := range f.Elems {
				if l := loses(f.Elems[i], t.Elems[i]); l != nil {
					return l
				}
			}
		}
	case *types.Record:
		if t, ok := to.(*types.Record); ok {
			for i, n := range f.Names {
				for j, m := range t.Names {
					if n == m {
						if l := loses(f.Elems[i], t.Elems[j]); l != nil {
							return l
						}
					}
				}
			}
		}
	}
	return nil
}
