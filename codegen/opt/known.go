package opt

import (
	"math/bits"

	"sonde/codegen/ssa"
)

// known is what is certain about the bits of a number.
type known struct{ zero, one uint64 }

func knownConst(n uint64) known { return known{^n, n} }

// max is the greatest number it can be, unsigned.
func (k known) max() uint64 { return ^k.zero }

// min is the least.
func (k known) min() uint64 { return k.one }

// fits tells whether all bits from width on are zero.
func (k known) fits(width int) bool { return width >= 64 || ^k.zero>>width == 0 }

// knownBits finds what is certain about every scalar of the function. Parameters
// take what holds on all edges; of those fed by a back edge nothing is known.
func knownBits(f *ssa.Func) []known {
	facts := make([]known, f.NumValues())
	done := make([]bool, f.NumValues())
	for _, b := range f.ReversePostorder() {
		for _, p := range b.Params {
			facts[p.ID] = paramBits(p, facts, done)
			done[p.ID] = true
		}
		for _, v := range b.Values {
			if v.Type.Kind == ssa.Scalar {
				facts[v.ID] = valueBits(v, facts)
			}
			done[v.ID] = true
		}
	}
	return facts
}

func paramBits(p *ssa.Value, facts []known, done []bool) known {
	if len(p.Block.Preds) == 0 || p.Type.Kind != ssa.Scalar {
		return known{}
	}
	all := known{^uint64(0), ^uint64(0)}
	for _, pred := range p.Block.Preds {
		for _, e := range pred.Term.Succs {
			if e.To != p.Block {
				continue
			}
			a := e.Args[p.Imm]
			if !done[a.ID] {
				return known{}
			}
			all.zero &= facts[a.ID].zero
			all.one &= facts[a.ID].one
		}
	}
	return all
}

// valueBits finds what is certain about v from what is about its arguments.
func valueBits(v *ssa.Value, facts []known) known {
	var x, y known
	if len(v.Args) > 0 {
		x = facts[v.Args[0].ID]
	}
	if len(v.Args) > 1 {
		y = facts[v.Args[1].ID]
	}
	shift, constant := -1, false
	if len(v.Args) > 1 && v.Args[1].Op == ssa.OpConst {
		shift, constant = int(v.Args[1].Imm&63), true
	}
	switch v.Op {
	case ssa.OpConst:
		return knownConst(uint64(v.Imm))
	case ssa.OpSetCond:
		return known{zero: ^uint64(1)}
	case ssa.OpAnd:
		return known{x.zero | y.zero, x.one & y.one}
	case ssa.OpOr:
		return known{x.zero & y.zero, x.one | y.one}
	case ssa.OpXor:
		return known{x.zero&y.zero | x.one&y.one, x.zero&y.one | x.one&y.zero}
	case ssa.OpLsh:
		if constant {
			return known{x.zero<<shift | (1<<shift - 1), x.one << shift}
		}
	case ssa.OpRsh:
		if constant {
			return known{x.zero>>shift | ^(^uint64(0) >> shift), x.one >> shift}
		}
	case ssa.OpZext:
		mask := uint64(1)<<v.Width - 1
		return known{x.zero | ^mask, x.one & mask}
	case ssa.OpSext:
		if sign := uint64(1) << (v.Width - 1); x.zero&sign != 0 {
			mask := uint64(1)<<v.Width - 1
			return known{x.zero | ^mask, x.one & mask}
		}
	case ssa.OpBswap:
		if v.Width < 64 {
			return known{zero: ^(uint64(1)<<v.Width - 1)}
		}
	case ssa.OpLoad:
		if v.Width < 64 {
			return known{zero: ^(uint64(1)<<v.Width - 1)}
		}
	case ssa.OpAtomicFetchAdd, ssa.OpAtomicXchg:
		if v.Width < 64 {
			return known{zero: ^(uint64(1)<<v.Width - 1)}
		}
	case ssa.OpAdd:
		return addBits(x, y)
	case ssa.OpMul:
		low := bits.TrailingZeros64(^x.zero) + bits.TrailingZeros64(^y.zero)
		k := known{zero: 1<<min(low, 63) - 1}
		if hi, lo := bits.Mul64(x.max(), y.max()); hi == 0 {
			k.zero |= above(lo)
		}
		return k
	case ssa.OpUDiv: // by zero gives 0
		n := x.max()
		if d := y.min(); d > 1 {
			n /= d
		}
		return known{zero: above(n)}
	case ssa.OpUMod: // by zero gives the dividend
		n := x.max()
		if y.min() > 0 {
			n = min(n, y.max()-1)
		}
		return known{zero: above(n)}
	}
	return known{}
}

// addBits: no carry comes out of low bits that are all zero, and none goes
// beyond the sum of the greatest numbers.
func addBits(x, y known) known {
	low := min(bits.TrailingZeros64(^x.zero), bits.TrailingZeros64(^y.zero))
	k := known{zero: 1<<min(low, 63) - 1}
	if sum, carry := bits.Add64(x.max(), y.max(), 0); carry == 0 {
		k.zero |= above(sum)
	}
	return k
}

// above is the bits that are zero in all numbers up to n.
func above(n uint64) uint64 {
	if n == 0 {
		return ^uint64(0)
	}
	return ^(^uint64(0) >> bits.LeadingZeros64(n))
}

// bounding finds the numbers whose bounds the kernel's verifier has to see: those
// that are added to pointers or say how long memory is, and what they are made
// of; and masks that make what a callback returns 0 or 1. What bounds them (masks, comparisons) must stay, even where we know better:
// the verifier forgets bounds at divisions, for one.
func bounding(f *ssa.Func) []bool {
	set := make([]bool, f.NumValues())
	var work []*ssa.Value
	need := func(v *ssa.Value) {
		if v.Type.Kind == ssa.Scalar && !set[v.ID] {
			set[v.ID] = true
			work = append(work, v)
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.Op == ssa.OpAddPtrVar {
				need(v.Args[1])
			}
			switch v.Op {
			case ssa.OpCall, ssa.OpKfunc, ssa.OpSubcall:
				for i, a := range v.Args {
					if h := v.Callee(); h == nil || h.Args == nil || i < len(h.Args) && h.Args[i] == ssa.ArgSize {
						need(a)
					}
				}
			}
		}
	}
	for _, b := range f.Blocks {
		if x := b.Term.X; b.Term.Kind == ssa.Return && x.Op == ssa.OpAnd {
			set[x.ID] = true
		}
	}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		switch v.Op {
		case ssa.OpLoad, ssa.OpCall, ssa.OpKfunc:
			continue
		case ssa.OpParam:
			for _, p := range v.Block.Preds {
				for _, e := range p.Term.Succs {
					if e.To == v.Block {
						need(e.Args[v.Imm])
					}
				}
			}
		}
		for _, a := range v.Args {
			need(a)
		}
	}
	return set
}
