package ssagen

import "sonde/codegen/ssa"

// record reserves a ring buffer record, fills it and gives it back.
func (g *gen) record() {
	f := g.b.Func
	size := int64(8 * (1 + g.r.IntN(4)))
	v := g.b.Call(ssa.HelperRingbufReserve, g.b.MapPtr(Events), g.b.Const(size), g.b.Const(0))
	v.Type.Size = int32(size)
	null := f.NewBlock()
	scalars := len(g.scalars)
	p := g.b.NonNull(v, null)
	if g.chance(2) {
		g.zero(p, 0, size)
		g.pieces(p, 0, size, 2)
	} else {
		g.pieces(p, 0, size, 0)
	}
	if g.chance(4) {
		yes, join := f.NewBlock(), f.NewBlock()
		g.condition(yes, join)
		g.to(yes)
		off, width := g.at(size)
		g.store(p, off, width)
		g.b.Jump(join)
		g.to(join)
	}
	h := ssa.HelperRingbufSubmit
	if g.chance(5) {
		h = ssa.HelperRingbufDiscard
	}
	g.b.Call(h, p, g.b.Const(1))
	g.scalars = g.scalars[:scalars]
	g.b.Jump(null)
	g.to(null)
}

// call uses a helper that gives a number.
func (g *gen) call() {
	if g.o.Kernel {
		return
	}
	h := pick(g, []*ssa.Helper{ssa.HelperPidTgid, ssa.HelperUidGid, ssa.HelperSMPID, ssa.HelperKtime, ssa.HelperPrandom, ssa.HelperCurrentTaskBTF})
	v := g.b.Call(h)
	if h != ssa.HelperCurrentTaskBTF {
		g.scalars = append(g.scalars, v)
		return
	}
	for range 1 + g.r.IntN(2) {
		off, width := g.at(1024)
		g.load(v, off, width)
	}
}

// fill has a helper write a slot: the kernel refuses to read at small addresses,
// and zeroes the slot then.
func (g *gen) fill() {
	slots := len(g.slots)
	s := g.makeSlot(16)
	if len(g.slots) == slots {
		g.slots = append(g.slots, s)
	}
	p, size := g.b.FrameAddr(s, 0), g.b.Const(16)
	addr := g.b.Const(int64(g.r.IntN(4096)))
	if !g.o.Kernel && g.chance(2) {
		addr = g.expr(1)
	}
	h := pick(g, []*ssa.Helper{ssa.HelperProbeReadKernel, ssa.HelperReadKernelStr})
	args := []*ssa.Value{p, size, addr}
	if !g.o.Kernel && g.chance(2) {
		h, args = ssa.HelperComm, args[:2]
	}
	v := g.b.Call(h, args...)
	if g.chance(2) {
		g.scalars = append(g.scalars, v)
	}
	if g.chance(2) {
		off, width := g.at(16)
		g.load(p, off, width)
	}
}

// HelperLoop is bpf_loop: it runs a callback several times.
var HelperLoop = &ssa.Helper{Name: "loop", ID: 181, Effect: ssa.Writes, ReadsArg: 1 << 2, WritesArg: 1 << 2,
	Args: []ssa.ArgKind{ssa.ArgAny, ssa.ArgFunc, ssa.ArgOpaque, ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar}}

// callOwn calls a subprogram or has the callback run, with memory of ours.
func (g *gen) callOwn() {
	slots := len(g.slots)
	p := g.b.FrameAddr(g.makeSlot(sharedSize), 0)
	var v *ssa.Value
	switch {
	case g.subprogram != nil && (g.callback == nil || g.chance(2)):
		v = g.b.Value(ssa.OpSubcall, ssa.Type{Kind: ssa.Scalar}, 0, g.expr(1), p)
		v.Aux = g.subprogram
	case g.callback != nil && g.loops == 0:
		f := g.b.Value(ssa.OpFuncAddr, ssa.Type{Kind: ssa.FuncPtr}, 0)
		f.Aux = g.callback
		// Not 0 times: kernel 6.18 then forgets the callback and fails to load.
		v = g.b.Call(HelperLoop, g.b.Const(1+int64(g.r.IntN(3))), f, p, g.b.Const(0))
	default:
		return
	}
	g.scalars = append(g.scalars, v)
	if len(g.slots) == slots && g.chance(2) {
		off, width := g.at(sharedSize)
		g.load(p, off, width)
	}
}
