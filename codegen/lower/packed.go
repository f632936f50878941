package lower

import (
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/types"
)

// maxPacked is up to which size, in bytes, a payload is put together in scratch,
// which others need as well.
const maxPacked = maxScratch / 4

// emitPacked writes an event whose record is as long as what its strings hold. A
// reservation has to say its size before anything is read, so the record is put
// together in scratch and then copied: one call, and the copy of some dozen bytes
// costs less than the room for a thousand.
func (b *Builder) emitPacked(ev *plan.Event, fixed *types.Tuple, packed []int, args []Arg, otherwise func()) {
	start := int64(plan.HeaderSize + fixed.Size())
	size := start
	for _, i := range packed {
		size += int64(ev.Payload.Elems[i].Size())
	}
	rec := Place{Ptr: b.scratchPtr(), Off: b.prog.scratch.alloc(size), Loose: true}
	b.header(rec, b.unit.event(ev))
	head := rec.At(plan.HeaderSize, fixed)
	firstLength := len(fixed.Elems) - len(packed)
	next, n := 0, 0
	used := b.Const(start) // of the record
	for i, a := range args {
		if n == len(packed) || packed[n] != i {
			b.argInto(a, head.Elem(next))
			next++
			continue
		}
		most := int64(a.Type.Size())
		dst := rec.At(int(start), a.Type)
		if n > 0 {
			base := b.span(rec, size)
			t := base.Type
			t.Size = int32(most)
			dst = Place{Ptr: b.Value(ssa.OpAddPtrVar, t, 0, base, used), Type: a.Type, Loose: true, Unaligned: true}
		}
		length := b.usedInto(a, dst, most)
		b.Set(head.Elem(firstLength+n), length)
		used = b.Bin(ssa.OpAdd, used, length)
		n++
	}
	ring := b.unit.kernelMap(eventsMap)
	got := b.Call(ssa.HelperRingbufOutput, b.MapPtr(ring), b.span(rec, size), used, b.Const(wakeup(ev)))
	full, done := b.Func.NewBlock(), b.Func.NewBlock()
	from := b.Block
	b.BranchImm(ssa.NE, got, 0, full, done)
	unlikely(from)
	b.enter(full)
	otherwise()
	b.Jump(done)
	b.enter(done)
}

// usedInto writes an argument of at most most bytes to dst, and gives how many of
// them mean anything.
func (b *Builder) usedInto(a Arg, dst Place, most int64) *ssa.Value {
	// In memory, as it may be said on several paths, or on none.
	said := b.FrameAddr(b.Func.NewSlot("length", 8, 8), 0)
	b.StoreImm(64, said, 0, most)
	dst.Used = func(n *ssa.Value) { b.Store(64, said, 0, n) }
	b.argInto(a, dst)
	n := b.Load(64, said, 0)
	// An error is a great number.
	return b.Choose(ssa.ULE, n, b.Const(most), func() *ssa.Value { return n }, func() *ssa.Value { return b.Const(0) })
}
