package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
)

// Scalar evaluates an expression to a number, in the normal form of its type:
// sign or zero extended to 64 bits. An array or struct gives its address.
func (b *Builder) Scalar(e ast.Expr) *ssa.Value { return b.scalar(b.Expr(e)) }

// Int evaluates an expression and converts it to t.
func (b *Builder) Int(e ast.Expr, t types.Int) *ssa.Value {
	op := b.Expr(e)
	return b.Convert(b.scalar(op), op.Type, t)
}

// Address evaluates an expression to an address and the memory it points into,
// never NoSpace. A string or array of the kernel or a process gives where it is.
func (b *Builder) Address(e ast.Expr) (*ssa.Value, types.Space) {
	op := b.Expr(e)
	space := types.NoSpace
	switch {
	case op.Remote && isMemory(op.Type):
		return b.scalar(op), op.Space
	case isMemory(op.Type):
		return b.Addr(op.Place), types.BPF
	}
	if p, ok := op.Type.(types.Pointer); ok {
		space = p.Space
	}
	return b.scalar(op), b.resolve(space)
}

// Memory evaluates an expression that lives in memory, and gives where its bytes
// are; they must not be changed, and stand until the end of the statement.
func (b *Builder) Memory(e ast.Expr) Place { return b.local(b.Expr(e)) }

// local brings an operand into memory of ours; strings are clean behind their NUL.
func (b *Builder) local(op Operand) Place {
	if op = b.Fetch(op); isMemory(op.Type) && !op.Place.Loose {
		return op.Place
	}
	p := b.Temp(op.Type)
	b.Assign(p, op)
	return p
}

// Expr evaluates an expression to whatever is cheapest.
func (b *Builder) Expr(e ast.Expr) Operand {
	span := b.Span
	b.Span = e.Span()
	op := b.expr(e)
	if op.Remote {
		op.At = e.Span()
	}
	b.Span = span
	return op
}

func (b *Builder) expr(e ast.Expr) Operand {
	t := b.TypeOf(e)
	if c, ok := b.info.Consts[e]; ok && t != nil {
		return b.constant(c, t)
	}
	if body := b.info.Inlined[e]; body != nil {
		defer b.inMacro(e)()
		return b.blockValue(body.Body, t)
	}
	switch e := e.(type) {
	case *ast.Ident:
		return b.call(e)
	case *ast.Call:
		return b.call(e)
	case *ast.Var:
		return b.readVar(b.info.Vars[e])
	case *ast.Map:
		return b.readMap(e)
	case *ast.Unary:
		return b.unary(e, t)
	case *ast.Postfix:
		return b.step(e.X, e.Op, false, t)
	case *ast.Binary:
		return b.binary(e, t)
	case *ast.Cond:
		return b.choice(e, t)
	case *ast.Field:
		return b.fieldExpr(e, t)
	case *ast.Index:
		return b.indexExpr(e, t)
	case *ast.Cast:
		return b.cast(e, t)
	case *ast.Tuple, *ast.Record:
		p := b.Temp(t)
		b.ExprInto(e, p)
		return Memory(p)
	case *ast.BlockExpr:
		return b.blockValue(e.Body, t)
	case *ast.If:
		return b.valueOf(t, func(dst *target) { b.ifValue(e, dst) })
	}
	b.internal(e.Span(), "this has no value")
	return Value(b.Const(0), types.Int64)
}

func (b *Builder) constant(c any, t types.Type) Operand {
	switch c := c.(type) {
	case string:
		p := b.Temp(t)
		b.Literal(p, c)
		return Memory(p)
	case bool:
		n := int64(0)
		if c {
			n = 1
		}
		return Value(b.Const(n), t)
	case uint64:
		return Value(b.Const(int64(c)), t)
	case int64:
		return Value(b.Const(c), t)
	case check.Elements:
		p := b.Temp(t)
		b.clearPadding(p)
		for i, elem := range c {
			to := p.Elem(i)
			b.Assign(to, b.constant(elem, to.Type))
		}
		return Memory(p)
	}
	panic("lower: a constant of no known kind")
}

// ExprInto evaluates an expression to dst, converting it to dst.Type.
func (b *Builder) ExprInto(e ast.Expr, dst Place) {
	span := b.Span
	b.Span = e.Span()
	if !b.produce(e, dst) {
		b.Assign(dst, b.expr(e))
	}
	b.Span = span
}

// produce evaluates straight into dst where the expression can; otherwise it
// does nothing and says so.
func (b *Builder) produce(e ast.Expr, dst Place) bool {
	t := b.TypeOf(e)
	if !isMemory(dst.Type) || !isMemory(t) {
		return false
	}
	if s, ok := b.ConstString(e); ok {
		b.Literal(dst, s)
		return true
	}
	if b.info.Consts[e] != nil {
		return false
	}
	if body := b.info.Inlined[e]; body != nil {
		defer b.inMacro(e)()
		b.blockInto(body.Body, &target{typ: dst.Type, place: dst})
		return true
	}
	switch e := e.(type) {
	case *ast.Ident:
		return b.callInto(e, dst)
	case *ast.Call:
		return b.callInto(e, dst)
	case *ast.Cond:
		b.choiceInto(e, &target{typ: dst.Type, place: dst})
		return true
	case *ast.BlockExpr:
		b.blockInto(e.Body, &target{typ: dst.Type, place: dst})
		return true
	case *ast.If:
		b.ifValue(e, &target{typ: dst.Type, place: dst})
		return true
	case *ast.Tuple:
		b.elements(e.Elems, dst)
		return true
	case *ast.Record:
		b.named(e, dst)
		return true
	}
	return false
}

// elements writes expressions to the elements of a tuple's place.
func (b *Builder) elements(elems []ast.Expr, dst Place) {
	b.clearPadding(dst)
	for i, e := range elems {
		b.ExprInto(e, dst.Elem(i))
	}
}

// named writes a record's elements to a record's place, which may have them in
// another order.
func (b *Builder) named(e *ast.Record, dst Place) {
	b.clearPadding(dst)
	for j, name := range e.Names { // evaluated in the order in which they are written
		for i, n := range dst.Type.(*types.Record).Names {
			if n == name {
				b.ExprInto(e.Elems[j], dst.Elem(i))
			}
		}
	}
}

// target is where a value that is made on several paths goes: a place, or a
// variable in a register; nil when nobody wants it.
type target struct {
	typ   types.Type
	place Place
	v     *ssa.Variable
}

// take gives the target an expression's value.
func (b *Builder) take(dst *target, e ast.Expr) {
	switch {
	case dst == nil || dst.typ == nil:
		b.Expr(e)
	case dst.v != nil:
		op := b.Expr(e)
		b.Def(dst.v, b.Convert(b.scalar(op), op.Type, dst.typ))
	default:
		b.ExprInto(e, dst.place)
	}
}

// valueOf makes an operand of what f gives its target.
func (b *Builder) valueOf(t types.Type, f func(dst *target)) Operand {
	if isMemory(t) {
		p := b.Temp(t)
		f(&target{typ: t, place: p})
		return Memory(p)
	}
	dst := &target{typ: t}
	if _, ok := t.(types.Void); t != nil && !ok {
		dst.v = &ssa.Variable{Name: "value", Type: ssa.Type{Kind: ssa.Scalar}}
	} else {
		dst.typ = nil
	}
	f(dst)
	if dst.v == nil {
		return Operand{Type: types.Void{}}
	}
	return Value(b.Use(dst.v), t)
}

// choice evaluates c ? x : y, and c ?: y.
func (b *Builder) choice(e *ast.Cond, t types.Type) Operand {
	return b.valueOf(t, func(dst *target) { b.choiceInto(e, dst) })
}

func (b *Builder) choiceInto(e *ast.Cond, dst *target) {
	yes, no, join := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	if e.Then == nil {
		op := b.Expr(e.Cond)
		x := b.scalar(op)
		b.BranchImm(ssa.NE, x, 0, yes, no)
		b.enter(yes)
		if dst.v != nil {
			b.Def(dst.v, b.Convert(x, op.Type, dst.typ))
		}
	} else {
		b.cond(e.Cond, yes, no)
		b.enter(yes)
		b.take(dst, e.Then)
	}
	b.Jump(join)
	b.enter(no)
	b.take(dst, e.Else)
	b.Jump(join)
	b.enter(join)
}

// blockValue evaluates a block to the value of its last statement.
func (b *Builder) blockValue(blk *ast.Block, t types.Type) Operand {
	return b.valueOf(t, func(dst *target) { b.blockInto(blk, dst) })
}

func (b *Builder) blockInto(blk *ast.Block, dst *target) {
	n := len(blk.Stmts) - 1
	if n < 0 {
		return
	}
	b.declareAll(blk.Stmts)
	for _, s := range blk.Stmts[:n] {
		b.stmt(s)
	}
	switch last := blk.Stmts[n].(type) {
	case *ast.ExprStmt:
		if last.Last {
			b.take(dst, last.X)
			return
		}
	case *ast.If:
		b.ifValue(last, dst)
		return
	case *ast.Block:
		b.blockInto(last, dst)
		return
	}
	b.stmt(blk.Stmts[n])
}

// ifValue evaluates an if whose branches have values.
func (b *Builder) ifValue(e *ast.If, dst *target) {
	b.branches(e, func() { b.blockInto(e.Then, dst) }, func(els ast.Else) {
		switch els := els.(type) {
		case *ast.Block:
			b.blockInto(els, dst)
		case *ast.If:
			b.ifValue(els, dst)
		}
	})
}

// call evaluates a call of a record.
func (b *Builder) call(e ast.Expr) Operand {
	c := b.info.Calls[e]
	l := b.lowering(c)
	switch {
	case l == nil:
		return Value(b.Const(0), types.Int64)
	case l.Operand != nil:
		return l.Operand(b, c)
	case l.Value != nil:
		v := l.Value(b, c)
		if v == nil {
			return Operand{Type: types.Void{}}
		}
		return Value(v, c.Type)
	case l.Into != nil:
		p := b.Temp(c.Type)
		l.Into(b, c, p)
		return Memory(p)
	}
	b.internal(e.Span(), c.Func.Name+" has no value here")
	return Value(b.Const(0), types.Int64)
}

func (b *Builder) lowering(c *check.Call) *Lowering {
	if c == nil {
		b.internal(b.Span, "this call is not known")
		return nil
	}
	l := b.unit.lib.Lowering(c.Func)
	if l == nil {
		b.internal(b.Span, c.Func.Name+" has no lowering")
	}
	return l
}

// callInto lets a record write its value to its place.
func (b *Builder) callInto(e ast.Expr, dst Place) bool {
	c := b.info.Calls[e]
	if c == nil {
		return false
	}
	l := b.lowering(c)
	if l == nil || l.Into == nil {
		return false
	}
	if types.Identical(c.Type, dst.Type) {
		l.Into(b, c, dst)
		return true
	}
	from, ok1 := c.Type.(types.String)
	to, ok2 := dst.Type.(types.String)
	if !ok1 || !ok2 || from.N > to.N {
		return false
	}
	l.Into(b, c, dst.At(0, from))
	b.clearFrom(dst, int64(from.N))
	return true
}

// fieldExpr evaluates x.name.
func (b *Builder) fieldExpr(e *ast.Field, t types.Type) Operand {
	ref := b.info.Fields[e]
	if v, ok := e.X.(*ast.Var); ok && !ref.Deref && ref.Elem >= 0 {
		if s := b.storage(b.info.Vars[v]); s.pair != nil {
			return b.placed(s.pair[ref.Elem])
		}
	}
	x := b.Expr(e.X)
	if ref.Deref {
		x = b.Deref(x)
	}
	return b.field(x, ref.Field, t)
}

// placed makes the operand of a value at a place of ours.
func (b *Builder) placed(p Place) Operand {
	if isMemory(p.Type) {
		return Memory(p)
	}
	return Value(b.Get(p), p.Type)
}

// indexExpr evaluates x[i].
func (b *Builder) indexExpr(e *ast.Index, t types.Type) Operand {
	x := b.Expr(e.X)
	if tuple, ok := x.Type.(*types.Tuple); ok {
		n, _ := b.ConstInt(e.I)
		return b.field(x, types.Field{Type: tuple.Elems[n], Offset: tuple.Offset(int(n))}, t)
	}
	size := int64(t.Size())
	if p, ok := x.Type.(types.Pointer); ok {
		size = int64(p.Elem.Size())
		addr := b.Bin(ssa.OpAdd, b.scalar(x), b.scaled(b.Int(e.I, types.Int64), size))
		y := b.Deref(Value(addr, p))
		y.Type, y.Place.Type = t, t
		return y
	}
	if n, ok := b.ConstInt(e.I); ok {
		x.Place.Off += n * size
		x.Type, x.Place.Type = t, t
		if !x.Remote {
			return b.placed(x.Place)
		}
		return x
	}
	// An index that is only known when running: read by address, which needs no
	// proof of its bounds. Outside the array it gives zero, and is counted.
	i := b.Int(e.I, types.Int64)
	space := types.BPF
	if x.Remote {
		space = x.Space
	}
	var base *ssa.Value
	if x.Remote {
		base = b.scalar(x)
	} else {
		base = b.Number(b.Addr(x.Place))
	}
	addr := b.Bin(ssa.OpAdd, base, b.scaled(i, size))
	n := x.Type.Size()
	if n == 0 {
		return Remote(space, addr, t)
	}
	outside := b.Loss("Array access out of bounds. This can lead to unexpected results.")
	if isMemory(t) {
		p := b.Temp(t)
		b.If(ssa.ULT, i, b.Const(int64(n)/size),
			func() { b.Assign(p, Remote(space, addr, t)) },
			func() { b.Count(outside); b.Clear(p) })
		return Memory(p)
	}
	return Value(b.Choose(ssa.ULT, i, b.Const(int64(n)/size),
		func() *ssa.Value { return b.scalar(Remote(space, addr, t)) },
		func() *ssa.Value { b.Count(outside); return b.Const(0) }), t)
}

// scaled multiplies an index by the size of what it counts.
func (b *Builder) scaled(i *ssa.Value, size int64) *ssa.Value {
	if size == 1 {
		return i
	}
	return b.Bin(ssa.OpMul, i, b.Const(size))
}

// cast evaluates (type)x.
func (b *Builder) cast(e *ast.Cast, t types.Type) Operand {
	x := b.Expr(e.X)
	from, to := isMemory(x.Type), isMemory(t)
	switch {
	case !from && !to:
		if _, ok := t.(types.Pointer); ok && !x.Remote {
			if _, ok := x.Type.(types.Pointer); ok {
				return Value(b.value(x), t) // may stay what the verifier knows it to be
			}
		}
		return Value(b.Convert(b.scalar(x), x.Type, t), t)
	case from && to:
		if x.Type.Size() == t.Size() {
			x.Type, x.Place.Type = t, t
			return x
		}
	case from:
		// An integer of an array's bytes.
		x.Type, x.Place.Type = t, t
		if !x.Remote && x.Place.align() < int64(t.Align()) {
			p := b.Temp(t)
			b.copyCall(p, b.Addr(x.Place), int64(t.Size()))
			x.Place = p
		}
		return x
	}
	p := b.Temp(t)
	b.Assign(p, x)
	return Memory(p)
}
