package opt

import "sonde/codegen/ssa"

// setCond folds comparisons that make a number.
func (fo *folder) setCond(v *ssa.Value) (*ssa.Value, bool) {
	c, x, y := ssa.Cond(v.Imm), v.Args[0], v.Args[1]
	if isConst(x) && !isConst(y) {
		become(v, ssa.OpSetCond, y, x)
		v.Imm = int64(c.Swap())
		return nil, true
	}
	if r, ok := fo.decide(c, 64, x, y); ok {
		n := uint64(0)
		if r {
			n = 1
		}
		becomeConst(v, n)
		return nil, true
	}
	n, ok := constArg(v)
	if !ok {
		return nil, false
	}
	if x.Op == ssa.OpSetCond {
		// A truth value compared with a truth value is itself, or its opposite.
		switch inverse, opposite := ssa.Cond(x.Imm).Negate(); {
		case c == ssa.NE && n == 0, c == ssa.EQ && n == 1:
			return x, false
		case opposite && (c == ssa.EQ && n == 0 || c == ssa.NE && n == 1):
			become(v, ssa.OpSetCond, x.Args...)
			v.Imm = int64(inverse)
			return nil, true
		}
	}
	if known := fo.bitsOf(x); known.fits(1) && (c == ssa.NE && n == 0 || c == ssa.EQ && n == 1) {
		return x, false
	}
	return nil, false
}

// decide tells the outcome of a comparison where it is certain. Comparisons that
// bound a number for the kernel are left alone.
func (fo *folder) decide(c ssa.Cond, width uint8, x, y *ssa.Value) (result, ok bool) {
	if x.Type.Kind != ssa.Scalar || y.Type.Kind != ssa.Scalar {
		return false, false
	}
	if isConst(x) && isConst(y) {
		return evalBranch(c, width, uint64(x.Imm), uint64(y.Imm)), true
	}
	if x == y {
		switch c {
		case ssa.EQ, ssa.ULE, ssa.UGE, ssa.SLE, ssa.SGE:
			return true, true
		case ssa.SET:
			return false, false
		}
		return false, true
	}
	if fo.bounded(x) || fo.bounded(y) {
		return false, false
	}
	kx, ky := fo.bitsOf(x), fo.bitsOf(y)
	if width == 32 {
		if !kx.fits(31) || !ky.fits(31) {
			return false, false
		}
	}
	switch c {
	case ssa.EQ, ssa.NE:
		if kx.zero&ky.one|kx.one&ky.zero != 0 || kx.max() < ky.min() || kx.min() > ky.max() {
			return c == ssa.NE, true
		}
	case ssa.SET:
		if ^kx.zero&^ky.zero == 0 {
			return false, true
		}
		if kx.one&ky.one != 0 {
			return true, true
		}
	case ssa.SLT, ssa.SLE, ssa.SGT, ssa.SGE:
		if sx, sy := kx.one>>63 != 0, ky.one>>63 != 0; sx && ky.fits(63) || sy && kx.fits(63) {
			return sx == (c == ssa.SLT || c == ssa.SLE), true // the negative one is less
		}
		if !kx.fits(63) || !ky.fits(63) {
			return false, false
		}
		return decideUnsigned(c-ssa.SLT+ssa.ULT, kx, ky)
	default:
		return decideUnsigned(c, kx, ky)
	}
	return false, false
}

func decideUnsigned(c ssa.Cond, x, y known) (result, ok bool) {
	switch c {
	case ssa.ULT, ssa.UGE:
		switch {
		case x.max() < y.min():
			return c == ssa.ULT, true
		case x.min() >= y.max():
			return c == ssa.UGE, true
		}
	case ssa.ULE, ssa.UGT:
		switch {
		case x.max() <= y.min():
			return c == ssa.ULE, true
		case x.min() > y.max():
			return c == ssa.UGT, true
		}
	}
	return false, false
}

func evalBranch(c ssa.Cond, width uint8, x, y uint64) bool {
	if width == 32 {
		if c == ssa.SLT || c == ssa.SLE || c == ssa.SGT || c == ssa.SGE {
			return c.Eval(uint64(int64(int32(x))), uint64(int64(int32(y))))
		}
		return c.Eval(uint64(uint32(x)), uint64(uint32(y)))
	}
	return c.Eval(x, y)
}

// term folds the comparison of a branch; foldBranches acts on what is certain.
func (fo *folder) term(b *ssa.Block) {
	t := &b.Term
	t.EachUse(func(use **ssa.Value) { *use = fo.repl.Of(*use) })
	if t.Kind != ssa.Branch {
		return
	}
	fo.cur = &ssa.Value{Block: b, Span: t.Span}
	for range 8 {
		if !fo.branch(t) {
			return
		}
		fo.changed = true
	}
}

func (fo *folder) branch(t *ssa.Term) bool {
	x := t.X
	if narrowBranch(fo, t) {
		return true
	}
	if t.Y != nil {
		switch {
		case isConst(t.Y) && t.Y.Imm == int64(int32(t.Y.Imm)):
			t.Imm, t.Y = t.Y.Imm, nil
			return true
		case isConst(x) && t.Y.Op != ssa.OpConst:
			t.X, t.Y, t.Cond = t.Y, x, t.Cond.Swap()
			return true
		}
		if r, ok := fo.decide(t.Cond, t.Width, x, t.Y); ok {
			return fo.outcome(t, r)
		}
		return false
	}
	if isConst(x) {
		if x.Imm == 0 && t.Cond == ssa.EQ && t.Imm == 0 || x.Imm == 1 && t.Cond == ssa.EQ && t.Imm == 0 {
			return false // already in the form that foldBranches looks for
		}
		return fo.outcome(t, evalBranch(t.Cond, t.Width, uint64(x.Imm), uint64(t.Imm)))
	}
	if x.Type.Kind == ssa.Scalar && !fo.bounded(x) {
		imm := &ssa.Value{Op: ssa.OpConst, Type: ssa.Type{Kind: ssa.Scalar}, Imm: t.Imm, ID: ssa.ID(len(fo.facts))}
		if r, ok := fo.decide(t.Cond, t.Width, x, imm); ok {
			return fo.outcome(t, r)
		}
	}
	if t.Width == 64 && t.Imm >= 0 && t.Cond >= ssa.SLT && t.Cond <= ssa.SGE && fo.bitsOf(x).fits(63) && !fo.bounded(x) {
		t.Cond -= ssa.SLT - ssa.ULT // neither can be negative
		return true
	}
	isZero := t.Imm == 0 && (t.Cond == ssa.EQ || t.Cond == ssa.NE)
	switch {
	case x.Op == ssa.OpSetCond && isZero: // compare directly
		c, y := ssa.Cond(x.Imm), x.Args[1]
		if x.Args[0].Type.Kind != ssa.Scalar && y.Op == ssa.OpConst && y.Imm != 0 {
			return false
		}
		if t.Cond == ssa.EQ {
			n, ok := c.Negate()
			if !ok {
				// No opposite: exchange the sides.
				t.Succs[0], t.Succs[1] = t.Succs[1], t.Succs[0]
				t.Likely = -t.Likely
				n = c
			}
			c = n
		}
		t.Cond, t.X, t.Y, t.Width = c, x.Args[0], y, 64
		return true
	case x.Op == ssa.OpSetCond && t.Imm == 1 && (t.Cond == ssa.EQ || t.Cond == ssa.NE):
		t.Cond, t.Imm = t.Cond^1, 0
		return true
	case isZero && x.Op == ssa.OpAnd && t.Cond == ssa.NE && t.Width == 64:
		if n, ok := constArg(x); ok && n == int64(int32(n)) { // test bits
			t.Cond, t.X, t.Imm = ssa.SET, x.Args[0], n
			return true
		}
	case isZero && t.Width == 64 && (x.Op == ssa.OpNeg || x.Op == ssa.OpBswap && x.Width == 64):
		t.X = x.Args[0]
		return true
	case isZero && t.Width == 64 && x.Op == ssa.OpSub:
		t.X, t.Y = x.Args[0], x.Args[1]
		return true
	}
	return false
}

// narrowBranch compares 32 bits where both sides were extended from as many.
func narrowBranch(fo *folder, t *ssa.Term) bool {
	x, y := t.X, t.Y
	if x.Width != 32 || x.Op != ssa.OpZext && x.Op != ssa.OpSext || fo.bounded(x) {
		return false
	}
	signed := t.Cond == ssa.SLT || t.Cond == ssa.SLE || t.Cond == ssa.SGT || t.Cond == ssa.SGE
	switch {
	case y != nil && (y.Op != x.Op || y.Width != 32 || fo.bounded(y)):
		return false
	case t.Width == 32: // looks at the low half anyway
	case x.Op == ssa.OpZext && (signed || y == nil && t.Imm < 0):
		return false
	}
	t.X, t.Width = x.Args[0], 32
	if y != nil {
		t.Y = y.Args[0]
	}
	return true
}

// outcome makes the branch one on a constant: taken when 0 equals 0.
func (fo *folder) outcome(t *ssa.Term, taken bool) bool {
	n := int64(1)
	if taken {
		n = 0
	}
	t.X, t.Y, t.Cond, t.Imm, t.Width = fo.constant(n), nil, ssa.EQ, 0, 64
	return true
}
