package alloc

import (
	"cmp"
	"slices"

	"sonde/codegen/ssa"
)

// packFrame gives the slots addresses. Slots that never hold anything needed at
// the same time share bytes.
//
// A spilled value is needed from the store to the last load. Of an object only
// the accesses are known, so it is needed from the first to the last on any path,
// and not before an instruction that writes all of it.
func (r *Result) packFrame() {
	r.dropUnused()
	n := len(r.Slots)
	for i, s := range r.Slots {
		s.index = i
	}
	together := make([]set, n)
	for i := range together {
		together[i] = newSet(n)
	}
	f := frameLife{Result: r, n: n}
	f.solve()
	f.points(func(live set) {
		live.each(func(s Reg) { together[s-firstVirtual].union(live) })
	})

	order := slices.Clone(r.Slots)
	slices.SortStableFunc(order, func(a, b *Slot) int {
		if c := cmp.Compare(b.Size, a.Size); c != 0 {
			return c
		}
		return cmp.Compare(b.Align, a.Align)
	})
	partners := r.copied()
	var placed []*Slot
	for _, s := range order {
		var near []*Slot
		for _, o := range placed {
			if s.pinned || o.pinned || together[s.index].has(slotReg(o)) {
				near = append(near, o)
			}
		}
		s.place(near, slices.DeleteFunc(partners[s], func(o *Slot) bool { return !slices.Contains(placed, o) }))
		placed = append(placed, s)
		r.Frame = max(r.Frame, -s.Off)
	}
	r.Frame = (r.Frame + 7) &^ 7
	r.dropCopies()
}

// copied lists for each slot those that its contents are copied to or from.
func (r *Result) copied() map[*Slot][]*Slot {
	partners := map[*Slot][]*Slot{}
	for _, b := range r.Blocks {
		for i := range b.Insts {
			if to, from := b.Insts[i].A.Slot, b.Insts[i].from; from != nil {
				partners[to] = append(partners[to], from)
				partners[from] = append(partners[from], to)
			}
		}
	}
	return partners
}

// dropCopies removes copies between slots that have become the same place.
func (r *Result) dropCopies() {
	for _, b := range r.Blocks {
		code := b.Insts[:0]
		for _, in := range b.Insts {
			if in.from != nil && in.from.Off == in.A.Slot.Off {
				code = code[:len(code)-1] // the load into R0
				continue
			}
			code = append(code, in)
		}
		b.Insts = code
	}
}

// dropUnused removes the slots that no code mentions.
func (r *Result) dropUnused() {
	used := map[*Slot]bool{}
	for _, b := range r.Blocks {
		for i := range b.Insts {
			in := &b.Insts[i]
			in.access(func(s *Slot, _ bool) { used[s] = true })
			if s, ok := in.Aux.(*Slot); ok {
				used[s] = true
			}
		}
	}
	r.Slots = slices.DeleteFunc(r.Slots, func(s *Slot) bool { return !used[s] })
}

// place finds the highest address at which s overlaps none of near. The verifier
// wants accesses of the stack aligned, whatever the machine, so objects are
// aligned for the widest access they have room for. The place of a partner is
// better still: it saves the copy.
func (s *Slot) place(near, partners []*Slot) {
	align := max(s.Align, 1)
	for align < 8 && 2*align <= s.Size {
		align *= 2
	}
	for _, p := range partners {
		taken := func(o *Slot) bool { return p.Off+s.Size > o.Off && p.Off < o.Off+o.Size }
		if p.Size == s.Size && !slices.ContainsFunc(near, taken) {
			s.Off = p.Off
			return
		}
	}
	slices.SortFunc(near, func(a, b *Slot) int { return cmp.Compare(b.Off, a.Off) })
	s.Off = -((s.Size + align - 1) / align * align)
	for _, o := range near {
		if s.Off+s.Size > o.Off && s.Off < o.Off+o.Size {
			s.Off = -((-o.Off + s.Size + align - 1) / align * align)
		}
	}
}

func (r *Result) checkFrame() error {
	if r.Frame <= FrameLimit {
		return nil
	}
	e := &FrameError{Func: r.Func.Name, Size: r.Frame}
	for _, s := range r.Slots {
		if s.Object != nil {
			e.Objects = append(e.Objects, s.Object)
		}
	}
	slices.SortStableFunc(e.Objects, func(a, b *ssa.Slot) int { return cmp.Compare(b.Size, a.Size) })
	return e
}

// slotReg lets slots use the sets made for virtual registers.
func slotReg(s *Slot) Reg { return firstVirtual + Reg(s.index) }

// frameLife is the liveness of slots: those that may still be read (backwards),
// and those that may have been accessed (forwards; only objects need it).
type frameLife struct {
	*Result
	n        int
	in, out  []set // may still be read, at the borders of blocks
	begun    []set // may have been accessed, at the start of blocks
	begunOut []set
}

// access lists the slots an instruction accesses, and tells of one whether it is
// written in full.
func (in *Inst) access(do func(s *Slot, full bool)) {
	if in.A.Mode == InSlot {
		s := in.A.Slot
		full := in.Imm == 0
		switch in.Op {
		case ssa.OpStore:
			full = full && int32(in.Width/8) == s.Size
		case ssa.OpZero:
			full = full && int32(in.Aux.(int64)) == s.Size
		default:
			full = false
		}
		do(s, full)
	}
	for _, s := range in.touches {
		do(s, false)
	}
}

func (f *frameLife) solve() {
	empty := func() []set {
		sets := make([]set, len(f.Blocks))
		for i := range sets {
			sets[i] = newSet(f.n)
		}
		return sets
	}
	f.in, f.out, f.begun, f.begunOut = empty(), empty(), empty(), empty()
	for changed := true; changed; {
		changed = false
		for i := len(f.Blocks) - 1; i >= 0; i-- {
			b := f.Blocks[i]
			for _, e := range b.Term.Succs {
				f.out[i].union(f.in[e.To.index])
			}
			live := append(set(nil), f.out[i]...)
			for k := len(b.Insts) - 1; k >= 0; k-- {
				f.before(&b.Insts[k], live)
			}
			changed = f.in[i].union(live) || changed
		}
	}
	for changed := true; changed; {
		changed = false
		for i, b := range f.Blocks {
			for _, p := range b.Preds {
				f.begun[i].union(f.begunOut[p.index])
			}
			begun := append(set(nil), f.begun[i]...)
			for k := range b.Insts {
				b.Insts[k].access(func(s *Slot, _ bool) { begun.add(slotReg(s)) })
			}
			changed = f.begunOut[i].union(begun) || changed
		}
	}
}

// before turns what may be read after an instruction into what may be before it.
func (f *frameLife) before(in *Inst, live set) {
	in.access(func(s *Slot, full bool) {
		if full {
			live.remove(slotReg(s))
		} else {
			live.add(slotReg(s))
		}
	})
}

// points calls do with the slots needed together, for each instruction.
func (f *frameLife) points(do func(live set)) {
	for i, b := range f.Blocks {
		begun := append(set(nil), f.begun[i]...)
		after := make([]set, len(b.Insts))
		for k := range b.Insts {
			b.Insts[k].access(func(s *Slot, _ bool) { begun.add(slotReg(s)) })
			after[k] = append(set(nil), begun...)
		}
		live := append(set(nil), f.out[i]...)
		for k := len(b.Insts) - 1; k >= 0; k-- {
			at := append(set(nil), live...)
			f.before(&b.Insts[k], live)
			at.union(live)
			b.Insts[k].access(func(s *Slot, _ bool) { at.add(slotReg(s)) })
			for w := range at {
				at[w] &= after[k][w]
			}
			do(at)
		}
	}
}

// findTouched notes on each instruction the objects that it may access through
// pointers in registers, and pins those whose address it stores away.
func (s *selector) findTouched(blocks []*Block) {
	from := make([]map[*Slot]bool, s.f.NumValues())
	add := func(x *ssa.Value, slots map[*Slot]bool) (changed bool) {
		for slot := range slots {
			if from[x.ID] == nil {
				from[x.ID] = map[*Slot]bool{}
			}
			changed = changed || !from[x.ID][slot]
			from[x.ID][slot] = true
		}
		return changed
	}
	if len(s.f.Slots) == 0 {
		return
	}
	for changed := true; changed; {
		changed = false
		s.reachable(blocks, func(b *ssa.Block, _ *Block) {
			for _, v := range b.Values {
				switch v.Op {
				case ssa.OpFrameAddr:
					changed = add(v, map[*Slot]bool{s.object(v.Aux.(*ssa.Slot)): true}) || changed
				case ssa.OpAddPtr, ssa.OpAddPtrVar, ssa.OpNonNull:
					changed = add(v, from[v.Args[0].ID]) || changed
				}
			}
			for _, e := range b.Term.Succs {
				for i, a := range e.Args {
					changed = add(e.To.Params[i], from[a.ID]) || changed
				}
			}
		})
	}
	s.reachable(blocks, func(b *ssa.Block, _ *Block) {
		for _, v := range b.Values {
			for i, a := range v.Args {
				switch v.Op {
				case ssa.OpAddPtr, ssa.OpAddPtrVar, ssa.OpNonNull, ssa.OpSetCond:
					continue
				}
				in := s.inst(v)
				memory := i == 0 && in.Width != 0 && v.Op.Info().Effect != ssa.Pure || in.Op == ssa.OpZero
				for slot := range from[a.ID] {
					if !memory && !in.isCall() {
						slot.pinned = true
					}
					named := memory && in.A.Mode == InSlot
					if !named && !slices.Contains(in.touches, slot) {
						in.touches = append(in.touches, slot)
					}
				}
			}
		}
	})
	// Map order must not show.
	s.reachable(blocks, func(b *ssa.Block, _ *Block) {
		for _, v := range b.Values {
			touches := s.inst(v).touches
			slices.SortFunc(touches, func(a, b *Slot) int { return cmp.Compare(a.Object.ID, b.Object.ID) })
		}
	})
}
