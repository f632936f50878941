package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

func isComparison(op string) bool {
	switch op {
	case "==", "!=", "<", "<=", ">", ">=":
		return true
	}
	return false
}

// binary checks x op y. e is the *ast.Binary or the compound *ast.Assign, ex and
// ey what the operands were written as.
func (b *body) binary(e ast.Node, op string, ex, ey ast.Expr, x, y operand) operand {
	if x.mode == novalue || y.mode == novalue {
		return b.badBinary(e, op, x, y)
	}
	if !x.valid() || !y.valid() {
		return operand{}
	}
	if _, inPlace := e.(*ast.Assign); !inPlace && x.val != nil && y.val != nil {
		if r, ok := b.foldBinary(e, op, x, y); ok {
			return r
		}
	}
	if op == "&&" || op == "||" {
		if !x.truthy() || !y.truthy() {
			return b.badBinary(e, op, x, y)
		}
		return of(types.Bool{})
	}
	_, xptr := x.typ.(types.Pointer)
	_, yptr := y.typ.(types.Pointer)
	if xptr || yptr {
		return b.pointers(e, op, ex, ey, x, y)
	}
	_, _, xint := x.integer()
	_, _, yint := y.integer()
	if xint && yint {
		return b.integers(e, op, ex, ey, x, y)
	}
	return b.memory(e, op, ex, ey, x, y)
}

func (b *body) badBinary(e ast.Node, op string, x, y operand) operand {
	b.errorf(e, InvalidOperand, "The %s operator can not be used on expressions of types %s, %s", op, x.name(), y.name())
	return operand{}
}

// works notes the type in which an operator works.
func (b *body) works(e ast.Node, t types.Type) { b.inst.Info.Ops[e] = types.Settle(t) }

// pointers checks arithmetic and comparison with a pointer.
func (b *body) pointers(e ast.Node, op string, ex, ey ast.Expr, x, y operand) operand {
	xp, xptr := x.typ.(types.Pointer)
	yp, yptr := y.typ.(types.Pointer)
	if xptr && yptr {
		if !isComparison(op) {
			return b.badBinary(e, op, x, y)
		}
		if !types.Identical(xp.Elem, yp.Elem) && !isVoid(xp.Elem) && !isVoid(yp.Elem) {
			b.warnf(e, DistinctPointers, "comparison of distinct pointer types: %s, %s", name(xp.Elem), name(yp.Elem)).
				WithNote(ex.Span(), "left (%s)", name(xp.Elem)).WithNote(ey.Span(), "right (%s)", name(yp.Elem))
		}
		b.works(e, types.Uint64)
		return of(types.Bool{})
	}
	other := y
	ptr := xp
	if yptr {
		other, ptr = x, yp
	}
	if _, _, ok := other.integer(); !ok {
		return b.badBinary(e, op, x, y)
	}
	switch {
	case isComparison(op):
		b.works(e, types.Uint64)
		return of(types.Bool{})
	case op == "+" || op == "-" && xptr:
		b.works(e, ptr)
		return of(ptr)
	}
	return b.badBinary(e, op, x, y)
}

func isVoid(t types.Type) bool {
	_, ok := t.(types.Void)
	return ok
}

// integers checks arithmetic and comparison of integers and truth values.
// Arithmetic is done in 64 bits, signed when an operand is; a difference is
// always signed, and a shift has the sign of what is shifted.
func (b *body) integers(e ast.Node, op string, ex, ey ast.Expr, x, y operand) operand {
	xi, xflex, _ := x.integer()
	yi, yflex, _ := y.integer()
	if isComparison(op) {
		t, _ := types.Join(countable(x.typ), countable(y.typ))
		b.narrows(ex, operand{typ: countable(x.typ), val: x.val}, t)
		b.narrows(ey, operand{typ: countable(y.typ), val: y.val}, t)
		b.works(e, t)
		return b.computed(e, op, of(types.Bool{}), convert(x, t), convert(y, t))
	}
	_, xbool := x.typ.(types.Bool)
	_, ybool := y.typ.(types.Bool)
	if xbool && ybool && (op == "&" || op == "|" || op == "^") {
		b.works(e, types.Uint8)
		return of(types.Bool{})
	}
	signed := false
	switch op {
	case "-":
		signed = true
	case "<<", ">>":
		signed = xi.Signed
	default:
		switch {
		case xflex && yflex:
			signed = true
		case xflex:
			signed = yi.Signed
		case yflex:
			signed = xi.Signed
		default:
			signed = xi.Signed || yi.Signed
		}
	}
	t := types.Int{Bits: 64, Signed: signed}
	b.works(e, t)
	switch op {
	case "<<", ">>", "-":
		// The sign of a difference is its own; no value is at risk by it.
	default:
		if !xflex && !xbool {
			b.narrows(ex, x, t)
		}
		if !yflex && !ybool {
			b.narrows(ey, y, t)
		}
	}
	return b.computed(e, op, of(t), convert(x, t), y)
}

// countable is the integer that a truth value is compared as.
func countable(t types.Type) types.Type {
	if _, ok := t.(types.Bool); ok {
		return types.Flexible{Bits: 8}
	}
	return t
}

// memory checks comparison of strings, arrays, tuples and the like.
func (b *body) memory(e ast.Node, op string, ex, ey ast.Expr, x, y operand) operand {
	t, ok := types.Join(x.typ, y.typ)
	if ok && isAggregate(t) {
		ok = false
	}
	xa, xarr := x.typ.(types.Array)
	ya, yarr := y.typ.(types.Array)
	switch {
	case xarr && yarr:
		if op != "==" && op != "!=" {
			b.errorf(e, InvalidOperand, "The %s operator cannot be used on arrays.", op)
			return operand{}
		}
		if xa.N != ya.N {
			b.errorf(e, TypeMismatch, "Only arrays of same size support comparison operators.")
			return operand{}
		}
		if !isInt(xa.Elem) || !types.Identical(xa.Elem, ya.Elem) {
			b.errorf(e, TypeMismatch, "Only arrays of same sized integer support comparison operators.")
			return operand{}
		}
	case !ok:
		b.errorf(e, TypeMismatch, "Type mismatch for '%s': comparing %s with %s", op, x.name(), y.name()).
			WithNote(ex.Span(), "left (%s)", x.name()).WithNote(ey.Span(), "right (%s)", y.name())
		return operand{}
	case op != "==" && op != "!=":
		return b.badBinary(e, op, x, y)
	case !equatable(t):
		b.errorf(e, InvalidOperand, "values of type %s can not be compared", name(t))
		return operand{}
	}
	b.works(e, t)
	return of(types.Bool{})
}

// equatable tells whether equal values of t have equal bytes, or are compared
// element by element.
func equatable(t types.Type) bool {
	switch t := t.(type) {
	case *types.Struct, types.Void:
		return false
	case *types.Tuple:
		for _, e := range t.Elems {
			if !equatable(e) {
				return false
			}
		}
	case *types.Record:
		for _, e := range t.Elems {
			if !equatable(e) {
				return false
			}
		}
	}
	return true
}
