package opt

import "sonde/codegen/ssa"

// storeImmediates makes stores of constants that need no register. The
// instruction holds 32 bits and extends their sign.
func storeImmediates(f *ssa.Func) bool {
	changed := false
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.Op != ssa.OpStore || !isConst(v.Args[1]) {
				continue
			}
			n := v.Args[1].Imm
			if v.Width == 64 && n != int64(int32(n)) {
				continue
			}
			v.Op, v.Aux, v.Args = ssa.OpStoreImm, n, v.Args[:1]
			changed = true
		}
	}
	return changed
}

// mergeStores makes one wider store of adjacent ones of constants, zeroing
// included, where nothing in between looks at the memory and the wider one is
// aligned.
func mergeStores(f *ssa.Func) bool {
	changed := false
	al := &aliases{f.EscapedSlots()}
	for _, b := range f.Blocks {
		for i := 0; i < len(b.Values); i++ {
			if isConstStore(b.Values[i]) && mergeAt(b, i, al) {
				changed = true
				i-- // the wider one may merge again
			}
		}
		b.Filter(func(v *ssa.Value) bool { return v.Op != ssa.OpInvalid })
	}
	return changed
}

// isConstStore tells stores of a known number of at most 8 bytes.
func isConstStore(v *ssa.Value) bool {
	return v.Op == ssa.OpStoreImm || v.Op == ssa.OpZero && oneStore(0, v.Aux.(int64)) && v.Aux.(int64) < 8
}

// content is the size in bytes and the number that a constant store writes.
func content(v *ssa.Value) (n int64, imm uint64) {
	if v.Op == ssa.OpZero {
		return v.Aux.(int64), 0
	}
	return int64(v.Width / 8), zextTo(v.Aux.(int64), v.Width)
}

// mergeAt merges the store at index i with the one after it that makes it twice
// as wide. The first one moves down to the second, so nothing in between may
// touch its place.
func mergeAt(b *ssa.Block, i int, al *aliases) bool {
	v := b.Values[i]
	n, imm := content(v)
	at := accesses(v)[0]
	if n >= 8 || !at.exact() {
		return false
	}
	for j := i + 1; j < len(b.Values); j++ {
		w := b.Values[j]
		if w.Op == ssa.OpInvalid {
			continue
		}
		acc := accesses(w)
		if isConstStore(w) && w.Args[0] == v.Args[0] {
			if m, more := content(w); m == n && acc[0].ptr.Off^at.ptr.Off == n && min(at.ptr.Off, acc[0].ptr.Off)%(2*n) == 0 && wideAligned(&at, n) {
				wide := imm | more<<(8*n)
				if acc[0].ptr.Off < at.ptr.Off {
					wide = more | imm<<(8*n)
				}
				if n < 4 || int64(wide) == int64(int32(wide)) {
					w.Imm = min(v.Imm, w.Imm)
					w.Op, w.Width, w.Aux = ssa.OpStoreImm, uint8(16*n), signExtend(wide, 16*n)
					v.Op = ssa.OpInvalid
					return true
				}
			}
		}
		if w.Effect() == ssa.Writes && clobbers(w).hits(al, &at) {
			return false
		}
		for k := range acc {
			if al.may(&acc[k], &at) {
				return false
			}
		}
	}
	return false
}

// wideAligned tells whether a store of 2n bytes may go where the lower of the two
// halves is: offsets count from something aligned to 8, except in slots.
func wideAligned(at *access, n int64) bool {
	if at.ptr.Slot != nil {
		return int64(at.ptr.Slot.Align)%(2*n) == 0
	}
	return at.ptr.Base.Op == ssa.OpCall || at.ptr.Map != nil
}

func signExtend(x uint64, width int64) int64 {
	shift := 64 - width
	return int64(x<<shift) >> shift
}
