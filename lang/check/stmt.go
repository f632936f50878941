package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

// block checks a block's statements in a scope of their own.
func (b *body) block(blk *ast.Block) {
	if blk == nil {
		return
	}
	b.push()
	b.stmts(blk.Stmts)
	b.pop()
}

func (b *body) stmts(list []ast.Stmt) {
	for i, s := range list {
		if i > 0 {
			if _, ok := list[i-1].(*ast.Jump); ok {
				b.warnf(s, Unreachable, "Unreachable statement.")
			}
		}
		b.stmt(s)
	}
}

func (b *body) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		b.exprStmt(s)
	case *ast.Assign:
		b.assign(s)
	case *ast.Let:
		b.let(s)
	case *ast.Discard:
		b.expr(s.Value)
	case *ast.If:
		b.ifStmt(s)
	case *ast.For:
		b.forLoop(s)
	case *ast.While:
		b.warnf(s, Deprecated, "While loops are deprecated and may be removed in the future.").
			WithHint("for loops over ranges (for ($x : $start..$end) { … }) are bounded")
		b.condition(s.Cond)
		b.loops++
		b.block(s.Body)
		b.loops--
	case *ast.Unroll:
		b.unroll(s)
	case *ast.Jump:
		b.jump(s)
	case *ast.Block:
		b.block(s)
	}
}

func (b *body) ifStmt(s *ast.If) {
	taken, known := b.comptime(s.Cond)
	if !known || taken {
		b.block(s.Then)
	}
	if s.Else != nil && (!known || !taken) {
		b.stmt(s.Else)
	}
}

// exprStmt checks an expression for its effects, and warns when it has none.
func (b *body) exprStmt(s *ast.ExprStmt) {
	x := b.discarded(s.X)
	if !x.valid() {
		return
	}
	switch e := s.X.(type) {
	case *ast.Unary:
		if e.Op == "++" || e.Op == "--" {
			return
		}
	case *ast.Postfix:
		return
	case *ast.Call, *ast.Ident:
		if call := b.inst.Info.Calls[e.(ast.Expr)]; call != nil && !call.Func.MustUse && call.Func.Shape != Value {
			return
		}
	}
	if b.meta == 0 {
		b.warnf(s, DiscardedValue, "Return value discarded.").
			WithHint("write `_ = …;` if that is intended")
	}
}

// discarded checks an expression whose value nobody uses.
func (b *body) discarded(e ast.Expr) operand {
	switch e := e.(type) {
	case *ast.Call:
		return b.say(e, b.call(e, e.Name, e.Args, true))
	case *ast.Cond:
		return b.say(e, b.cond(e, true))
	}
	return b.expr(e)
}

func (b *body) condition(e ast.Expr) {
	x := b.expr(e)
	if x.mode == novalue || x.valid() && !x.truthy() {
		b.errorf(e, InvalidCondition, "Invalid condition: %s", x.name())
	}
}

// name is the operand's type for messages.
func (x operand) name() string {
	if x.mode == novalue {
		return "void"
	}
	return name(x.typ)
}

func (b *body) assign(s *ast.Assign) {
	if s.Op != "=" {
		b.compound(s)
		return
	}
	switch target := s.Target.(type) {
	case *ast.Map:
		b.mapNamed(target.Name).assigned = true
		st := b.element(target)
		if call := b.aggregation(s.Value); call != nil {
			b.aggregate(st, s, call)
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
	default:
		b.expr(s.Value)
		b.errorf(s.Target, InvalidOperand, "only variables and maps can be assigned to")
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
			b.store(st, s, nil, b.kept(x, r))
		}
	case *ast.Var:
		y := b.expr(s.Value)
		x := b.readVar(target)
		if r := b.binary(s, op, s.Target, s.Value, x, y); r.mode != invalid {
			b.storeVar(b.lookup(target.Name), s, nil, b.kept(x, r))
		}
	default:
		b.expr(s.Value)
		b.errorf(s.Target, InvalidOperand, "only variables and maps can be assigned to")
	}
}

// kept is the result of changing a place in place: its value is never known.
func (b *body) kept(old, result operand) operand {
	result.val = nil
	return result
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
	if !b.growMap(st, x.typ) || !fitsConst(x.val, st.val) {
		b.errorf(at, TypeMismatch, "Type mismatch for %s: trying to assign value of type '%s' when map already has a type '%s'",
			st.Name, x.name(), name(st.val)).WithHint("%s", b.mismatchHint(st))
		return
	}
	if from != nil {
		b.narrows(from, x, st.val)
	}
}

// mismatchHint says what an aggregation's map takes.
func (b *body) mismatchHint(st *mapState) string {
	if st.val != nil && isAggregate(st.val) {
		return "a map that an aggregation fills takes nothing else"
	}
	return "a map holds values of one type"
}

func isInt(t types.Type) bool {
	_, _, ok := operand{typ: t}.integer()
	return ok
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

func (b *body) let(s *ast.Let) {
	var t types.Type
	if s.Type != nil {
		t = b.typeExpr(s.Type)
	}
	var x operand
	if s.Value != nil {
		x = b.expr(s.Value)
	}
	if old := b.lookup(s.Var.Name); old != nil {
		declared(b.errorf(s, Redeclared, "Variable %s was already declared. Variable shadowing is not allowed.", plain(s.Var.Name)), old)
		return
	}
	v := b.declare(s.Var.Name, s)
	b.inst.Info.Vars[s.Var] = v.Var
	if t != nil {
		if why := b.notStorable(t); why != "" {
			b.errorf(s.Type, InvalidType, "Invalid variable declaration type: %s", name(t)).WithHint("%s", why)
			return
		}
		// A type without a size (string) takes it from what is assigned.
		v.declared = t.Size() > 0
		if v.declared {
			v.Type = t
		} else if v.Type == nil && s.Value == nil {
			v.Type = t
		}
	}
	if s.Value != nil {
		v.assigned = true
		b.storeVar(v, s, s.Value, x)
	}
}

func (b *body) forLoop(s *ast.For) {
	var elem operand
	switch over := s.Over.(type) {
	case *ast.Map:
		elem = b.overMap(over)
	case *ast.Range:
		elem = b.overRange(over)
	default:
		b.expr(over)
		b.errorf(over, InvalidLoop, "for loops go over maps and ranges")
	}
	if old := b.lookup(s.Var.Name); old != nil {
		declared(b.errorf(s.Var, Redeclared, "Loop declaration shadows existing variable: %s", plain(s.Var.Name)), old)
		return
	}
	b.push()
	v := b.declare(s.Var.Name, s)
	v.assigned = true
	b.inst.Info.Vars[s.Var] = v.Var
	if elem.valid() {
		b.grow(v, elem.typ)
	}
	b.loops++
	b.block(s.Body)
	b.loops--
	b.pop()
}

func (b *body) overMap(e *ast.Map) operand {
	if e.Keys != nil {
		b.errorf(e, InvalidLoop, "for loops go over whole maps, not over an element").WithHint("write for ($kv : %s)", e.Name)
		return operand{}
	}
	st := b.useMap(e)
	st.Iterated = true
	if st.shape == anyShape {
		st.shape = keyed
	}
	if st.shape == scalar {
		b.errorf(e, InvalidLoop, "%s has no explicit keys (scalar map), and cannot be used for iteration", st.Name)
		return operand{}
	}
	if st.key == nil || st.val == nil {
		return operand{}
	}
	t := st.val
	if agg, ok := t.(types.Coercible); ok {
		t = agg.Int()
	} else if isAggregate(t) {
		b.errorf(e, InvalidLoop, "Loop expression does not support type: %s", name(t))
		return operand{}
	}
	return of(&types.Tuple{Elems: []types.Type{st.key, t}})
}

func (b *body) overRange(e *ast.Range) operand {
	from, to := b.expr(e.From), b.expr(e.To)
	for _, end := range []struct {
		x    operand
		e    ast.Expr
		what string
	}{{from, e.From, "start"}, {to, e.To, "end"}} {
		if end.x.mode != invalid && !isInt(end.x.typ) {
			b.errorf(end.e, InvalidLoop, "Loop range requires an integer for the %s value", end.what)
			return operand{}
		}
	}
	if !from.valid() || !to.valid() {
		return operand{}
	}
	t, _ := types.Join(from.typ, to.typ)
	b.narrows(e.From, from, t)
	b.narrows(e.To, to, t)
	return of(t)
}

// maxUnroll bounds unroll: each turn is code of its own.
const maxUnroll = 100

func (b *body) unroll(s *ast.Unroll) {
	x := b.expr(s.Count)
	n, ok := x.val.(int64)
	switch {
	case x.mode == invalid:
	case !ok:
		b.errorf(s.Count, InvalidLoop, "invalid unroll value: it must be known when compiling")
	case n > maxUnroll:
		b.errorf(s.Count, InvalidLoop, "unroll maximum value is %d", maxUnroll)
	case n < 1:
		b.errorf(s.Count, InvalidLoop, "unroll minimum value is 1")
	}
	b.block(s.Body)
}

func (b *body) jump(s *ast.Jump) {
	switch {
	case s.Keyword != "return":
		if b.loops == 0 {
			b.errorf(s, MisplacedJump, "'%s' statement is only allowed inside a loop", s.Keyword)
		}
	case s.Value != nil:
		x := b.expr(s.Value)
		if x.mode == novalue || x.valid() && !isInt(x.typ) {
			b.errorf(s.Value, InvalidReturn, "Probe return values can only be integers. Found %s", x.name())
		}
	}
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
	call := &Call{Func: f}
	if st != nil {
		call.Map = st.Map
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
