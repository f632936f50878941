package alloc

import (
	"slices"

	"sonde/codegen/ssa"
	"sonde/lang/source"
)

// finish replaces virtual registers by their colours and writes out what is still
// implicit: arguments and results of calls, and copies on edges.
func (c *colouring) finish() {
	r := c.Result
	for i, b := range r.Blocks {
		var code []Inst
		if i == 0 {
			var moves []move
			for k, x := range r.entry {
				if x != NoReg {
					moves = append(moves, move{to: c.operand(reg(x)), from: reg(R1 + Reg(k))})
				}
			}
			code = r.parallel(code, moves, c.spare(nil, moves), source.Span{})
		}
		if len(b.Preds) == 1 && len(b.Preds[0].Term.Succs) == 2 {
			for _, e := range b.Preds[0].Term.Succs {
				if e.To == b {
					code = c.edge(code, e, b.Preds[0].Term.Span)
				}
			}
		}
		for _, in := range b.Insts {
			code = c.inst(code, in)
		}
		b.Term.A, b.Term.B = c.operand(b.Term.A), c.operand(b.Term.B)
		if b.Term.Kind == ssa.Jump {
			code = c.edge(code, b.Term.Succs[0], b.Term.Span)
		}
		b.Insts = code
	}
}

// operand replaces a virtual register by its colour.
func (c *colouring) operand(o Operand) Operand {
	if o.Mode == InReg && o.Reg.virtual() {
		o.Reg = c.color[o.Reg-firstVirtual]
	}
	return o
}

// edge appends the copies that an edge carries.
func (c *colouring) edge(code []Inst, e Edge, at source.Span) []Inst {
	var moves []move
	for i, a := range e.args {
		p := e.To.params[i]
		to := inSlot(p.slot)
		if p.slot == nil {
			to = c.operand(reg(p.reg))
		}
		moves = append(moves, move{to: to, from: c.operand(a)})
	}
	return c.parallel(code, moves, c.spare(c.l.in[e.To.index], moves), at)
}

// spare gives a register that moves may use on the way: one that holds nothing
// they read, nothing they write, and nothing that is live beside them.
func (c *colouring) spare(live set, moves []move) Reg {
	var busy [R10]bool
	for _, m := range moves {
		for _, o := range []Operand{m.to, m.from} {
			if o.Mode == InReg {
				busy[o.Reg] = true
			}
		}
	}
	live.each(func(x Reg) {
		if real := c.color[x-firstVirtual]; real != NoReg {
			busy[real] = true
		}
	})
	for real := R0; real < R10; real++ {
		if !busy[real] && (real < R6 || c.taken[real]) {
			return real
		}
	}
	return NoReg
}

func (c *colouring) inst(code []Inst, in Inst) []Inst {
	in.A, in.B = c.operand(in.A), c.operand(in.B)
	dst := in.Dst
	if dst.virtual() {
		dst = c.color[dst-firstVirtual]
	}
	in.Dst = dst
	if !in.isCall() {
		return append(code, in)
	}
	var moves []move
	for k, a := range in.Args {
		moves = append(moves, move{to: reg(R1 + Reg(k)), from: c.operand(a)})
	}
	code = c.parallel(code, moves, R0, in.Span)
	in.Args = nil
	if dst != NoReg {
		in.Dst = R0
	}
	code = append(code, in)
	if dst != NoReg && dst != R0 {
		code = append(code, Inst{Op: Copy, Dst: dst, A: reg(R0), Span: in.Span})
	}
	return code
}

// move copies to a register or spill slot.
type move struct{ to, from Operand }

func (m move) throughMemory() bool { return m.to.Mode == InSlot && m.from.Mode == InSlot }

// parallel appends code that does all moves as if at once. spare is a register to
// break cycles with, or NoReg. Moves from memory to memory go through R0, which is
// then free.
func (r *Result) parallel(code []Inst, moves []move, spare Reg, at source.Span) []Inst {
	var pending, made []move
	for _, m := range moves {
		switch {
		case m.to == m.from:
		case m.from.Mode == Made:
			made = append(made, m)
		default:
			pending = append(pending, m)
		}
	}
	for len(pending) > 0 {
		ready := slices.IndexFunc(pending, func(m move) bool {
			return !slices.ContainsFunc(pending, func(o move) bool { return o.from == m.to })
		})
		if ready >= 0 {
			code = appendMove(code, pending[ready], at)
			pending = slices.Delete(pending, ready, ready+1)
			continue
		}
		// Only cycles are left. Keep a source of one elsewhere.
		aside := reg(spare)
		if spare == NoReg || spare == R0 && slices.ContainsFunc(pending, move.throughMemory) {
			slot := &Slot{Name: "copy", Size: 8, Align: 8}
			r.Slots = append(r.Slots, slot)
			aside = inSlot(slot)
		}
		code = appendMove(code, move{to: aside, from: pending[0].from}, at)
		pending[0].from = aside
	}
	// Nothing is read any more, so what is made from nothing can go anywhere.
	for _, m := range made {
		code = appendMove(code, m, at)
	}
	return code
}

func appendMove(code []Inst, m move, at source.Span) []Inst {
	var from *Slot
	if m.to.Mode == InSlot && m.from.Mode != InReg {
		if mk := m.from.Make; m.from.Mode == Made && mk.Op == ssa.OpConst && fitsImm(mk.Imm) {
			m.from = imm(mk.Imm)
		} else {
			code = appendMove(code, move{to: reg(R0), from: m.from}, at)
			from, m.from = m.from.Slot, reg(R0)
		}
	}
	in := Inst{Op: Copy, Dst: m.to.Reg, A: m.from, Span: at}
	switch {
	case m.to.Mode == InSlot:
		in = Inst{Op: ssa.OpStore, Dst: NoReg, A: m.to, B: m.from, Width: 64, Span: at, from: from}
	case m.from.Mode == InSlot:
		in.Op, in.Width = ssa.OpLoad, 64
	case m.from.Mode == Made:
		in = makeInst(m.from.Make, m.to.Reg, at)
	}
	return append(code, in)
}
