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

// ends tells that what stands behind a statement never runs.
func (b *body) ends(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.Jump:
		return true
	case *ast.ExprStmt:
		call := b.inst.Info.Calls[s.X]
		return call != nil && call.Func.Ends
	}
	return false
}

func (b *body) stmts(list []ast.Stmt) {
	for i, s := range list {
		if i > 0 {
			if b.ends(list[i-1]) {
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
	pick := b.choose(s.Cond)
	if pick.then {
		b.block(s.Then)
	}
	if s.Else != nil && pick.els {
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
		if call := b.inst.Info.Calls[e]; call != nil && !call.Func.MustUse && call.Func.Shape != Value {
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
