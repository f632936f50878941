package opt

import (
	"math/bits"

	"sonde/codegen/ssa"
)

// fold simplifies values by what their arguments are. Rules are functions by
// family of operations; each looks at one value, and either changes it in place
// into something cheaper, or names another value that is the same.
func fold(f *ssa.Func) bool {
	fo := &folder{f: f, facts: knownBits(f), bounds: bounding(f), repl: ssa.Replacements{}}
	for _, b := range f.ReversePostorder() {
		fo.block(b)
	}
	fo.repl.Apply(f)
	return fo.changed
}

type folder struct {
	f       *ssa.Func
	facts   []known // of values that were there at the start
	bounds  []bool
	repl    ssa.Replacements
	out     []*ssa.Value // the block's values so far
	cur     *ssa.Value
	changed bool
}

func (fo *folder) block(b *ssa.Block) {
	fo.out = make([]*ssa.Value, 0, len(b.Values))
	for _, v := range b.Values {
		for i := range v.Args {
			v.Args[i] = fo.repl.Of(v.Args[i])
		}
		fo.cur = v
		// A rule may give another one its turn; each makes the value simpler, so this
		// ends, but let no mistake hang the compiler.
		for range 8 {
			same, changed := fo.value(v)
			if same != nil {
				fo.repl[v] = same
				fo.changed = true
				break
			}
			if !changed {
				break
			}
			fo.changed = true
		}
		fo.out = append(fo.out, v)
	}
	fo.term(b)
	b.Values = fo.out
}

// value applies the rules for v's operation. It gives the value that v equals, if
// there is one, or whether v was changed.
func (fo *folder) value(v *ssa.Value) (same *ssa.Value, changed bool) {
	switch {
	case v.Op >= ssa.OpAdd && v.Op <= ssa.OpBswap:
		if fo.constants(v) {
			return nil, true
		}
		if v.Op.Info().Commutative && fo.order(v) {
			return nil, true
		}
		if fo.unneeded(v) {
			return v.Args[0], false
		}
	case v.Op == ssa.OpSetCond:
		return fo.setCond(v)
	}
	switch v.Op {
	case ssa.OpStore:
		return nil, narrowStore(v)
	case ssa.OpAdd, ssa.OpSub, ssa.OpNeg:
		return fo.sum(v)
	case ssa.OpMul, ssa.OpUDiv, ssa.OpUMod, ssa.OpSDiv, ssa.OpSMod:
		return fo.product(v)
	case ssa.OpAnd, ssa.OpOr, ssa.OpXor:
		return fo.bitwise(v)
	case ssa.OpLsh, ssa.OpRsh, ssa.OpArsh:
		return fo.shift(v)
	case ssa.OpZext, ssa.OpSext:
		return fo.extension(v)
	case ssa.OpBswap:
		if x := v.Args[0]; x.Op == ssa.OpBswap && x.Width == v.Width && v.Width == 64 {
			return x.Args[0], false
		}
	}
	return nil, false
}

// constant makes a number before the value that is looked at.
func (fo *folder) constant(n int64) *ssa.Value {
	return fo.insert(ssa.OpConst, n)
}

// insert makes a scalar before the value that is looked at.
func (fo *folder) insert(op ssa.Op, imm int64, args ...*ssa.Value) *ssa.Value {
	v := fo.f.NewValue(fo.cur.Block, op, ssa.Type{Kind: ssa.Scalar})
	v.Imm, v.Args, v.Span, v.Comment = imm, args, fo.cur.Span, fo.cur.Comment
	fo.out = append(fo.out, v)
	return v
}

// become changes v into another operation on scalars.
func become(v *ssa.Value, op ssa.Op, args ...*ssa.Value) {
	v.Op, v.Imm, v.Width, v.Aux, v.Args = op, 0, 0, nil, args
}

func becomeConst(v *ssa.Value, n uint64) {
	become(v, ssa.OpConst)
	v.Imm = int64(n)
}

// bitsOf gives what is known about x; nothing for values made since the start.
func (fo *folder) bitsOf(x *ssa.Value) known {
	if x.Op == ssa.OpConst {
		return knownConst(uint64(x.Imm))
	}
	if int(x.ID) < len(fo.facts) {
		return fo.facts[x.ID]
	}
	return known{}
}

// bounded tells whether the kernel has to see what bounds x.
func (fo *folder) bounded(x *ssa.Value) bool {
	return int(x.ID) < len(fo.bounds) && fo.bounds[x.ID]
}

func isConst(v *ssa.Value) bool { return v.Op == ssa.OpConst && v.Type.Kind == ssa.Scalar }

// constArg gives the second argument when it is a number.
func constArg(v *ssa.Value) (int64, bool) {
	if len(v.Args) == 2 && isConst(v.Args[1]) {
		return v.Args[1].Imm, true
	}
	return 0, false
}

// constants computes operations on numbers alone, and those of which all bits
// are known.
func (fo *folder) constants(v *ssa.Value) bool {
	var n [2]uint64
	for i, a := range v.Args {
		if !isConst(a) {
			if k := fo.bitsOf(v); k.zero|k.one == ^uint64(0) {
				becomeConst(v, k.one)
				return true
			}
			return false
		}
		n[i] = uint64(a.Imm)
	}
	r, ok := ssa.EvalALU(v.Op, v.Width, n[0], n[1])
	if ok {
		becomeConst(v, r)
	}
	return ok
}

// order puts constants second, and else the older value first.
func (fo *folder) order(v *ssa.Value) bool {
	x, y := v.Args[0], v.Args[1]
	if isConst(y) || !isConst(x) && x.ID <= y.ID {
		return false
	}
	v.Args = []*ssa.Value{y, x}
	return true
}

// unneeded finds masks and extensions that change nothing.
func (fo *folder) unneeded(v *ssa.Value) bool {
	x := v.Args[0]
	switch v.Op {
	case ssa.OpAnd:
		n, ok := constArg(v)
		return ok && fo.bitsOf(x).max()&^uint64(n) == 0 && !fo.bounded(v)
	case ssa.OpZext:
		return fo.bitsOf(x).fits(int(v.Width)) && !fo.bounded(v)
	case ssa.OpSext:
		return fo.bitsOf(x).fits(int(v.Width)-1) && !fo.bounded(v)
	}
	return false
}

func (fo *folder) sum(v *ssa.Value) (*ssa.Value, bool) {
	x := v.Args[0]
	if v.Op == ssa.OpNeg {
		if x.Op == ssa.OpNeg {
			return x.Args[0], false
		}
		if x.Op == ssa.OpSub {
			become(v, ssa.OpSub, x.Args[1], x.Args[0])
			return nil, true
		}
		return nil, false
	}
	y := v.Args[1]
	n, ok := constArg(v)
	switch {
	case ok && n == 0:
		return x, false
	case ok && v.Op == ssa.OpSub && n != -1<<63 && !fo.bounded(v): // one form for sums with constants
		become(v, ssa.OpAdd, x, fo.constant(-n))
		return nil, true
	case v.Op == ssa.OpSub && x == y:
		becomeConst(v, 0)
		return nil, true
	case v.Op == ssa.OpSub && isConst(x) && x.Imm == 0:
		become(v, ssa.OpNeg, y)
		return nil, true
	case v.Op == ssa.OpSub && y.Op == ssa.OpNeg:
		become(v, ssa.OpAdd, x, y.Args[0])
		return nil, true
	case v.Op == ssa.OpAdd && y.Op == ssa.OpNeg:
		become(v, ssa.OpSub, x, y.Args[0])
		return nil, true
	}
	if m, inner := constArg(x); ok && inner && x.Op == ssa.OpAdd && !fo.bounded(v) {
		become(v, ssa.OpAdd, x.Args[0], fo.constant(m+n))
		return nil, true
	}
	return nil, false
}

func (fo *folder) product(v *ssa.Value) (*ssa.Value, bool) {
	n, ok := constArg(v)
	if !ok {
		return nil, false
	}
	x := v.Args[0]
	k := bits.TrailingZeros64(uint64(n))
	power := n != 0 && uint64(n) == 1<<k
	switch v.Op {
	case ssa.OpMul:
		switch {
		case n == 0:
			becomeConst(v, 0)
			return nil, true
		case n == 1:
			return x, false
		case n == -1:
			become(v, ssa.OpNeg, x)
			return nil, true
		case power:
			become(v, ssa.OpLsh, x, fo.constant(int64(k)))
			return nil, true
		}
		if m, inner := constArg(x); inner && x.Op == ssa.OpMul {
			become(v, ssa.OpMul, x.Args[0], fo.constant(m*n))
			return nil, true
		}
	case ssa.OpUDiv:
		switch {
		case n == 0:
			becomeConst(v, 0)
			return nil, true
		case power && n == 1:
			return x, false
		case power:
			become(v, ssa.OpRsh, x, fo.constant(int64(k)))
			return nil, true
		}
		if m, inner := constArg(x); inner && x.Op == ssa.OpUDiv && m != 0 {
			if hi, lo := bits.Mul64(uint64(m), uint64(n)); hi == 0 {
				become(v, ssa.OpUDiv, x.Args[0], fo.constant(int64(lo)))
				return nil, true
			}
		}
	case ssa.OpUMod:
		switch {
		case n == 0:
			return x, false
		case power:
			become(v, ssa.OpAnd, x, fo.constant(n-1))
			return nil, true
		}
	case ssa.OpSDiv:
		return fo.signedDivision(v, x, n, k, power)
	case ssa.OpSMod:
		switch {
		case n == 0:
			return x, false
		case n == 1 || n == -1:
			becomeConst(v, 0)
			return nil, true
		case n > 0 && fo.bitsOf(x).fits(63):
			become(v, ssa.OpUMod, x, v.Args[1])
			return nil, true
		}
	}
	return nil, false
}

// signedDivision: by powers of two it is a shift, after adding what makes it
// round towards zero.
func (fo *folder) signedDivision(v, x *ssa.Value, n int64, k int, power bool) (*ssa.Value, bool) {
	switch {
	case n == 0:
		becomeConst(v, 0)
		return nil, true
	case n == 1:
		return x, false
	case n == -1:
		become(v, ssa.OpNeg, x)
		return nil, true
	case n > 0 && fo.bitsOf(x).fits(63):
		become(v, ssa.OpUDiv, x, v.Args[1])
		return nil, true
	case n > 0 && power:
		sign := fo.insert(ssa.OpArsh, 0, x, fo.constant(63))
		bias := fo.insert(ssa.OpRsh, 0, sign, fo.constant(int64(64-k)))
		become(v, ssa.OpArsh, fo.insert(ssa.OpAdd, 0, x, bias), fo.constant(int64(k)))
		return nil, true
	}
	return nil, false
}
