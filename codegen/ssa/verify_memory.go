package ssa

func (vf *verifier) frameAddr(v *Value) {
	s, ok := v.Aux.(*Slot)
	if !ok || s.ID >= len(vf.f.Slots) || vf.f.Slots[s.ID] != s {
		vf.bad(v.Block, v, "names no slot of the function")
		return
	}
	if v.Imm < 0 || v.Imm > int64(s.Size) || v.Imm+int64(v.Type.Size) > int64(s.Size) {
		vf.bad(v.Block, v, "%d bytes from %d on don't lie in the slot's %d", v.Type.Size, v.Imm, s.Size)
	}
}

func (vf *verifier) mapValue(v *Value) {
	m, ok := v.Aux.(*Map)
	if !ok {
		vf.bad(v.Block, v, "names no map")
		return
	}
	if v.Imm < 0 || m.ValueSize > 0 && v.Imm+int64(v.Type.Size) > int64(m.ValueSize) {
		vf.bad(v.Block, v, "%d bytes from %d on don't lie in the value's %d", v.Type.Size, v.Imm, m.ValueSize)
	}
}

func (vf *verifier) addPtr(v *Value) {
	from, to := v.Args[0].Type, v.Type
	if from.Kind != to.Kind || from.Record != to.Record {
		vf.bad(v.Block, v, "turns %s into %s", from, to)
		return
	}
	if from.Kind != BTF && int64(to.Size) > int64(from.Size)-min(v.Imm, 0)-max(v.Imm, 0) {
		vf.bad(v.Block, v, "%d bytes are left of the %d behind %s", int64(from.Size)-v.Imm, from.Size, v.Args[0])
	}
}

// access checks that n bytes at ptr plus off may be touched.
func (vf *verifier) access(v, ptr *Value, off, n int64) {
	if n < 0 {
		vf.bad(v.Block, v, "%d bytes", n)
		return
	}
	t := ptr.Type
	if (t.Kind == Mem || t.Kind == Frame || t.Kind == Ctx && t.Size > 0) && off+n > int64(t.Size) {
		vf.bad(v.Block, v, "touches bytes up to %d of the %d behind %s", off+n, t.Size, ptr)
		return
	}
	if p := PointsTo(ptr); t.Kind != BTF && t.Kind != BTFOrNull && p.Exact && p.Off+off < 0 {
		vf.bad(v.Block, v, "touches bytes before the start of %s", p.Base)
	}
}

// width checks the access size of a load, store or atomic, and its alignment
// where the kernel insists: in the frame and the context.
func (vf *verifier) width(v *Value) {
	n := int64(v.Width / 8)
	if v.Width != 8 && v.Width != 16 && v.Width != 32 && v.Width != 64 {
		vf.bad(v.Block, v, "access of %d bits", v.Width)
		return
	}
	ptr := v.Args[0]
	vf.access(v, ptr, v.Imm, n)
	if p := PointsTo(ptr); p.Exact {
		aligned := (p.Off+v.Imm)%n == 0
		if p.Slot != nil {
			aligned = aligned && int64(p.Slot.Align)%n == 0
		}
		if !aligned && (p.Slot != nil || ptr.Type.Kind == Ctx) {
			vf.bad(v.Block, v, "access is not aligned")
		}
	}
}

func (vf *verifier) load(v *Value) {
	vf.width(v)
	if v.Type.Kind != Scalar && v.Width != 64 {
		vf.bad(v.Block, v, "a pointer has 64 bits")
	}
}

func (vf *verifier) store(v *Value) {
	vf.width(v)
	if v.Op == OpStoreImm {
		vf.number(v)
		return
	}
	switch t := v.Args[1].Type; {
	case t.Kind != Scalar && v.Width != 64:
		vf.bad(v.Block, v, "a pointer has 64 bits")
	case t.Record:
		vf.bad(v.Block, v, "a record's address can't be kept in memory")
	}
}

func (vf *verifier) atomic(v *Value) {
	vf.width(v)
	if v.Width < 32 {
		vf.bad(v.Block, v, "atomic access of %d bits", v.Width)
	}
	if n := int64(v.Width / 8); n > 0 {
		if p := PointsTo(v.Args[0]); p.Exact && (p.Off+v.Imm)%n != 0 {
			vf.bad(v.Block, v, "access is not aligned")
		}
	}
}

func (vf *verifier) zero(v *Value) {
	if n, ok := vf.number(v); ok {
		vf.access(v, v.Args[0], v.Imm, n)
	}
}

func (vf *verifier) number(v *Value) (int64, bool) {
	n, ok := v.Aux.(int64)
	if !ok {
		vf.bad(v.Block, v, "lacks its number")
	}
	return n, ok
}

// frameState is which bytes of the frame have been written on every path.
type frameState struct {
	first []int // the number of a slot's first byte, by slot id
	total int
	loose []bool // slots that something may write without our seeing it
}

// frame checks that no byte of the frame is read before it is written: kernels
// before 6.3 reject that, and later ones give garbage.
func (vf *verifier) frame() {
	fs := &frameState{}
	for _, s := range vf.f.Slots {
		fs.first = append(fs.first, fs.total)
		fs.total += int(s.Size)
	}
	if fs.total == 0 {
		return
	}
	fs.findLoose(vf.f)
	in := make([]Set, vf.f.NumBlocks())
	for _, b := range vf.f.Blocks {
		in[b.ID] = NewSet(fs.total)
		if b != vf.f.Entry() {
			in[b.ID].Fill()
		}
	}
	order := vf.f.ReversePostorder()
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			out := in[b.ID].Copy()
			for _, v := range b.Values {
				fs.step(v, out, nil)
			}
			for _, e := range b.Term.Succs {
				changed = in[e.To.ID].Intersect(out) || changed
			}
		}
	}
	for _, b := range order {
		state := in[b.ID].Copy()
		for _, v := range b.Values {
			fs.step(v, state, vf)
		}
	}
}

// findLoose marks slots that are touched at places we don't see: through an
// address that escapes, a variable offset, or by a call that doesn't say how far.
func (fs *frameState) findLoose(f *Func) {
	fs.loose = f.EscapedSlots()
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			h := v.Callee()
			if v.Op != OpAddPtrVar && (h == nil || h.Args != nil) {
				continue
			}
			for _, a := range v.Args {
				if p := PointsTo(a); p.Slot != nil {
					fs.loose[p.Slot.ID] = true
				}
			}
		}
	}
}

// step applies a value's writes to the state; with vf it checks its reads.
func (fs *frameState) step(v *Value, state Set, vf *verifier) {
	touch := func(ptr *Value, off, n int64, read, write bool) {
		p := PointsTo(ptr)
		if p.Slot == nil || !p.Exact || fs.loose[p.Slot.ID] {
			return
		}
		lo := fs.first[p.Slot.ID] + int(p.Off+off)
		hi := lo + int(n)
		if p.Off+off < 0 || p.Off+off+n > int64(p.Slot.Size) {
			return // reported elsewhere
		}
		if read && vf != nil && !state.HasAll(lo, hi) {
			for i := lo; i < hi; i++ {
				if !state.Has(i) {
					vf.bad(v.Block, v, "reads byte %d of slot s%d, which is not written on every path", i-fs.first[p.Slot.ID], p.Slot.ID)
					break
				}
			}
		}
		if write {
			state.AddRange(lo, hi)
		}
	}
	switch n := int64(v.Width / 8); v.Op {
	case OpLoad:
		touch(v.Args[0], v.Imm, n, true, false)
	case OpStore, OpStoreImm:
		touch(v.Args[0], v.Imm, n, false, true)
	case OpAtomicAdd, OpAtomicFetchAdd, OpAtomicOr, OpAtomicXchg:
		touch(v.Args[0], v.Imm, n, true, true)
	case OpZero:
		touch(v.Args[0], v.Imm, v.Aux.(int64), false, true)
	case OpCall, OpKfunc:
		h := v.Callee()
		for i, a := range v.Args {
			if n, ok := v.ArgLen(i); ok {
				touch(a, 0, n, h.ReadsArg>>i&1 != 0, h.WritesArg>>i&1 != 0)
			}
		}
	}
}
