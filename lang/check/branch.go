package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

// blockValue checks a block in expression position. Its value is that of its
// last statement: an expression without a semicolon, an if with values, a block.
func (b *body) blockValue(blk *ast.Block) operand {
	b.push()
	defer b.pop()
	n := len(blk.Stmts) - 1
	if n < 0 {
		return operand{mode: novalue}
	}
	var x func() operand
	switch last := blk.Stmts[n].(type) {
	case *ast.ExprStmt:
		if last.Last {
			x = func() operand { return b.expr(last.X) }
		}
	case *ast.If:
		x = func() operand { return b.expr(last) }
	case *ast.Block:
		x = func() operand { return b.blockValue(last) }
	}
	if x == nil {
		b.stmts(blk.Stmts)
		return operand{mode: novalue}
	}
	b.stmts(blk.Stmts[:n])
	r := x()
	if n > 0 {
		r.val = nil // known or not, the statements before it have to run
	}
	return r
}

// ifValue checks an if in expression position; without else it has no value.
func (b *body) ifValue(e *ast.If) operand {
	pick := b.choose(e.Cond)
	var x, y operand
	if pick.then {
		x = b.blockValue(e.Then)
	}
	if pick.els && e.Else != nil {
		y = b.elseValue(e.Else)
	}
	switch {
	case !pick.then && !pick.els:
		return operand{}
	case !pick.els:
		return x
	case e.Else == nil:
		return operand{mode: novalue}
	case !pick.then:
		return y
	}
	return b.branches(e, e.Then, e.Else, x, y)
}

func (b *body) elseValue(e ast.Else) operand {
	if blk, ok := e.(*ast.Block); ok {
		return b.blockValue(blk)
	}
	return b.expr(e.(*ast.If))
}

// choice tells which branches of an if are checked, and have code.
type choice struct{ then, els bool }

// choose checks a condition. When it is marked as to be decided now, only the
// branch that it chooses counts; neither does as long as it is not known.
func (b *body) choose(cond ast.Expr) choice {
	b.condition(cond)
	if u, ok := cond.(*ast.Unary); !ok || u.Op != "comptime" {
		return choice{true, true}
	}
	truth, known := isTrue(b.ops[cond].val)
	return choice{known && truth, known && !truth}
}

// cond checks c ? x : y and c ?: y.
func (b *body) cond(e *ast.Cond, unused bool) operand {
	b.condition(e.Cond)
	c := b.ops[e.Cond]
	eval := b.expr
	if unused {
		eval = b.discarded
	}
	x, ex := c, e.Cond
	if e.Then != nil {
		x, ex = eval(e.Then), e.Then
	}
	y := eval(e.Else)
	if unused && x.mode != invalid && y.mode != invalid {
		return operand{mode: novalue}
	}
	r := b.branches(e, ex, e.Else, x, y)
	if truth, known := isTrue(c.val); r.valid() && known && x.val != nil && y.val != nil {
		r.val = y.val
		if truth {
			r.val = x.val
		}
	}
	return r
}

// branches joins the values of two branches.
func (b *body) branches(at, ex, ey ast.Node, x, y operand) operand {
	if x.mode == novalue && y.mode == novalue {
		return operand{mode: novalue}
	}
	if x.mode == invalid || y.mode == invalid {
		return operand{}
	}
	var t types.Type
	ok := x.mode == value && y.mode == value
	if ok {
		t, ok = types.Join(x.typ, y.typ)
	}
	if !ok || isAggregate(t) {
		b.errorf(at, TypeMismatch, "Branches must return the same type or compatible types: have '%s' and '%s'", x.name(), y.name())
		return operand{}
	}
	b.narrows(ex, x, t)
	b.narrows(ey, y, t)
	r := of(t)
	if x.space == y.space {
		r.space = x.space
	}
	return r
}

// isTrue tells whether a known value counts as true.
func isTrue(v any) (truth, known bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case uint64:
		return v != 0, true
	}
	return false, false
}
