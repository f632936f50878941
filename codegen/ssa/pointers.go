package ssa

// Pointer is what is known about where a pointer points: Off bytes from where
// Base begins, or somewhere behind Base when Exact is false.
type Pointer struct {
	// Base is the value the pointer derives from: a call, load, parameter or other
	// value that is no pointer arithmetic. OpFrameAddr and OpMapValue count as bases
	// at offset 0 of their Slot and Map.
	Base  *Value
	Slot  *Slot // set for OpFrameAddr
	Map   *Map  // set for OpMapValue
	Off   int64
	Exact bool
}

// PointsTo follows pointer arithmetic back to its base.
func PointsTo(v *Value) Pointer {
	p := Pointer{Exact: true}
	for {
		switch v.Op {
		case OpAddPtr:
			p.Off += v.Imm
			v = v.Args[0]
		case OpAddPtrVar:
			p.Exact = false
			v = v.Args[0]
		case OpNonNull:
			v = v.Args[0]
		default:
			p.Base = v
			switch v.Op {
			case OpFrameAddr:
				p.Slot = v.Aux.(*Slot)
				p.Off += v.Imm
			case OpMapValue:
				p.Map = v.Aux.(*Map)
				p.Off += v.Imm
			}
			return p
		}
	}
}

// ArgLen gives how many bytes behind argument i a call may touch; ok is false
// when that isn't known.
func (v *Value) ArgLen(i int) (n int64, ok bool) {
	h := v.Callee()
	if h == nil || i >= len(h.Args) {
		return 0, false
	}
	switch h.Args[i] {
	case ArgLong:
		return 8, true
	case ArgMem:
		if i+1 < len(v.Args) && v.Args[i+1].Op == OpConst {
			return v.Args[i+1].Imm, true
		}
	case ArgKey, ArgValue:
		for j, k := range h.Args {
			if k != ArgMap || j >= len(v.Args) || v.Args[j].Op != OpMapPtr {
				continue
			}
			m := v.Args[j].Aux.(*Map)
			if h.Args[i] == ArgKey {
				return int64(m.KeySize), m.KeySize > 0
			}
			return int64(m.ValueSize), m.ValueSize > 0
		}
	}
	return 0, false
}

// EscapedSlots tells, by slot id, whose address goes where it is not followed:
// stored, passed over an edge, to a subprogram or callback, or to a helper that
// says nothing about that argument. Other slots are touched by nothing but the
// values that PointsTo leads back to them.
func (f *Func) EscapedSlots() []bool {
	escaped := make([]bool, len(f.Slots))
	mark := func(v *Value) {
		if p := PointsTo(v); p.Slot != nil {
			escaped[p.Slot.ID] = true
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			switch v.Op {
			case OpStore, OpAtomicXchg:
				mark(v.Args[1])
			case OpSubcall, OpPtrInt:
				for _, a := range v.Args {
					mark(a)
				}
			case OpCall, OpKfunc:
				h := v.Callee()
				for i, a := range v.Args {
					if (h.ReadsArg|h.WritesArg)>>i&1 == 0 || i < len(h.Args) && h.Args[i] == ArgOpaque {
						mark(a)
					}
				}
			}
		}
		for _, e := range b.Term.Succs {
			for _, a := range e.Args {
				mark(a)
			}
		}
	}
	return escaped
}
