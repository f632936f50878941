package alloc

import "sonde/codegen/ssa"

// Registers that values may have: those that survive calls, and all but R0 and
// R10, which is as many as may be live at once whatever comes.
const (
	callSaved = 4
	available = 9
)

// spillToPressure spills until no point of the code has more live values than
// registers, nor more values that are live across calls than R6 to R9.
func (r *Result) spillToPressure() liveness {
	for {
		l := r.analyse()
		victims := r.excess(l)
		if len(victims) == 0 {
			return l
		}
		r.spill(victims)
	}
}

// excess chooses what to spill, in order of choice.
func (r *Result) excess(l liveness) []Reg {
	for i := range r.vregs {
		r.vregs[i].relief = 0
	}
	r.points(l, func(b *Block, live set) {
		all, crossing := r.count(live)
		live.each(func(x Reg) {
			if v := r.vreg(x); len(all) > available || v.crossing && len(crossing) > callSaved {
				v.relief += b.frequency()
			}
		})
	})
	var victims []Reg
	chosen := newSet(len(r.vregs))
	r.points(l, func(_ *Block, live set) {
		take := func(from []Reg, excess int) {
			for ; excess > 0; excess-- {
				x := r.cheapest(from, chosen)
				if x == NoReg {
					break
				}
				chosen.add(x)
				victims = append(victims, x)
			}
		}
		left := append(set(nil), live...)
		left.minus(chosen)
		_, crossing := r.count(left)
		take(crossing, len(crossing)-callSaved)
		left.minus(chosen)
		all, _ := r.count(left)
		take(all, len(all)-available)
	})
	return victims
}

// count lists what is live, and what of it lives across calls.
func (r *Result) count(live set) (all, crossing []Reg) {
	live.each(func(x Reg) {
		all = append(all, x)
		if r.vreg(x).crossing {
			crossing = append(crossing, x)
		}
	})
	return all, crossing
}

// points calls do with what is live after each instruction, its result included,
// and at the start of each block.
func (r *Result) points(l liveness, do func(b *Block, live set)) {
	for i, b := range r.Blocks {
		live := append(set(nil), l.out[i]...)
		r.backwards(b, live, func(in *Inst, after set) {
			if d, ok := in.defines(); ok && !after.has(d) {
				after.add(d)
				do(b, after)
				after.remove(d)
				return
			}
			do(b, after)
		})
		for _, p := range b.params {
			if p.slot == nil {
				live.add(p.reg)
			}
		}
		do(b, live)
	}
}

// cheapest gives the register of the list that is best spilled: that costs least
// for each point where registers are short and it gives one up. So long lives with
// far-away uses go first; uses in loops count by the loop's weight.
func (r *Result) cheapest(list []Reg, not set) Reg {
	best := NoReg
	for _, x := range list {
		if !not.has(x) && r.spillable(x) && (best == NoReg || r.cheaper(x, best)) {
			best = x
		}
	}
	return best
}

func (r *Result) spillable(x Reg) bool {
	v := r.vreg(x)
	return !v.tiny && v.spilled < 2
}

func (r *Result) cheaper(x, y Reg) bool {
	a, b := r.vreg(x), r.vreg(y)
	return a.spillCost()*(b.relief+1) < b.spillCost()*(a.relief+1)
}

// spillCost halves the cost of what needs no store.
func (v *vreg) spillCost() int {
	if v.again != nil {
		return v.cost
	}
	return 2 * v.cost
}

// spill moves registers to memory. A value that lives across calls is stored where
// it is defined and read again once in each stretch of code between calls, so that
// within the stretch it has a register that need not survive them. One that is in
// the way within a stretch is read again for every use.
func (r *Result) spill(victims []Reg) {
	s := spiller{Result: r, marked: newSet(len(r.vregs)), fresh: map[Reg]bool{}}
	for _, x := range victims {
		v := r.vreg(x)
		v.spilled++
		if !v.crossing {
			v.spilled = 2
		}
		s.marked.add(x)
		if v.slot == nil && v.again == nil {
			v.slot = &Slot{Name: "spill", Size: 8, Align: 8}
			r.Slots = append(r.Slots, v.slot)
			r.Spills++
			s.fresh[x] = true
		}
	}
	for _, b := range r.Blocks {
		s.block(b)
	}
}

type spiller struct {
	*Result
	marked set
	fresh  map[Reg]bool // spilled for the first time: not stored yet
	at     map[Reg]Reg  // where a spilled register is to be found in this stretch
	code   []Inst
}

func (s *spiller) isMarked(x Reg) bool {
	return x.virtual() && int(x-firstVirtual) < len(s.marked)*64 && s.marked.has(x)
}

func (s *spiller) block(b *Block) {
	s.at, s.code = map[Reg]Reg{}, nil
	for i := range b.params {
		if p := &b.params[i]; p.slot == nil && s.isMarked(p.reg) {
			p.slot = s.vreg(p.reg).slot
			p.reg = NoReg
		}
	}
	if b.index == 0 {
		for _, x := range s.entry {
			if x != NoReg && s.isMarked(x) && s.fresh[x] {
				s.store(x)
			}
		}
	}
	for _, in := range b.Insts {
		d, defines := in.defines()
		gone := defines && s.isMarked(d)
		if gone && s.vreg(d).again != nil {
			continue
		}
		if s.isSpillStore(&in) {
			s.code = append(s.code, in)
			continue
		}
		if in.isCall() {
			for i := range in.Args {
				in.Args[i] = s.argument(in.Args[i])
			}
			clear(s.at)
		} else {
			s.operands(&in.A, &in.B)
		}
		s.code = append(s.code, in)
		if gone && s.fresh[d] {
			s.store(d)
		}
	}
	s.operands(&b.Term.A, &b.Term.B)
	for i := range b.Term.Succs {
		args := b.Term.Succs[i].args
		for j := range args {
			args[j] = s.argument(args[j])
		}
	}
	b.Insts = s.code
}

// isSpillStore recognises the store that goes with a spilled definition.
func (s *spiller) isSpillStore(in *Inst) bool {
	return in.Op == ssa.OpStore && in.A.Mode == InSlot && in.A.Slot.Object == nil &&
		in.B.Mode == InReg && s.isMarked(in.B.Reg) && s.vreg(in.B.Reg).slot == in.A.Slot
}

func (s *spiller) store(x Reg) {
	s.code = append(s.code, Inst{Op: ssa.OpStore, Dst: NoReg, A: inSlot(s.vreg(x).slot), B: reg(x), Width: 64,
		Comment: "spill"})
	if s.vreg(x).spilled == 1 {
		s.at[x] = x
	}
}

// operands replaces spilled operands of one instruction.
func (s *spiller) operands(a, b *Operand) {
	var reloaded Operand
	was := NoReg
	for _, o := range []*Operand{a, b} {
		if o.Mode != InReg || !s.isMarked(o.Reg) {
			continue
		}
		if o.Reg == was {
			*o = reloaded
			continue
		}
		was = o.Reg
		o.Reg = s.reload(o.Reg)
		reloaded = *o
	}
}

// reload gives a register that holds what spilled register x held.
func (s *spiller) reload(x Reg) Reg {
	if t, ok := s.at[x]; ok {
		return t
	}
	again, level := s.again(x), s.vreg(x).spilled
	t := s.newReg()
	again.Dst = t
	v := s.vreg(t)
	v.again, v.tiny = &again, level == 2
	s.code = append(s.code, again)
	if level == 1 {
		s.at[x] = t
	}
	return t
}

// again is the instruction that makes what x held.
func (s *spiller) again(x Reg) Inst {
	v := s.vreg(x)
	if v.again != nil {
		return *v.again
	}
	return Inst{Op: ssa.OpLoad, A: inSlot(v.slot), Width: 64, Comment: "reload"}
}

// argument replaces a spilled operand that is copied in any case.
func (s *spiller) argument(o Operand) Operand {
	if o.Mode != InReg || !s.isMarked(o.Reg) {
		return o
	}
	if t, ok := s.at[o.Reg]; ok {
		return reg(t)
	}
	again := s.again(o.Reg)
	if again.Op == ssa.OpLoad {
		return inSlot(again.A.Slot)
	}
	return Operand{Mode: Made, Make: Make{Op: again.Op, Imm: again.Imm, Aux: again.Aux}}
}
