package ssagen

import "sonde/codegen/ssa"

// number gives one of those that tend to be special.
func (g *gen) number() int64 {
	switch g.r.IntN(6) {
	case 0:
		return int64(g.r.IntN(5)) - 2
	case 1:
		return 1 << g.r.IntN(63)
	case 2:
		return 1<<g.r.IntN(63) - 1
	case 3:
		return -(1 << g.r.IntN(63))
	case 4:
		return int64(g.r.Uint32())
	}
	return int64(g.r.Uint64())
}

func (g *gen) leaf() *ssa.Value {
	switch g.r.IntN(4) {
	case 0:
		return g.b.Const(g.number())
	case 1:
		if len(g.scalars) > 0 {
			return pick(g, g.scalars)
		}
	case 2:
		if g.b.Block != g.b.Func.Entry() || len(g.vars) > 1 {
			return g.b.Use(g.vars[g.r.IntN(max(1, len(g.vars)-1))])
		}
	}
	if g.ctx == nil {
		off, width := g.at(sharedSize)
		return g.b.Load(width, g.shared, off)
	}
	if g.chance(3) {
		return g.b.Load(32, g.ctx, int64(4*g.r.IntN(ContextSize/4)))
	}
	return g.b.Load(64, g.ctx, int64(8*g.r.IntN(ContextSize/8)))
}

var binary = []ssa.Op{ssa.OpAdd, ssa.OpSub, ssa.OpMul, ssa.OpUDiv, ssa.OpSDiv, ssa.OpUMod, ssa.OpSMod, ssa.OpAnd,
	ssa.OpOr, ssa.OpXor, ssa.OpLsh, ssa.OpRsh, ssa.OpArsh}

func (g *gen) expr(depth int) *ssa.Value {
	if depth == 0 {
		return g.leaf()
	}
	switch g.r.IntN(8) {
	case 0:
		return g.leaf()
	case 1:
		return g.b.Ext(pick(g, []ssa.Op{ssa.OpZext, ssa.OpSext}), pick(g, []uint8{8, 16, 32}), g.expr(depth-1))
	case 2:
		return g.b.SetCond(ssa.Cond(g.r.IntN(int(ssa.SET)+1)), g.expr(depth-1), g.expr(depth-1))
	case 3:
		if g.chance(2) {
			return g.b.Value(ssa.OpNeg, ssa.Type{Kind: ssa.Scalar}, 0, g.expr(depth-1))
		}
		v := g.b.Value(ssa.OpBswap, ssa.Type{Kind: ssa.Scalar}, 0, g.expr(depth-1))
		v.Width = pick(g, []uint8{16, 32, 64})
		return v
	}
	op := pick(g, binary)
	x := g.expr(depth - 1)
	if g.chance(2) {
		return g.b.Bin(op, x, g.constFor(op))
	}
	return g.b.Bin(op, x, g.expr(depth-1))
}

// constFor gives a second operand as scripts have them: in the kernel's programs
// neither a division by a constant zero nor a shift by 64 or more.
func (g *gen) constFor(op ssa.Op) *ssa.Value {
	n := g.number()
	switch op {
	case ssa.OpLsh, ssa.OpRsh, ssa.OpArsh:
		if n &= 127; g.o.Kernel {
			n &= 63
		}
	case ssa.OpUDiv, ssa.OpSDiv, ssa.OpUMod, ssa.OpSMod:
		if n == 0 && g.o.Kernel {
			n = 3
		}
	}
	return g.b.Const(n)
}
