package opt

import (
	"math/bits"

	"sonde/codegen/ssa"
)

func (fo *folder) bitwise(v *ssa.Value) (*ssa.Value, bool) {
	x, y := v.Args[0], v.Args[1]
	if x == y {
		if v.Op == ssa.OpXor {
			becomeConst(v, 0)
			return nil, true
		}
		return x, false
	}
	n, ok := constArg(v)
	if !ok {
		return nil, false
	}
	m, inner := constArg(x)
	inner = inner && x.Op == v.Op && !fo.bounded(v)
	switch v.Op {
	case ssa.OpAnd:
		switch {
		case n == 0:
			becomeConst(v, 0)
			return nil, true
		case n == -1:
			return x, false
		case inner:
			become(v, ssa.OpAnd, x.Args[0], fo.constant(m&n))
			return nil, true
		case n == 1<<32-1: // one instruction without a wide constant
			become(v, ssa.OpZext, x)
			v.Width = 32
			return nil, true
		case x.Op == ssa.OpZext && uint64(n)>>x.Width == 0 && !fo.bounded(v):
			become(v, ssa.OpAnd, x.Args[0], y)
			return nil, true
		}
	case ssa.OpOr:
		switch {
		case n == 0:
			return x, false
		case n == -1:
			becomeConst(v, ^uint64(0))
			return nil, true
		case inner:
			become(v, ssa.OpOr, x.Args[0], fo.constant(m|n))
			return nil, true
		}
	case ssa.OpXor:
		switch {
		case n == 0:
			return x, false
		case inner:
			become(v, ssa.OpXor, x.Args[0], fo.constant(m^n))
			return nil, true
		}
	}
	return nil, false
}

func (fo *folder) shift(v *ssa.Value) (*ssa.Value, bool) {
	n, ok := constArg(v)
	if !ok {
		return nil, false
	}
	x := v.Args[0]
	switch {
	case n < 0 || n > 63:
		become(v, v.Op, x, fo.constant(n&63))
		return nil, true
	case n == 0:
		return x, false
	}
	m, inner := constArg(x)
	inner = inner && m > 0 && m < 64
	switch {
	case inner && x.Op == v.Op && v.Op == ssa.OpArsh:
		become(v, v.Op, x.Args[0], fo.constant(min(m+n, 63)))
		return nil, true
	case inner && x.Op == v.Op && m+n < 64:
		become(v, v.Op, x.Args[0], fo.constant(m+n))
		return nil, true
	case inner && x.Op == v.Op:
		becomeConst(v, 0)
		return nil, true
	case inner && x.Op == ssa.OpLsh && m == n && n == 32 && v.Op != ssa.OpArsh:
		become(v, ssa.OpZext, x.Args[0])
		v.Width = 32
		return nil, true
	case inner && x.Op == ssa.OpLsh && m == n && v.Op == ssa.OpArsh && (n == 32 || n == 48 || n == 56):
		become(v, ssa.OpSext, x.Args[0])
		v.Width = uint8(64 - n)
		return nil, true
	case v.Op == ssa.OpArsh && fo.bitsOf(x).fits(63):
		become(v, ssa.OpRsh, x, v.Args[1])
		return nil, true
	case v.Op == ssa.OpRsh && fo.bitsOf(x).fits(int(n)):
		becomeConst(v, 0)
		return nil, true
	}
	return nil, false
}

// extension merges extensions with each other; those of narrow loads are found
// by known bits.
func (fo *folder) extension(v *ssa.Value) (*ssa.Value, bool) {
	x := v.Args[0]
	switch x.Op {
	case ssa.OpZext, ssa.OpSext:
		switch {
		case x.Width >= v.Width: // the inner one left the low bits alone
			become2(v, v.Op, v.Width, x.Args[0])
			return nil, true
		case x.Op == ssa.OpSext && v.Op == ssa.OpSext:
			return x, false
		}
	case ssa.OpAnd:
		// A mask that leaves the low bits alone is not needed before.
		if n, ok := constArg(x); ok && bits.TrailingZeros64(^uint64(n)) >= int(v.Width) && !fo.bounded(v) {
			become2(v, v.Op, v.Width, x.Args[0])
			return nil, true
		}
	}
	if v.Op == ssa.OpSext && fo.bitsOf(x).zero>>(v.Width-1)&1 != 0 && !fo.bounded(v) {
		become2(v, ssa.OpZext, v.Width, x)
		return nil, true
	}
	return nil, false
}

func become2(v *ssa.Value, op ssa.Op, width uint8, x *ssa.Value) {
	become(v, op, x)
	v.Width = width
}

// narrowStore drops what only changes bits that the store leaves out.
func narrowStore(v *ssa.Value) bool {
	x := v.Args[1]
	switch x.Op {
	case ssa.OpZext, ssa.OpSext:
		if x.Width < v.Width {
			return false
		}
	case ssa.OpAnd:
		if n, ok := constArg(x); !ok || bits.TrailingZeros64(^uint64(n)) < int(v.Width) {
			return false
		}
	default:
		return false
	}
	v.Args[1] = x.Args[0]
	return true
}
