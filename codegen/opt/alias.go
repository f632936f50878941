package opt

import "sonde/codegen/ssa"

// access is a piece of memory that an operation reads or writes.
type access struct {
	ptr ssa.Pointer
	// n bytes from ptr on; -1 when not known.
	n    int64
	kind ssa.Kind // of the pointer
	// reads and writes; full when all n bytes are surely written.
	reads, writes, full bool
}

// exact tells whether the place and the length are known.
func (a *access) exact() bool { return a.ptr.Exact && a.n >= 0 }

// clobber is what a call may change besides what its arguments say.
type clobber struct {
	kernel  bool // kernel memory, escaped slots, all maps
	mapped  bool // maps: all, or only number index when that is ≥ 0
	index   int
	members bool // which elements the maps have
}

// accesses lists the memory that v touches through its arguments.
func accesses(v *ssa.Value) []access {
	at := func(ptr *ssa.Value, off, n int64) access {
		p := ssa.PointsTo(ptr)
		p.Off += off
		return access{ptr: p, n: n, kind: ptr.Type.Kind}
	}
	n := int64(v.Width / 8)
	switch v.Op {
	case ssa.OpLoad:
		a := at(v.Args[0], v.Imm, n)
		a.reads = true
		return []access{a}
	case ssa.OpStore, ssa.OpStoreImm:
		a := at(v.Args[0], v.Imm, n)
		a.writes, a.full = true, true
		return []access{a}
	case ssa.OpZero:
		a := at(v.Args[0], v.Imm, v.Aux.(int64))
		a.writes, a.full = true, true
		return []access{a}
	case ssa.OpAtomicAdd, ssa.OpAtomicFetchAdd, ssa.OpAtomicOr, ssa.OpAtomicXchg:
		a := at(v.Args[0], v.Imm, n)
		a.reads, a.writes, a.full = true, true, true
		return []access{a}
	case ssa.OpSubcall:
		var list []access
		for _, arg := range v.Args {
			if isMemory(arg) {
				a := at(arg, 0, -1)
				a.reads, a.writes = true, true
				list = append(list, a)
			}
		}
		return list
	case ssa.OpCall, ssa.OpKfunc:
		return callAccesses(v, at)
	}
	return nil
}

func isMemory(v *ssa.Value) bool { return v.Type.Kind == ssa.Frame || v.Type.Kind == ssa.Mem }

func callAccesses(v *ssa.Value, at func(*ssa.Value, int64, int64) access) []access {
	h := v.Callee()
	var list []access
	for i, arg := range v.Args {
		if !isMemory(arg) {
			continue
		}
		n, known := v.ArgLen(i)
		if !known {
			n = -1
		}
		a := at(arg, 0, n)
		a.reads, a.writes = h.ReadsArg>>i&1 != 0, h.WritesArg>>i&1 != 0
		a.full = a.writes && known && h.PartArg>>i&1 == 0
		if !a.reads && !a.writes || i < len(h.Args) && h.Args[i] == ssa.ArgOpaque {
			// Given back, passed to a callback, or of unknown use.
			a.reads, a.writes, a.full, a.n = true, true, false, -1
		}
		list = append(list, a)
	}
	return list
}

// clobbers tells what else v may change.
func clobbers(v *ssa.Value) clobber {
	all := clobber{kernel: true, mapped: true, index: -1, members: true}
	if v.Op == ssa.OpSubcall {
		return all
	}
	h := v.Callee()
	if h == nil || h.Effect != ssa.Writes {
		return clobber{}
	}
	if h.Args == nil {
		return all
	}
	c := clobber{index: -1}
	for i, k := range h.Args {
		switch k {
		case ssa.ArgFunc, ssa.ArgOpaque:
			return all
		case ssa.ArgMap:
			c.mapped, c.members = true, true
			if a := v.Args[i]; a.Op == ssa.OpMapPtr {
				c.index = a.Aux.(*ssa.Map).Index
			}
		}
	}
	// A helper that neither fills memory nor works on a map acts on the system.
	c.kernel = !c.mapped && h.WritesArg == 0 && (len(v.Args) == 0 || !v.Args[0].Type.Record)
	return c
}

// fillsOnly tells calls that do nothing but write the memory their arguments
// name, so that they can go when nobody reads it.
func fillsOnly(v *ssa.Value) bool {
	h := v.Callee()
	if v.Op != ssa.OpCall || h.Args == nil || h.WritesArg == 0 {
		return false
	}
	for _, k := range h.Args {
		switch k {
		case ssa.ArgAny, ssa.ArgCtx, ssa.ArgMem, ssa.ArgSize, ssa.ArgLong:
		default:
			return false
		}
	}
	return true
}

// aliases answers whether two pieces of memory may overlap.
type aliases struct{ escaped []bool }

func (al *aliases) may(a, b *access) bool {
	fa, fb := a.kind == ssa.Frame, b.kind == ssa.Frame
	ma, mb := a.kind == ssa.Mem, b.kind == ssa.Mem
	switch {
	case fa && fb:
		if a.ptr.Slot == nil || b.ptr.Slot == nil {
			return a.ptr.Slot == b.ptr.Slot || al.open(a.ptr.Slot) || al.open(b.ptr.Slot)
		}
		return a.ptr.Slot == b.ptr.Slot && overlap(a, b)
	case ma && mb:
		return mayShareValue(a, b)
	}
	return false // memory of different kinds; nobody writes context or kernel memory
}

func (al *aliases) open(s *ssa.Slot) bool { return s != nil && al.escaped[s.ID] }

// sameBase tells whether offsets in a and b count from one place.
func sameBase(a, b *access) bool {
	switch {
	case a.ptr.Slot != nil:
		return a.ptr.Slot == b.ptr.Slot
	case a.ptr.Map != nil && b.ptr.Map != nil:
		return a.ptr.Map.Index == b.ptr.Map.Index
	}
	return a.ptr.Base == b.ptr.Base
}

func mayShareValue(a, b *access) bool {
	if sameBase(a, b) {
		return overlap(a, b)
	}
	if a.ptr.Base.Type.Record || b.ptr.Base.Type.Record {
		return false // a record has one base only
	}
	i, j := mapIndex(a.ptr), mapIndex(b.ptr)
	return i < 0 || j < 0 || i == j
}

// mapIndex gives the map that a pointer goes into, or -1.
func mapIndex(p ssa.Pointer) int {
	if p.Map != nil {
		return p.Map.Index
	}
	if p.Base.Op == ssa.OpCall {
		for _, a := range p.Base.Args {
			if a.Op == ssa.OpMapPtr {
				return a.Aux.(*ssa.Map).Index
			}
		}
	}
	return -1
}

// overlap compares ranges that count from one place.
func overlap(a, b *access) bool {
	if !a.ptr.Exact || !b.ptr.Exact {
		return true
	}
	return (a.n < 0 || a.ptr.Off+a.n > b.ptr.Off) && (b.n < 0 || b.ptr.Off+b.n > a.ptr.Off)
}

// hits tells whether the call may change what is at a, beyond its arguments.
func (c clobber) hits(al *aliases, a *access) bool {
	switch a.kind {
	case ssa.Frame:
		return c.kernel && (a.ptr.Slot == nil || al.open(a.ptr.Slot))
	case ssa.Mem:
		if a.ptr.Base.Type.Record || !c.mapped {
			return false
		}
		i := mapIndex(a.ptr)
		return c.index < 0 || i < 0 || i == c.index
	case ssa.BTF, ssa.BTFOrNull:
		return c.kernel
	}
	return false
}
