package alloc

import (
	"math/bits"
	"slices"

	"sonde/codegen/ssa"
)

// vreg is what is known of a virtual register.
type vreg struct {
	// again makes the value anew (constants, addresses, and what is reloaded from
	// a slot); nil when only its definition can.
	again *Inst
	// slot is where it is spilled to.
	slot *Slot
	// spilled: 0 not; 1 it is read from memory once in each stretch of code without
	// calls; 2 for each use.
	spilled int
	// tiny: made for a single use; no use in spilling it.
	tiny bool

	// The rest is found by analyse.

	// crossing: live across a call, so only R6 to R9 will do.
	crossing bool
	// scratch: R0 will do, as it is not live where copies may need that.
	scratch bool
	// cost estimates what spilling costs: uses weighed by frequency.
	cost int
	// relief counts the points, weighed, where registers are short while it is live.
	relief int
}

func (r *Result) vreg(x Reg) *vreg { return &r.vregs[x-firstVirtual] }

// set is a set of virtual registers.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(r Reg)    { i := r - firstVirtual; s[i/64] |= 1 << (i % 64) }
func (s set) remove(r Reg) { i := r - firstVirtual; s[i/64] &^= 1 << (i % 64) }
func (s set) minus(o set) {
	for i := range s {
		s[i] &^= o[i]
	}
}

func (s set) has(r Reg) bool { i := r - firstVirtual; return s[i/64]>>(i%64)&1 != 0 }

func (s set) each(do func(r Reg)) {
	for i, w := range s {
		for w != 0 {
			do(firstVirtual + Reg(i*64+bits.TrailingZeros64(w)))
			w &= w - 1
		}
	}
}

func (s set) union(o set) (changed bool) {
	for i, w := range o {
		if n := s[i] | w; n != s[i] {
			s[i], changed = n, true
		}
	}
	return changed
}

// liveness is what is live at the borders of each block, by index. Parameters
// are live in; what an edge carries is live out.
type liveness struct{ in, out []set }

// reads calls do for each virtual register that the instruction reads.
func (in *Inst) reads(do func(Reg)) {
	operandReads(in.A, do)
	operandReads(in.B, do)
	for _, a := range in.Args {
		operandReads(a, do)
	}
}

func operandReads(o Operand, do func(Reg)) {
	if o.Mode == InReg && o.Reg.virtual() {
		do(o.Reg)
	}
}

func (t *Term) reads(do func(Reg)) {
	operandReads(t.A, do)
	operandReads(t.B, do)
}

func (e *Edge) reads(do func(Reg)) {
	for _, a := range e.args {
		operandReads(a, do)
	}
}

// defines tells which virtual register the instruction writes, if any.
func (in *Inst) defines() (Reg, bool) { return in.Dst, in.Dst.virtual() }

func (r *Result) liveness() liveness {
	n := len(r.vregs)
	l := liveness{make([]set, len(r.Blocks)), make([]set, len(r.Blocks))}
	for i := range r.Blocks {
		l.in[i], l.out[i] = newSet(n), newSet(n)
	}
	for changed := true; changed; {
		changed = false
		for i := len(r.Blocks) - 1; i >= 0; i-- {
			b := r.Blocks[i]
			live := l.out[i]
			for k := range b.Term.Succs {
				e := &b.Term.Succs[k]
				through := append(set(nil), l.in[e.To.index]...)
				for _, p := range e.To.params {
					if p.slot == nil {
						through.remove(p.reg)
					}
				}
				live.union(through)
				e.reads(live.add)
			}
			live = append(set(nil), live...)
			r.backwards(b, live, func(*Inst, set) {})
			if l.in[i].union(live) {
				changed = true
			}
		}
	}
	return l
}

// backwards walks a block from its end, where live is what is live out, and calls
// do for each instruction with what is live after it. At the end live is what is
// live in, parameters included only where they are read.
func (r *Result) backwards(b *Block, live set, do func(in *Inst, after set)) {
	b.Term.reads(live.add)
	for i := len(b.Insts) - 1; i >= 0; i-- {
		in := &b.Insts[i]
		do(in, live)
		if d, ok := in.defines(); ok {
			live.remove(d)
		}
		in.reads(live.add)
	}
}

// analyse finds the liveness and the per-register facts.
func (r *Result) analyse() liveness {
	l := r.liveness()
	for i := range r.vregs {
		v := &r.vregs[i]
		v.crossing, v.scratch, v.cost = false, true, 0
	}
	notScratch := func(x Reg) { r.vreg(x).scratch = false }
	for i, b := range r.Blocks {
		freq := b.frequency()
		weigh := func(x Reg) { r.vreg(x).cost += freq }
		for _, p := range b.params {
			if p.slot == nil {
				weigh(p.reg)
			}
		}
		for k := range b.Term.Succs {
			e := &b.Term.Succs[k]
			e.reads(weigh)
			if slices.ContainsFunc(e.To.params, func(p param) bool { return p.slot != nil }) {
				e.reads(notScratch) // copies to memory may go through R0
				l.in[e.To.index].each(notScratch)
				for _, p := range e.To.params {
					if p.slot == nil {
						notScratch(p.reg)
					}
				}
			}
		}
		b.Term.reads(weigh)
		live := append(set(nil), l.out[i]...)
		r.backwards(b, live, func(in *Inst, after set) {
			d, defines := in.defines()
			after.each(func(x Reg) {
				v := r.vreg(x)
				if x == d && defines {
					return
				}
				v.crossing = v.crossing || in.isCall()
				v.scratch = v.scratch && !in.usesScratch()
			})
			if defines {
				weigh(d)
			}
			if in.usesScratch() {
				in.reads(notScratch)
				notScratch(d)
			}
			in.reads(weigh)
			in.bounded(func(x Reg) { r.vreg(x).cost += boundedCost * freq })
		})
	}
	return l
}

// boundedCost makes numbers whose bounds matter expensive to spill: before 5.11 the
// verifier forgets the bounds of numbers in memory.
const boundedCost = 16

// bounded calls do for each register that must be a number known to be small: what
// is added to pointers, and sizes.
func (in *Inst) bounded(do func(Reg)) {
	if in.Op == ssa.OpAddPtrVar {
		operandReads(in.B, do)
	}
	if h, ok := in.Aux.(*ssa.Helper); ok {
		for i, kind := range h.Args {
			if kind == ssa.ArgSize && i < len(in.Args) {
				operandReads(in.Args[i], do)
			}
		}
	}
}

// deadAfter tells whether operand o is a register whose value no one needs after
// the instruction.
func deadAfter(o Operand, after set) bool {
	return o.Mode == InReg && o.Reg.virtual() && !after.has(o.Reg)
}
