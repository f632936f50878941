package check

import (
	"slices"

	"sonde/lang/ast"
	"sonde/lang/types"
)

func (b *body) assign(s *ast.Assign) {
	if s.Op != "=" {
		b.compound(s)
		return
	}
	switch target := s.Target.(type) {
	case *ast.Map:
		b.mapNamed(target.Name).assigned = true
		st := b.element(target)
		before, last := Unblock(s.Value)
		if call := b.aggregation(last); call != nil {
			b.push()
			b.stmts(before)
			b.aggregate(st, s, call)
			b.pop()
			return
		}
		x := b.expr(s.Value)
		if st != nil {
			b.store(st, s, s.Value, x)
		}
	case *ast.Var:
		x := b.expr(s.Value)
		v := b.lookup(target.Name)
		if v == nil {
			v = b.declare(target.Name, s)
		}
		v.assigned = true
		b.inst.Info.Vars[target] = v.Var
		b.storeVar(v, s, s.Value, x)
	}
}

// compound checks target op= value: it reads, computes and writes back.
func (b *body) compound(s *ast.Assign) {
	op := s.Op[:len(s.Op)-1]
	switch target := s.Target.(type) {
	case *ast.Map:
		b.mapNamed(target.Name).selfMade = true
		st := b.element(target)
		y := b.expr(s.Value)
		if st == nil {
			return
		}
		x := operand{}
		if st.val != nil {
			x = b.elementValue(st)
		}
		if r := b.binary(s, op, s.Target, s.Value, x, y); r.mode != invalid {
			b.store(st, s, nil, unknown(r))
		}
	case *ast.Var:
		y := b.expr(s.Value)
		x := b.readVar(target)
		if r := b.binary(s, op, s.Target, s.Value, x, y); r.mode != invalid {
			b.storeVar(b.lookup(target.Name), s, nil, unknown(r))
		}
	}
}

// unknown is a result that changes a place: its value is never known.
func unknown(x operand) operand {
	x.val = nil
	return x
}

// elementValue is the value of an element that is changed in place.
func (b *body) elementValue(st *mapState) operand {
	t := st.val
	if agg, ok := t.(types.Coercible); ok {
		t = agg.Int()
	}
	return operand{mode: value, typ: t, space: types.BPF}
}

// store checks that x can become a value of the map. from is the expression, nil
// when the value was computed in place.
func (b *body) store(st *mapState, at ast.Node, from ast.Expr, x operand) {
	if x.mode == novalue {
		b.errorf(at, InvalidAssignment, "Value 'void' cannot be assigned to a map.")
		return
	}
	if !x.valid() {
		return
	}
	if agg := b.aggregateRead(from); agg != nil {
		if _, ok := agg.val.(types.Coercible); !ok || !isInt(st.val) {
			b.aggregateCopy(st, at, agg)
			return
		}
	}
	if why := b.notStorable(x.typ); why != "" {
		b.errorf(at, InvalidAssignment, "Value '%s' cannot be assigned to a map.", x.name()).WithHint("%s", why)
		return
	}
	x.typ = b.inOtherType(from, x.typ, st.val)
	if !b.growMap(st, x.typ) || !fitsConst(x.val, st.val) {
		b.errorf(at, TypeMismatch, "Type mismatch for %s: trying to assign value of type '%s' when map already has a type '%s'",
			st.Name, x.name(), name(st.val)).WithHint("%s", b.mismatchHint(st))
		return
	}
	if from != nil {
		b.narrows(from, x, st.val)
	}
}

// inOtherType gives the value of a call its second type, if that is the one wanted.
func (b *body) inOtherType(from ast.Expr, t, want types.Type) types.Type {
	call := b.inst.Info.Calls[from]
	if call == nil || call.Func.Also == nil || want == nil {
		return t
	}
	if other := call.Func.Also(call); other != nil && types.Same(other, want) {
		call.Type, b.inst.Info.Types[from] = other, other
		return other
	}
	return t
}

// mismatchHint says what an aggregation's map takes.
func (b *body) mismatchHint(st *mapState) string {
	if st.val != nil && isAggregate(st.val) {
		return "a map that an aggregation fills takes nothing else"
	}
	return "a map holds values of one type"
}

// aggregateRead tells whether e is a plain read of a map of aggregations.
func (b *body) aggregateRead(e ast.Expr) *mapState {
	m, ok := e.(*ast.Map)
	if !ok {
		return nil
	}
	if st := b.maps[m.Name]; st != nil && st.val != nil && isAggregate(st.val) {
		return st
	}
	return nil
}

func (b *body) aggregateCopy(st *mapState, at ast.Node, agg *mapState) {
	d := b.errorf(at, InvalidAssignment, "Map value '%s' cannot be assigned from one map to another. "+
		"The function that returns this type must be called directly", name(agg.val))
	if _, ok := agg.val.(types.Coercible); ok {
		d.WithHint("Add a cast to integer if you want the value of the aggregate, e.g. `%s = (int64)%s;`.", st.Name, agg.Name)
	}
}

// storeVar checks that x can become the variable's value.
func (b *body) storeVar(v *varState, at ast.Node, from ast.Expr, x operand) {
	if x.mode == novalue {
		b.errorf(at, InvalidAssignment, "Invalid expression for assignment: it has no value")
		return
	}
	if !x.valid() {
		return
	}
	if why := b.notStorable(x.typ); why != "" {
		b.errorf(at, InvalidAssignment, "Value '%s' cannot be assigned to a scratch variable.", x.name()).WithHint("%s", why)
		return
	}
	ok := b.grow(v, x.typ) && fitsConst(x.val, v.Type)
	if v.declared {
		ok = b.converts(x, v.Type)
	}
	if !ok {
		d := b.errorf(at, TypeMismatch, "Type mismatch for %s: trying to assign value of type '%s' when variable already has a type '%s'",
			plain(v.Name), x.name(), name(v.Type))
		if v.Decl != at {
			declared(d, v)
		}
		return
	}
	if from != nil {
		b.narrows(from, x, v.Type)
	}
}

// Unblock looks into a block expression for the expression that is its value, and
// gives the statements before it. For other expressions there are none.
func Unblock(e ast.Expr) (before []ast.Stmt, last ast.Expr) {
	blk, ok := e.(*ast.BlockExpr)
	if !ok || len(blk.Body.Stmts) == 0 {
		return nil, e
	}
	n := len(blk.Body.Stmts) - 1
	tail, ok := blk.Body.Stmts[n].(*ast.ExprStmt)
	if !ok || !tail.Last {
		return nil, e
	}
	before, last = Unblock(tail.X)
	return slices.Concat(blk.Body.Stmts[:n], before), last
}

// aggregation gives the call when e is a direct call of an aggregation.
func (b *body) aggregation(e ast.Expr) *ast.Call {
	call, ok := e.(*ast.Call)
	if !ok || b.macro(call.Name, call.Args) != nil {
		return nil
	}
	if f := b.lib.Func(call.Name); f != nil && f.Shape == Aggregation {
		return call
	}
	return nil
}

// aggregate checks @m[keys] = count() and the like.
func (b *body) aggregate(st *mapState, at *ast.Assign, e *ast.Call) {
	f := b.lib.Func(e.Name)
	call := &Call{Func: f, Map: &Map{}} // of a map that is wrong itself, nothing is known
	if st != nil {
		call.Map = st.Map
		if st.val != nil {
			st.Map.Value = st.val // as far as it is known
		}
	}
	x := b.say(e, b.callFunc(call, e, e.Name, e.Args))
	if st == nil || !x.valid() {
		return
	}
	if !b.growMap(st, x.typ) {
		b.errorf(at, TypeMismatch, "Type mismatch for %s: trying to assign value of type '%s' when map already has a type '%s'",
			st.Name, x.name(), name(st.val)).WithHint("%s", b.mismatchHint(st))
	}
}
