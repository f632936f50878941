package opt

import (
	"slices"

	"sonde/codegen/ssa"
)

// deadStores drops stores, zeroing and calls that only fill memory, where no path
// reads the bytes before they are written again. Zeroing shrinks to the bytes
// that count. It looks at memory whose every use is in sight: frame slots that
// don't escape, and ring buffer records, which are read when they are submitted.
func deadStores(f *ssa.Func) bool {
	d := &storeKiller{f: f, first: map[any]int{}, size: map[any]int64{}, uses: f.UseCounts(), escaped: f.EscapedSlots()}
	for _, b := range f.Blocks {
		d.overwritten(b)
	}
	d.findObjects()
	if d.total == 0 {
		return d.changed
	}
	out := d.liveness()
	for _, b := range f.Blocks {
		d.sweep(b, out[b.ID])
	}
	return d.changed
}

// overwritten drops stores to memory that others can see, when the same block
// writes it all again before anything can look.
func (d *storeKiller) overwritten(b *ssa.Block) {
	var later []access // what is written further down, unread until then
	al := &aliases{d.escaped}
	dead := map[*ssa.Value]bool{}
	for i := len(b.Values) - 1; i >= 0; i-- {
		v := b.Values[i]
		if v.Op == ssa.OpCall && v.Effect() != ssa.Stable || v.Op == ssa.OpKfunc || v.Op == ssa.OpSubcall {
			later = nil
			continue
		}
		acc := accesses(v)
		if len(acc) == 0 {
			continue
		}
		a := &acc[0]
		if a.reads {
			later = slices.DeleteFunc(later, func(w access) bool { return al.may(&w, a) })
		}
		if a.reads || !a.full || !a.exact() || a.kind != ssa.Mem {
			continue
		}
		if slices.ContainsFunc(later, func(w access) bool {
			return sameBase(&w, a) && w.ptr.Off <= a.ptr.Off && a.ptr.Off+a.n <= w.ptr.Off+w.n
		}) {
			dead[v] = true
			continue
		}
		later = append(later, *a)
	}
	if len(dead) > 0 {
		b.Filter(func(v *ssa.Value) bool { return !dead[v] })
		d.changed = true
	}
}

type storeKiller struct {
	f *ssa.Func
	// first is the number of an object's first byte, size its length. Objects are
	// *ssa.Slot, or the *ssa.Value that reserves a record.
	first   map[any]int
	size    map[any]int64
	total   int
	uses    []int
	escaped []bool // slots
	changed bool
}

func (d *storeKiller) findObjects() {
	add := func(object any, size int64) {
		d.first[object], d.size[object] = d.total, size
		d.total += int(size)
	}
	for _, s := range d.f.Slots {
		if !d.escaped[s.ID] {
			add(s, int64(s.Size))
		}
	}
	for _, b := range d.f.Blocks {
		for _, v := range b.Values {
			if v.Type.Record && v.Type.Kind == ssa.MemOrNull {
				add(v, int64(v.Type.Size))
			}
		}
	}
}

// bytes gives the numbers of the bytes that a covers; whole says that it is the
// place that is known exactly.
func (d *storeKiller) bytes(a *access) (lo, hi int, exact, tracked bool) {
	var object any = a.ptr.Slot
	if a.ptr.Slot == nil {
		object = a.ptr.Base
	}
	first, tracked := d.first[object]
	if !tracked {
		return 0, 0, false, false
	}
	size := d.size[object]
	switch {
	case !a.ptr.Exact || a.ptr.Off < 0 || a.ptr.Off+a.n > size:
		return first, first + int(size), false, true
	case a.n < 0:
		return first + int(a.ptr.Off), first + int(size), false, true
	}
	return first + int(a.ptr.Off), first + int(a.ptr.Off+a.n), true, true
}

// liveness gives the bytes that are read after the end of each block.
func (d *storeKiller) liveness() []ssa.Set {
	in := make([]ssa.Set, d.f.NumBlocks())
	out := make([]ssa.Set, d.f.NumBlocks())
	for _, b := range d.f.Blocks {
		in[b.ID], out[b.ID] = ssa.NewSet(d.total), ssa.NewSet(d.total)
	}
	order := d.f.Postorder()
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			for _, e := range b.Term.Succs {
				out[b.ID].Union(in[e.To.ID])
			}
			live := out[b.ID].Copy()
			for i := len(b.Values) - 1; i >= 0; i-- {
				d.step(b.Values[i], live)
			}
			changed = in[b.ID].Union(live) || changed
		}
	}
	return out
}

// step goes back over v.
func (d *storeKiller) step(v *ssa.Value, live ssa.Set) {
	if first, ok := d.first[v]; ok { // nothing of a record is left from before
		live.RemoveRange(first, first+int(d.size[v]))
	}
	acc := accesses(v)
	for i := range acc {
		if lo, hi, exact, ok := d.bytes(&acc[i]); ok && exact && acc[i].full {
			live.RemoveRange(lo, hi)
		}
	}
	for i := range acc {
		if lo, hi, _, ok := d.bytes(&acc[i]); ok && acc[i].reads {
			live.AddRange(lo, hi)
		}
	}
}

// sweep rewrites a block, from its end, where live is what is read later.
func (d *storeKiller) sweep(b *ssa.Block, live ssa.Set) {
	live = live.Copy()
	var kept []*ssa.Value // from the end
	for i := len(b.Values) - 1; i >= 0; i-- {
		v := b.Values[i]
		switch {
		case d.dead(v, live):
			d.changed = true
			continue
		case v.Op == ssa.OpZero:
			pieces, shrunk := d.shrink(v, live)
			if shrunk {
				d.changed = true
				for j := len(pieces) - 1; j >= 0; j-- {
					kept = append(kept, pieces[j])
				}
				d.step(v, live)
				continue
			}
		}
		kept = append(kept, v)
		d.step(v, live)
	}
	b.Values = b.Values[:0:0]
	for i := len(kept) - 1; i >= 0; i-- {
		b.Values = append(b.Values, kept[i])
	}
}

// dead tells whether v only writes bytes that nobody reads.
func (d *storeKiller) dead(v *ssa.Value, live ssa.Set) bool {
	switch v.Op {
	case ssa.OpStore, ssa.OpStoreImm, ssa.OpZero, ssa.OpAtomicAdd, ssa.OpAtomicOr:
	case ssa.OpCall:
		if !fillsOnly(v) || d.uses[v.ID] > 0 {
			return false
		}
	default:
		return false
	}
	for _, a := range accesses(v) {
		if !a.writes {
			continue
		}
		lo, hi, _, ok := d.bytes(&a)
		if !ok || live.HasAny(lo, hi) {
			return false
		}
	}
	return true
}

// shrink leaves of a zeroing what is read later, by words of 8 bytes counted
// from the object's start: a word costs one store, whole or, where the live bytes
// allow it, in part.
func (d *storeKiller) shrink(v *ssa.Value, live ssa.Set) (pieces []*ssa.Value, shrunk bool) {
	a := accesses(v)[0]
	lo, hi, exact, ok := d.bytes(&a)
	if !ok || !exact || live.HasAll(lo, hi) {
		return nil, false
	}
	type run struct{ off, n int64 } // from the start of what v zeroes
	var runs []run
	for off := int64(0); off < a.n; {
		end := min(off+8-(a.ptr.Off+off)%8, a.n)
		from, to := off, end
		for from < to && !live.Has(lo+int(from)) {
			from++
		}
		for from < to && !live.Has(lo+int(to)-1) {
			to--
		}
		if from < to {
			r := run{from, to - from}
			if at := a.ptr.Off + from; !oneStore(at, r.n) {
				r = run{off, end - off}
			}
			if k := len(runs) - 1; k >= 0 && runs[k].off+runs[k].n == r.off {
				runs[k].n += r.n
			} else {
				runs = append(runs, r)
			}
		}
		off = end
	}
	if len(runs) == 1 && runs[0].off == 0 && runs[0].n == a.n {
		return nil, false
	}
	for i := range runs {
		p := v
		if i > 0 {
			p = d.f.NewValue(v.Block, ssa.OpZero, v.Type)
			p.Args, p.Span, p.Comment = []*ssa.Value{v.Args[0]}, v.Span, v.Comment
		}
		pieces = append(pieces, p)
	}
	base := v.Imm
	for i, r := range runs {
		pieces[i].Imm, pieces[i].Aux = base+r.off, r.n
	}
	return pieces, true
}

// oneStore tells whether n bytes at that offset can be written at once.
func oneStore(off, n int64) bool {
	return (n == 1 || n == 2 || n == 4 || n == 8) && off%n == 0
}
