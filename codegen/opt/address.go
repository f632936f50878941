package opt

import "sonde/codegen/ssa"

// foldAddresses moves constant offsets from pointer arithmetic into the loads and
// stores that use it, and makes chains of it one step. Offsets into a map's value
// all count from its start, so that one address serves them all.
func foldAddresses(f *ssa.Func) bool {
	changed := false
	same := ssa.Replacements{}
	for _, b := range f.Blocks {
		for i := 0; i < len(b.Values); i++ {
			v := b.Values[i]
			switch {
			case v.Op == ssa.OpAddPtr && v.Imm == 0: // it only says that less is left
				same[v] = v.Args[0]
			case v.Op == ssa.OpAddPtr:
				changed = shorten(v) || changed
			case isAccess(v):
				for absorb(v) {
					changed = true
				}
				if start := valueStart(b, v); start != nil {
					b.Values = append(b.Values[:i:i], append([]*ssa.Value{start}, b.Values[i:]...)...)
					v.Imm += v.Args[0].Imm
					v.Args[0] = start
					changed = true
					i++
				}
			}
		}
	}
	same.Apply(f)
	return changed || len(same) > 0
}

// isAccess tells the operations that take an address with an offset.
func isAccess(v *ssa.Value) bool {
	switch v.Op {
	case ssa.OpLoad, ssa.OpStore, ssa.OpStoreImm, ssa.OpZero, ssa.OpAtomicAdd, ssa.OpAtomicFetchAdd, ssa.OpAtomicOr, ssa.OpAtomicXchg:
		return true
	}
	return false
}

// fitsOffset tells whether an instruction can hold the offset: 16 bits, with
// room for what is added when a wide access is made of several.
func fitsOffset(n int64) bool { return n >= -1<<14 && n < 1<<14 }

// absorb takes the arithmetic that an access's address ends in into its offset.
func absorb(v *ssa.Value) bool {
	ptr := v.Args[0]
	if ptr.Op != ssa.OpAddPtr || !fitsOffset(v.Imm+ptr.Imm) {
		return false
	}
	v.Args[0] = ptr.Args[0]
	v.Imm += ptr.Imm
	return true
}

// shorten makes one step of two, and none of a step from a fixed address.
func shorten(v *ssa.Value) bool {
	switch from := v.Args[0]; from.Op {
	case ssa.OpAddPtr:
		v.Args[0] = from.Args[0]
		v.Imm += from.Imm
		return true
	case ssa.OpFrameAddr, ssa.OpMapValue:
		v.Op, v.Aux, v.Args = from.Op, from.Aux, nil
		v.Imm += from.Imm
		return true
	}
	return false
}

// valueStart gives the start of the map's value that an access goes into the
// middle of.
func valueStart(b *ssa.Block, v *ssa.Value) *ssa.Value {
	ptr := v.Args[0]
	if ptr.Op != ssa.OpMapValue || ptr.Imm == 0 || !fitsOffset(v.Imm+ptr.Imm) {
		return nil
	}
	m := ptr.Aux.(*ssa.Map)
	if m.ValueSize == 0 {
		return nil
	}
	start := b.Func.NewValue(b, ssa.OpMapValue, ssa.Type{Kind: ssa.Mem, Size: m.ValueSize})
	start.Aux, start.Span = m, v.Span
	return start
}
