package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

func (b *body) unary(e *ast.Unary) operand {
	switch e.Op {
	case "++", "--":
		return b.step(e, e.Op, e.X)
	case "&":
		return b.address(e)
	}
	x := b.expr(e.X)
	if x.mode == novalue {
		return b.badUnary(e, x)
	}
	if !x.valid() {
		return operand{}
	}
	switch e.Op {
	case "*":
		return b.deref(e, x)
	case "comptime":
		if x.val == nil {
			b.errorf(e, UnresolvedType, "Unable to resolve comptime expression")
			return operand{}
		}
		return x
	}
	if x.val != nil {
		if r, ok := b.foldUnary(e, x); ok {
			return r
		}
	}
	_, isBool := x.typ.(types.Bool)
	if e.Op == "!" {
		if !x.truthy() {
			return b.badUnary(e, x)
		}
		return of(types.Bool{})
	}
	i, _, ok := x.integer()
	if !ok || isBool {
		return b.badUnary(e, x)
	}
	return of(types.Int{Bits: 64, Signed: i.Signed})
}

func (b *body) badUnary(e *ast.Unary, x operand) operand {
	b.errorf(e, InvalidOperand, "The %s operator can not be used on expressions of type '%s'", e.Op, x.name())
	return operand{}
}

// deref follows a pointer; an integer counts as the address of 64 bits.
func (b *body) deref(e *ast.Unary, x operand) operand {
	switch t := x.typ.(type) {
	case types.Pointer:
		if _, void := t.Elem.(types.Void); void {
			b.errorf(e, InvalidOperand, "Can not dereference a void*").WithHint("cast it to a pointer to what lies there")
			return operand{}
		}
		return b.loaded(t.Elem, t.Space)
	case *types.Struct:
		if t == b.inst.Context.Args {
			return x
		}
		b.errorf(e, InvalidOperand, "Can not dereference struct/union of type '%s'. It is not a pointer.", t)
		return operand{}
	}
	if _, isBool := x.typ.(types.Bool); !isBool && isInt(x.typ) {
		return operand{mode: value, typ: types.Uint64, space: b.inst.Context.Space}
	}
	b.errorf(e, InvalidOperand, "Can not dereference type '%s'. It is not a pointer.", x.name())
	return operand{}
}

// loaded is a value of type t that was reached through a pointer into space:
// pointers in it point there too, and char arrays are strings.
func (b *body) loaded(t types.Type, space types.Space) operand {
	space = b.spaceOr(space)
	t = b.ours(t)
	switch u := t.(type) {
	case types.Pointer:
		if u.Space == types.NoSpace {
			u.Space = space
		}
		t = u
	case types.Array:
		if u.Elem == types.Int8 && u.N > 0 {
			t = types.String{N: u.N}
		}
	}
	return operand{mode: value, typ: t, space: space}
}

// ours gives the script's own definition of a struct where it has one, also of
// what a pointer points to: it wins over the kernel's.
func (b *body) ours(t types.Type) types.Type {
	switch u := t.(type) {
	case *types.Struct:
		if own, ok := b.defs.lookup(u.Kind, u.Name).(*types.Struct); ok {
			return own
		}
	case types.Pointer:
		u.Elem = b.ours(u.Elem)
		return u
	}
	return t
}

// address checks &$var and &@map.
func (b *body) address(e *ast.Unary) operand {
	switch x := e.X.(type) {
	case *ast.Var:
		v := b.variable(x)
		if v == nil {
			return operand{}
		}
		// Whoever gets the pointer may write through it.
		v.assigned, v.Addressed = true, true
		if v.Type == nil {
			b.errorf(x, UnresolvedType, "No type available for variable %s", plain(x.Name))
			return operand{}
		}
		b.say(x, of(v.Type))
		return of(types.Pointer{Elem: v.Type, Space: types.BPF})
	case *ast.Map:
		if x.Keys == nil {
			st := b.useMap(x)
			if st.val == nil {
				return operand{}
			}
			return of(types.Pointer{Elem: st.val, Space: types.BPF})
		}
	}
	b.expr(e.X)
	b.errorf(e, InvalidOperand, "The & operator must be applied to a map or variable")
	return operand{}
}

// step checks ++ and --, before or after a variable or map.
func (b *body) step(e ast.Expr, op string, target ast.Expr) operand {
	var old operand
	var st *mapState
	var v *varState
	switch t := target.(type) {
	case *ast.Map:
		b.mapNamed(t.Name).selfMade = true
		if st = b.element(t); st == nil || st.val == nil {
			return operand{}
		}
		old = b.elementValue(st)
	case *ast.Var:
		old = b.readVar(t)
		if v = b.lookup(t.Name); v == nil || !old.valid() {
			return operand{}
		}
	default: // the parser lets nothing else pass
		return operand{}
	}
	b.say(target, old)
	result := old
	result.val = nil
	if _, ptr := old.typ.(types.Pointer); !ptr {
		i, flexible, ok := old.integer()
		_, isBool := old.typ.(types.Bool)
		if !ok || isBool {
			b.errorf(e, InvalidOperand, "The %s operator can not be used on expressions of type '%s'", op, old.name())
			return operand{}
		}
		signed := i.Signed || flexible || op == "--"
		result = of(types.Int{Bits: 64, Signed: signed})
		if v != nil && v.declared {
			result = of(v.Type)
		}
	}
	if st != nil {
		b.store(st, e, nil, result)
	} else {
		b.storeVar(v, e, nil, result)
	}
	return result
}
