package ssagen

import "sonde/codegen/ssa"

// newSlot makes a frame slot and writes all of it, often more than once.
func (g *gen) newSlot() { g.makeSlot(int32(8 * (1 + g.r.IntN(4)))) }

func (g *gen) makeSlot(size int32) *ssa.Slot {
	if len(g.b.Func.Slots) > 10 || g.small && len(g.b.Func.Slots) > 3 {
		for _, s := range g.slots {
			if s.Size >= size {
				return s
			}
		}
	}
	s := g.b.Func.NewSlot("", size, 8)
	p := g.b.FrameAddr(s, 0)
	if !g.chance(3) {
		g.zero(p, 0, int64(size))
		g.pieces(p, 0, int64(size), 2)
	} else {
		g.pieces(p, 0, int64(size), 0)
	}
	if g.b.Func.Slots[len(g.b.Func.Slots)-1] == s {
		g.slots = append(g.slots, s)
	}
	return s
}

func (g *gen) zero(p *ssa.Value, off, n int64) {
	g.b.Value(ssa.OpZero, ssa.Type{}, off, p).Aux = n
}

// pieces writes from off up to end by stores of all widths, leaving out about one
// in skip.
func (g *gen) pieces(p *ssa.Value, off, end int64, skip int) {
	for off < end {
		width := pick(g, []int64{1, 2, 4, 8})
		if off%width != 0 || off+width > end {
			continue
		}
		if skip == 0 || !g.chance(skip) {
			g.store(p, off, uint8(8*width))
		}
		off += width
	}
}

func (g *gen) store(p *ssa.Value, off int64, width uint8) {
	if off > 0 && g.chance(3) {
		k := int64(g.r.IntN(int(off) + 1))
		p, off = g.b.AddPtr(p, k), off-k
	}
	if g.chance(2) {
		n := g.number()
		if width == 64 {
			n = int64(int32(n))
		}
		g.b.StoreImm(width, p, off, n)
		return
	}
	g.b.Store(width, p, off, g.expr(1))
}

func (g *gen) load(p *ssa.Value, off int64, width uint8) {
	if off > 0 && g.chance(3) {
		k := int64(g.r.IntN(int(off) + 1))
		p, off = g.b.AddPtr(p, k), off-k
	}
	x := g.b.Load(width, p, off)
	g.scalars = append(g.scalars, x)
	if g.chance(3) {
		g.b.Def(pick(g, g.vars), x)
	}
}

func (g *gen) at(size int64) (off int64, width uint8) {
	w := pick(g, []int64{1, 2, 4, 8})
	return w * int64(g.r.IntN(int(size/w))), uint8(8 * w)
}

func (g *gen) useSlot() {
	if g.small && g.chance(2) {
		g.touch(g.shared, sharedSize, false)
		return
	}
	if len(g.slots) == 0 {
		return
	}
	s := pick(g, g.slots)
	g.touch(g.b.FrameAddr(s, 0), int64(s.Size), false)
}

// touch accesses memory of size bytes.
func (g *gen) touch(p *ssa.Value, size int64, shared bool) {
	for range 1 + g.r.IntN(3) {
		off, width := g.at(size)
		switch g.r.IntN(6) {
		case 0, 1:
			g.store(p, off, width)
		case 2:
			if n := size - off; g.chance(2) {
				g.zero(p, off, 1+int64(g.r.IntN(int(n))))
			}
		case 3:
			if width >= 32 && shared {
				g.atomic(p, off, width)
			}
		default:
			g.load(p, off, width)
		}
	}
}

func (g *gen) atomic(p *ssa.Value, off int64, width uint8) {
	op := pick(g, []ssa.Op{ssa.OpAtomicAdd, ssa.OpAtomicFetchAdd, ssa.OpAtomicOr, ssa.OpAtomicXchg})
	t := ssa.Type{}
	if op == ssa.OpAtomicFetchAdd || op == ssa.OpAtomicXchg {
		t.Kind = ssa.Scalar
	}
	v := g.b.Value(op, t, off, p, g.expr(1))
	if v.Width = width; t.Kind == ssa.Scalar {
		g.scalars = append(g.scalars, v)
	}
}

func (g *gen) globals() {
	size := int64(Globals.ValueSize)
	if g.chance(3) { // at an offset that is only known to be in bounds
		width := pick(g, []int64{1, 2, 4, 8})
		i := g.b.Bin(ssa.OpAnd, g.expr(2), g.b.Const(size/2-1))
		p := g.b.MapValue(Globals, 0, int32(size))
		q := g.b.Value(ssa.OpAddPtrVar, ssa.Type{Kind: ssa.Mem, Size: int32(size / 2)}, 0, p, i)
		if g.chance(2) {
			g.b.Store(uint8(8*width), q, 0, g.expr(1))
		} else {
			g.scalars = append(g.scalars, g.b.Load(uint8(8*width), q, int64(g.r.IntN(int(size/2-7)))))
		}
		return
	}
	off := int64(8 * g.r.IntN(4))
	g.touch(g.b.MapValue(Globals, off, int32(size-off)), size-off, true)
}

// key gives a slot that holds a key, one of few so that elements meet.
func (g *gen) key(m *ssa.Map) *ssa.Value {
	s := g.makeSlot(m.KeySize)
	p := g.b.FrameAddr(s, 0)
	for off := int64(0); off < int64(m.KeySize); off += 8 {
		x := g.b.Bin(ssa.OpAnd, g.expr(1), g.b.Const(1))
		if g.chance(3) {
			x = g.b.Const(int64(g.r.IntN(2)))
		}
		if g.chance(3) {
			g.b.Store(32, p, off, x)
			g.b.StoreImm(32, p, off+4, 0)
		} else {
			g.b.Store(64, p, off, x)
		}
	}
	return p
}

func (g *gen) hash() *ssa.Map { return pick(g, []*ssa.Map{Small, Wide}) }

// lookup uses an element when there is one, sometimes twice.
func (g *gen) lookup() {
	m := g.hash()
	key := g.key(m)
	for range 1 + g.r.IntN(2) {
		f := g.b.Func
		v := g.b.Call(ssa.HelperMapLookup, g.b.MapPtr(m), key)
		v.Type.Size = m.ValueSize
		null, join := f.NewBlock(), f.NewBlock()
		scalars := len(g.scalars)
		p := g.b.NonNull(v, null)
		g.touch(p, int64(m.ValueSize), true)
		g.scalars = g.scalars[:scalars]
		g.b.Jump(join)
		g.to(null)
		if g.chance(2) {
			g.put(m, key)
			g.scalars = g.scalars[:scalars]
		}
		g.b.Jump(join)
		g.to(join)
	}
}

func (g *gen) put(m *ssa.Map, key *ssa.Value) {
	slots := len(g.slots)
	val := g.b.FrameAddr(g.makeSlot(m.ValueSize), 0)
	g.slots = g.slots[:slots]
	g.b.Call(ssa.HelperMapUpdate, g.b.MapPtr(m), key, val, g.b.Const(0))
}

func (g *gen) update() {
	m := g.hash()
	g.put(m, g.key(m))
}

func (g *gen) remove() {
	m := g.hash()
	r := g.b.Call(ssa.HelperMapDelete, g.b.MapPtr(m), g.key(m))
	g.scalars = append(g.scalars, g.b.Ext(ssa.OpSext, 32, r)) // 32 bits before Linux 6.4
}
