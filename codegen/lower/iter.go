package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// An iterator's program is handed a struct of which each member fills a slot of 8
// bytes: first what describes the iteration, then the object and what belongs to it.
// After the last object it runs once more without one.

const iterSlot = 8

// iterates tells whether x is the context of an iterator.
func (b *Builder) iterates(x Operand) bool {
	return b.Context().Program == check.ProgIter && x.Remote && x.Place.Ptr.Type.Kind == ssa.Ctx
}

// iterField loads a member of an iterator's context. A pointer that is not there
// ends the run, as there is nothing to look at then.
func (b *Builder) iterField(x Operand, f types.Field, t types.Type) Operand {
	i, scalar := types.AsInt(t)
	if !scalar {
		x.Place.Off += int64(f.Offset)
		x.Type, x.Place.Type = t, t
		return x
	}
	v := b.Load(uint8(i.Bits), x.Place.Ptr, x.Place.Off+int64(f.Offset))
	if _, ok := t.(types.Pointer); !ok {
		return Value(b.normal(v, i), t)
	}
	// The verifier knows of members that may be missing, and wants to see the check.
	v.Type = b.pointee(t, ssa.BTFOrNull)
	missing := b.Func.NewBlock()
	v = b.NonNull(v, missing)
	here := b.Block
	b.enter(missing)
	b.Exit()
	b.SetBlock(here)
	return Value(v, t)
}

// filterOwner leaves out what belongs to other processes than that of -p, where the kernel
// does not do so itself. It comes before all else: nothing is open that a run without an
// object would have to close.
func (b *Builder) filterOwner() {
	owner, pid := b.Context().Owner, b.Options().PID
	if owner == nil || pid == 0 || b.Has(feature.IteratorPID) {
		return
	}
	exit, ok := b.fn.exit, b.Func.NewBlock()
	b.fn.exit = b.fn.out
	id := b.Member(Value(b.Ctx(), b.Context().Ctx), owner...)
	b.BranchImm(ssa.EQ, b.scalar(id), int64(pid), ok, b.fn.out)
	b.fn.exit = exit
	b.enter(ok)
}

// Arguments of bpf_ringbuf_query.
const (
	ringAvailData = 0
	ringSize      = 1
)

// throttle ends a run for which the ring buffer may have no room, with a result that
// makes the kernel stop, and begin with the same object when it is read again. So
// nothing is lost, however much there is to tell. It comes before all else, which
// would be done twice.
func (b *Builder) throttle() {
	m := b.unit.kernel[eventsName]
	if b.Context().Program != check.ProgIter || m == nil {
		return
	}
	retry, ask, start := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	// The run behind the last object can't be had again.
	b.BranchImm(ssa.EQ, b.Load(64, b.Ctx(), iterSlot), 0, start, ask)
	b.enter(ask)
	ring := b.MapPtr(m)
	used := b.Call(ssa.HelperRingbufQuery, ring, b.Const(ringAvailData))
	size := b.Call(ssa.HelperRingbufQuery, ring, b.Const(ringSize))
	b.Branch(ssa.UGT, used, b.Bin(ssa.OpRsh, size, b.Const(1)), retry, start)
	b.enter(retry)
	b.Return(b.Const(1))
	b.enter(start)
}
