package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
)

// block lowers statements; what they declare is gone at the end.
func (b *Builder) block(blk *ast.Block) {
	mark := b.prog.scratch.top
	b.declareAll(blk.Stmts)
	for _, s := range blk.Stmts {
		b.stmt(s)
	}
	b.prog.scratch.top = mark
}

// declareAll gives memory to the variables that the statements of a block
// declare: it must outlast the statement that does so.
func (b *Builder) declareAll(stmts []ast.Stmt) {
	for _, s := range stmts {
		var e ast.Expr
		switch s := s.(type) {
		case *ast.Let:
			e = s.Var
		case *ast.Assign:
			e = s.Target
		}
		if x, ok := e.(*ast.Var); ok && b.Reachable() {
			if v := b.info.Vars[x]; v != nil {
				b.storage(v)
			}
		}
	}
}

// stmt lowers one statement; memory of its temporaries is free at its end.
func (b *Builder) stmt(s ast.Stmt) {
	if !b.Reachable() {
		return
	}
	mark, span := b.prog.scratch.top, b.Span
	b.Span = s.Span()
	switch s := s.(type) {
	case *ast.ExprStmt:
		b.Expr(s.X)
	case *ast.Discard:
		b.Expr(s.Value)
	case *ast.Assign:
		b.assign(s)
	case *ast.Let:
		if v := b.info.Vars[s.Var]; s.Value == nil {
			b.zeroVar(v)
		} else {
			b.assignVar(v, s.Value)
		}
	case *ast.If:
		b.branches(s, func() { b.block(s.Then) }, func(els ast.Else) { b.stmt(els.(ast.Stmt)) })
	case *ast.For:
		b.forLoop(s)
	case *ast.While:
		b.whileLoop(s)
	case *ast.Unroll:
		n, _ := b.ConstInt(s.Count)
		for range n {
			b.block(s.Body)
		}
	case *ast.Jump:
		b.jump(s)
	case *ast.Block:
		b.block(s)
	}
	b.prog.scratch.top, b.Span = mark, span
}

// branches lowers an if. Of a condition that is known, only the branch that it
// chooses has been checked, and is lowered.
func (b *Builder) branches(s *ast.If, then func(), els func(ast.Else)) {
	if n, ok := b.ConstInt(s.Cond); ok {
		if n != 0 {
			then()
		} else if s.Else != nil {
			els(s.Else)
		}
		return
	}
	yes, no, join := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	b.cond(s.Cond, yes, no)
	b.enter(yes)
	then()
	b.Jump(join)
	b.enter(no)
	if s.Else != nil {
		els(s.Else)
	}
	b.Jump(join)
	b.enter(join)
}

func (b *Builder) assign(s *ast.Assign) {
	if s.Op != "=" {
		b.compound(s)
		return
	}
	switch target := s.Target.(type) {
	case *ast.Var:
		b.assignVar(b.info.Vars[target], s.Value)
	case *ast.Map:
		m := b.info.Maps[target]
		before, last := check.Unblock(s.Value)
		if c := b.info.Calls[last]; c != nil && c.Func.Shape == check.Aggregation {
			b.declareAll(before)
			for _, s := range before {
				b.stmt(s)
			}
			b.aggregate(m, target.Keys, c)
			return
		}
		b.storeMap(m, target.Keys, s.Value)
	}
}

// aggregate folds a call's arguments into an element.
func (b *Builder) aggregate(m *check.Map, keys []ast.Expr, c *check.Call) {
	l := b.lowering(c)
	if l == nil || l.Update == nil {
		return
	}
	b.Slot(m, keys, func(slot Place) { l.Update(b, c, slot) })
}

// assignVar gives a variable an expression's value.
func (b *Builder) assignVar(v *check.Var, e ast.Expr) {
	if !isMemory(v.Type) {
		op := b.Expr(e)
		if _, ok := v.Type.(types.Pointer); ok && !op.Remote && op.Val != nil {
			b.setVar(v, op.Val)
			return
		}
		x := b.value(op)
		if x.Type.Kind == ssa.Scalar {
			x = b.Convert(x, op.Type, v.Type)
		}
		b.setVar(v, x)
		return
	}
	s := b.storage(v)
	if b.mentions(e, v) {
		t := b.Temp(v.Type)
		b.ExprInto(e, t)
		b.copy(s.place, t, int64(v.Type.Size()))
		return
	}
	b.ExprInto(e, s.place)
}

// compound lowers target op= value.
func (b *Builder) compound(s *ast.Assign) {
	op := s.Op[:len(s.Op)-1]
	y := b.Expr(s.Value)
	yv := b.scalar(y)
	t := b.info.Ops[s]
	switch target := s.Target.(type) {
	case *ast.Var:
		v := b.info.Vars[target]
		x := b.scalar(b.readVar(v))
		r := b.compute(op, t, x, v.Type, yv, y.Type)
		b.setVar(v, b.Convert(r, t, v.Type))
	case *ast.Map:
		m := b.info.Maps[target]
		b.Slot(m, target.Keys, func(slot Place) {
			_, ptr := t.(types.Pointer)
			switch {
			case op == "+" && !ptr:
				b.addTo(slot, yv)
			case op == "-" && !ptr:
				b.addTo(slot, b.Value(ssa.OpNeg, ssa.Type{Kind: ssa.Scalar}, 0, yv))
			default:
				r := b.compute(op, t, b.Get(slot), slot.Type, yv, y.Type)
				b.Set(slot, b.Convert(r, t, slot.Type))
			}
		})
	}
}

func (b *Builder) jump(s *ast.Jump) {
	switch s.Keyword {
	case "return":
		if s.Value != nil {
			b.setResult(b.Scalar(s.Value))
		}
		b.Exit()
	case "break":
		b.Jump(b.fn.loops[len(b.fn.loops)-1].brk)
	case "continue":
		b.Jump(b.fn.loops[len(b.fn.loops)-1].cont)
	}
}
