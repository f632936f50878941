package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// Convert brings a number in the normal form of one type into that of another.
func (b *Builder) Convert(v *ssa.Value, from, to types.Type) *ssa.Value {
	f, ok := types.AsInt(from)
	t, ok2 := types.AsInt(to)
	if !ok || !ok2 {
		return v
	}
	v = b.Number(v)
	_, isBool := to.(types.Bool)
	_, wasBool := from.(types.Bool)
	switch {
	case isBool && wasBool:
		return v
	case isBool:
		return b.SetCond(ssa.NE, v, b.Const(0))
	case f == t, t.Bits == 64, t.Bits > f.Bits && (t.Signed || !f.Signed):
		return v
	}
	return b.extend(v, t)
}

// arithmetic gives the operation of an operator, by the sign of its type.
func arithmetic(op string, signed bool) ssa.Op {
	switch op {
	case "+":
		return ssa.OpAdd
	case "-":
		return ssa.OpSub
	case "*":
		return ssa.OpMul
	case "&":
		return ssa.OpAnd
	case "|":
		return ssa.OpOr
	case "^":
		return ssa.OpXor
	case "<<":
		return ssa.OpLsh
	}
	switch {
	case op == "/" && signed:
		return ssa.OpSDiv
	case op == "/":
		return ssa.OpUDiv
	case op == "%" && signed:
		return ssa.OpSMod
	case op == "%":
		return ssa.OpUMod
	case op == ">>" && signed:
		return ssa.OpArsh
	case op == ">>":
		return ssa.OpRsh
	}
	panic("lower: no operator " + op)
}

// comparison gives the condition of a comparison, by the sign of its type.
func comparison(op string, signed bool) (c ssa.Cond, ok bool) {
	switch op {
	case "==":
		return ssa.EQ, true
	case "!=":
		return ssa.NE, true
	case "<":
		c = ssa.ULT
	case "<=":
		c = ssa.ULE
	case ">":
		c = ssa.UGT
	case ">=":
		c = ssa.UGE
	default:
		return 0, false
	}
	if signed {
		c += ssa.SLT - ssa.ULT
	}
	return c, true
}

// compute applies an operator to two numbers. t is the type it works in, of which
// the result is as well.
func (b *Builder) compute(op string, t types.Type, x *ssa.Value, xt types.Type, y *ssa.Value, yt types.Type) *ssa.Value {
	if p, ok := t.(types.Pointer); ok {
		size := int64(max(1, p.Elem.Size()))
		_, xptr := xt.(types.Pointer)
		if _, yptr := yt.(types.Pointer); yptr && !xptr {
			x, y = y, x
		}
		return b.Bin(arithmetic(op, false), b.Number(x), b.scaled(b.Number(y), size))
	}
	i, _ := types.AsInt(t)
	x = b.Convert(x, xt, i)
	if op != "<<" && op != ">>" {
		y = b.Convert(y, yt, i)
	}
	y = b.Number(y)
	apply := func() *ssa.Value {
		v := b.Bin(arithmetic(op, i.Signed), x, y)
		if i.Bits < 64 {
			v = b.extend(v, i)
		}
		return v
	}
	if (op == "/" || op == "%") && (y.Op != ssa.OpConst || y.Imm == 0) {
		lost := b.Loss("Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.")
		return b.Choose(ssa.NE, y, b.Const(0), apply, func() *ssa.Value {
			b.Count(lost)
			return b.Const(1)
		})
	}
	return apply()
}

// binary evaluates x op y.
func (b *Builder) binary(e *ast.Binary, t types.Type) Operand {
	if _, ok := comparison(e.Op, false); ok || e.Op == "&&" || e.Op == "||" {
		if x, y, c, ok := b.compared(e); ok {
			return Value(b.SetCond(c, x, y), t)
		}
		return b.valueOf(t, func(dst *target) {
			yes, no, join := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
			b.cond(e, yes, no)
			b.enter(yes)
			b.Def(dst.v, b.Const(1))
			b.Jump(join)
			b.enter(no)
			b.Def(dst.v, b.Const(0))
			b.Jump(join)
			b.enter(join)
		})
	}
	x := b.Expr(e.X)
	xv := b.scalar(x)
	y := b.Expr(e.Y)
	return Value(b.compute(e.Op, b.info.Ops[e], xv, x.Type, b.scalar(y), y.Type), t)
}

// compared evaluates the operands of a comparison of numbers.
func (b *Builder) compared(e *ast.Binary) (x, y *ssa.Value, c ssa.Cond, ok bool) {
	t := b.info.Ops[e]
	i, isInt := types.AsInt(t)
	if c, ok = comparison(e.Op, i.Signed); !ok || !isInt {
		return nil, nil, 0, false
	}
	xo := b.Expr(e.X)
	x = b.Convert(b.scalar(xo), xo.Type, i)
	yo := b.Expr(e.Y)
	return x, b.Convert(b.scalar(yo), yo.Type, i), c, true
}

// cond evaluates a condition and goes to yes or no.
func (b *Builder) cond(e ast.Expr, yes, no *ssa.Block) {
	span := b.Span
	b.Span = e.Span()
	defer func() { b.Span = span }()
	if n, ok := b.ConstInt(e); ok {
		if n != 0 {
			b.Jump(yes)
		} else {
			b.Jump(no)
		}
		return
	}
	if b.info.Inlined[e] == nil {
		switch e := e.(type) {
		case *ast.Unary:
			if e.Op == "!" {
				b.cond(e.X, no, yes)
				return
			}
		case *ast.Binary:
			if b.condBinary(e, yes, no) {
				return
			}
		}
	}
	b.BranchImm(ssa.NE, b.Scalar(e), 0, yes, no)
}

func (b *Builder) condBinary(e *ast.Binary, yes, no *ssa.Block) bool {
	switch e.Op {
	case "&&":
		next := b.Func.NewBlock()
		b.cond(e.X, next, no)
		b.enter(next)
		b.cond(e.Y, yes, no)
		return true
	case "||":
		next := b.Func.NewBlock()
		b.cond(e.X, yes, next)
		b.enter(next)
		b.cond(e.Y, yes, no)
		return true
	}
	if _, ok := comparison(e.Op, false); !ok {
		return false
	}
	if x, y, c, ok := b.compared(e); ok {
		b.branch(c, x, y, yes, no)
		return true
	}
	if e.Op == "!=" {
		yes, no = no, yes
	}
	b.equal(e.X, e.Y, b.info.Ops[e], no)
	b.Jump(yes)
	return true
}

// unary evaluates op x.
func (b *Builder) unary(e *ast.Unary, t types.Type) Operand {
	switch e.Op {
	case "++", "--":
		return b.step(e.X, e.Op, true, t)
	case "&":
		return b.address(e, t)
	case "*":
		x := b.Expr(e.X)
		if x.Layout != 0 {
			return x
		}
		p, ok := x.Type.(types.Pointer)
		if !ok {
			p = types.Pointer{Elem: t}
		}
		y := b.Deref(Operand{Type: p, Val: b.value(x)})
		y.Type, y.Place.Type = t, t
		return y
	case "comptime":
		return b.Expr(e.X)
	}
	x := b.Expr(e.X)
	v := b.scalar(x)
	if e.Op == "!" {
		return Value(b.SetCond(ssa.EQ, v, b.Const(0)), t)
	}
	v = b.Convert(v, x.Type, t)
	if e.Op == "-" {
		v = b.Value(ssa.OpNeg, ssa.Type{Kind: ssa.Scalar}, 0, v)
	} else {
		v = b.Bin(ssa.OpXor, v, b.Const(-1))
	}
	if i, _ := types.AsInt(t); i.Bits < 64 {
		v = b.extend(v, i)
	}
	return Value(v, t)
}

// address evaluates &x, which is a number: where it points is no longer known.
func (b *Builder) address(e *ast.Unary, t types.Type) Operand {
	switch x := e.X.(type) {
	case *ast.Var:
		s := b.storage(b.info.Vars[x])
		if s.v == nil && s.pair == nil {
			return Value(b.Number(b.Addr(s.place)), t)
		}
	case *ast.Map:
		info := b.unit.maps[b.info.Maps[x]]
		if info.direct {
			return Value(b.Number(b.Addr(b.direct(info))), t)
		}
		return Value(b.Number(b.MapPtr(info.ssa)), t)
	}
	b.internal(e.Span(), "this has no address")
	return Value(b.Const(0), t)
}

// step evaluates ++ and --, before (pre) or after a variable or map.
func (b *Builder) step(target ast.Expr, op string, pre bool, t types.Type) Operand {
	by := int64(1)
	if p, ok := t.(types.Pointer); ok {
		by = int64(max(1, p.Elem.Size()))
	}
	if op == "--" {
		by = -by
	}
	var old *ssa.Value
	switch x := target.(type) {
	case *ast.Var:
		v := b.info.Vars[x]
		old = b.scalar(b.readVar(v))
		b.setVar(v, b.Convert(b.Bin(ssa.OpAdd, old, b.Const(by)), types.Int64, v.Type))
		old = b.Convert(old, v.Type, t)
	case *ast.Map:
		value := b.unit.maps[b.info.Maps[x]].Value
		seen := &ssa.Variable{Name: "old", Type: ssa.Type{Kind: ssa.Scalar}}
		b.Def(seen, b.Const(0))
		b.Slot(b.info.Maps[x], x.Keys, func(slot Place) { b.Def(seen, b.addTo(slot, b.Const(by))) })
		old = b.Convert(b.Use(seen), value, t)
	default:
		b.internal(target.Span(), "this can not be changed")
		return Value(b.Const(0), t)
	}
	if !pre {
		return Value(old, t)
	}
	return Value(b.Convert(b.Bin(ssa.OpAdd, old, b.Const(by)), types.Int64, t), t)
}

// addTo adds to a number that other CPUs may be adding to, and gives what it was.
func (b *Builder) addTo(slot Place, by *ssa.Value) *ssa.Value {
	i, _ := types.AsInt(slot.Type)
	if i.Bits < 32 || !b.Has(feature.AtomicFetch) {
		old := b.Get(slot)
		b.Set(slot, b.Bin(ssa.OpAdd, old, by))
		return old
	}
	v := b.Value(ssa.OpAtomicFetchAdd, ssa.Type{Kind: ssa.Scalar}, slot.Off, slot.Ptr, by)
	v.Width = uint8(i.Bits)
	return b.normal(v, i)
}
