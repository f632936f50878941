package lower

import (
	"fmt"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/feature"
)

// scratchCopies is how many runs of a uprobe program may be under way on one CPU:
// they run preemptibly since Linux 6.0, so that another task can enter the same
// program while one is in it. All other programs can't be entered twice on a
// CPU: the kernel skips the inner run and counts it.
const scratchCopies = 4

// maxScratch is the greatest value a per-CPU map can have: PCPU_MIN_UNIT_SIZE.
const maxScratch = 32 << 10

// scratch lays out the per-CPU memory of one program. It is a stack: what a
// statement needs is free again at its end.
type scratch struct {
	top, size int64
	// tail is how far past a value's end the verifier believes a write may go.
	tail int64
	m    *ssa.Map
}

func (s *scratch) alloc(n int64) int64 {
	off := s.top
	s.top += (n + 7) &^ 7
	s.size = max(s.size, s.top)
	return off
}

// scratchPtr is the address of the program's scratch. The code that finds it goes
// before the body once it is known that it is needed; see openScratch.
func (b *Builder) scratchPtr() *ssa.Value {
	if b.fn.scratch != nil {
		return b.fn.scratch
	}
	if b.fn.parent != nil {
		b.fn.scratch = b.captured(captureScratch, func(p *Builder) *ssa.Value { return p.scratchPtr() })
		return b.fn.scratch
	}
	b.prog.scratch.m = b.unit.kernelMap(plan.Map{
		Name: fmt.Sprintf(".scratch_p%d", b.prog.index), Kind: plan.Scratch, Type: ebpf.PerCPUArray, KeySize: 4, MaxEntries: 1,
	})
	b.fn.scratch = b.Func.NewValue(nil, ssa.OpNonNull, ssa.Type{Kind: ssa.Mem, Size: maxScratch})
	return b.fn.scratch
}

// nested tells whether the program can be entered while it runs on the same CPU: that
// of uprobes (kernels without bpf_loop, below 5.17, run them with preemption off), and
// one that is pinned, by several readers (below 5.11 with preemption off).
func (b *Builder) nested() bool {
	return b.Context().User && b.Has(feature.Loop) || b.Context().Detached && b.Has(feature.AtomicFetch)
}

// busy is the offset of the word that tells that a copy is in use.
func (b *Builder) busy() int64 { return b.prog.scratch.size + b.prog.scratch.tail }

// openScratch ends the prologue: it finds the scratch, if the body turned out to
// need it, and goes on to start.
func (b *Builder) openScratch(start *ssa.Block) {
	s := &b.prog.scratch
	if b.fn.scratch == nil {
		b.Jump(start)
		return
	}
	total := b.busy()
	m := b.unit.plan.Maps[s.m.Index]
	if b.nested() {
		total += 8
		m.MaxEntries = scratchCopies
	}
	m.ValueSize = uint32(total)
	s.m.ValueSize = int32(total)
	if total > maxScratch {
		b.fail(b.Span, "the values of this probe need %d bytes at once, and there is room for %d", total, maxScratch).
			WithHint("use shorter strings: a smaller max_strlen, or str() with a length")
	}
	ptr := b.fn.scratch
	ptr.Type.Size = int32(total)
	key := b.FrameAddr(b.Func.NewSlot("scratch key", 4, 4), 0)
	copies := int64(m.MaxEntries)
	if copies == 1 {
		b.StoreImm(32, key, 0, 0)
		b.checked(ptr, b.lookup(s.m, key), b.fn.out)
		b.Jump(start)
		return
	}
	found := b.Func.NewBlock()
	ptr.Op, ptr.Block = ssa.OpParam, found
	found.Params = []*ssa.Value{ptr}
	for i := range copies {
		b.StoreImm(32, key, 0, i)
		at := b.NonNull(b.lookup(s.m, key), b.fn.out)
		taken := b.Value(ssa.OpAtomicXchg, ssa.Type{Kind: ssa.Scalar}, b.busy(), at, b.Const(1))
		taken.Width = 64
		next := b.Func.NewBlock()
		from := b.Block
		b.BranchImm(ssa.EQ, taken, 0, found, next)
		from.Term.Succs[0].Args = []*ssa.Value{at}
		b.enter(next)
	}
	b.Count(b.Loss(fmt.Sprintf("runs of a probe were skipped, as %d others of it were under way on the CPU", copies)))
	b.Jump(b.fn.out)
	b.enter(found)
	b.Jump(start)
}

// checked makes v, whose users exist already, the checked form of ptr.
func (b *Builder) checked(v, ptr *ssa.Value, null *ssa.Block) {
	nn := b.NonNull(ptr, null)
	v.Block, v.Args = nn.Block, nn.Args
	for i, x := range v.Block.Values {
		if x == nn {
			v.Block.Values[i] = v
		}
	}
}

// closeScratch gives the copy back.
func (b *Builder) closeScratch() {
	if b.fn.scratch != nil && b.nested() && b.Reachable() {
		b.StoreImm(64, b.fn.scratch, b.busy(), 0)
	}
}

func (b *Builder) lookup(m *ssa.Map, key *ssa.Value) *ssa.Value {
	ptr := b.Call(ssa.HelperMapLookup, b.MapPtr(m), key)
	ptr.Type.Size = m.ValueSize
	return ptr
}
