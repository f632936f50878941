package alloc

import (
	"sonde/codegen/ssa"
	"sonde/lang/source"
)

// Trivial gives every value a stack slot and moves it through R1 to R3 for each
// operation. Values of one block share memory with those of other blocks, nothing else
// is shared. Frames may come out larger than the kernel allows; the caller who means to
// load the code looks at Frame.
func Trivial(f *ssa.Func) (*Result, error) {
	r, err := newSelection(f, false)
	if err != nil {
		return nil, err
	}
	t := trivial{Result: r}
	for _, s := range r.Slots {
		t.push(s)
	}
	t.home = make([]*Slot, len(r.vregs))
	t.only = make([]*Block, len(r.vregs))
	t.shared = make([]bool, len(r.vregs))
	for _, b := range r.Blocks {
		t.users(b)
	}
	// Edges write here, blocks read it at their start, so that the copies of an
	// edge can't disturb each other.
	t.incoming = map[*Block][]*Slot{}
	for _, b := range r.Blocks {
		for range b.params {
			t.incoming[b] = append(t.incoming[b], t.newSlot("param"))
		}
	}
	for _, b := range r.Blocks {
		t.block(b)
	}
	return r, nil
}

type trivial struct {
	*Result
	home     []*Slot // by virtual register
	incoming map[*Block][]*Slot
	code     []Inst
	// only is the block that a virtual register occurs in, unless it is shared with
	// others.
	only   []*Block
	shared []bool
	// pool are slots for values of one block, of which the current one has used so many.
	pool []*Slot
	used int
}

// users notes the registers that occur in a block.
func (t *trivial) users(b *Block) {
	note := func(x Reg) {
		if x < firstVirtual {
			return
		}
		if i := x - firstVirtual; t.only[i] == nil {
			t.only[i] = b
		} else if t.only[i] != b {
			t.shared[i] = true
		}
	}
	operands := func(list ...Operand) {
		for _, o := range list {
			if o.Mode == InReg {
				note(o.Reg)
			}
		}
	}
	if b.index == 0 {
		for _, x := range t.entry {
			note(x)
		}
	}
	for _, p := range b.params {
		note(p.reg)
	}
	for _, in := range b.Insts {
		note(in.Dst)
		operands(in.A, in.B)
		operands(in.Args...)
	}
	for _, e := range b.Term.Succs {
		operands(e.args...)
	}
	operands(b.Term.A, b.Term.B)
}

// push puts a slot at the end of the frame.
func (t *trivial) push(s *Slot) {
	t.Frame = (t.Frame + s.Size + 7) &^ 7
	s.Off = -t.Frame
}

func (t *trivial) newSlot(name string) *Slot {
	s := &Slot{Name: name, Size: 8, Align: 8}
	t.push(s)
	t.Slots = append(t.Slots, s)
	return s
}

func (t *trivial) slotOf(x Reg) *Slot {
	i := x - firstVirtual
	switch {
	case t.home[i] != nil:
	case t.shared[i]:
		t.home[i] = t.newSlot(x.String())
	default:
		if t.used == len(t.pool) {
			t.pool = append(t.pool, t.newSlot("local"))
		}
		t.home[i] = t.pool[t.used]
		t.used++
	}
	return t.home[i]
}

// fetch loads an operand into real, and gives the operand that stands for it.
func (t *trivial) fetch(o Operand, real Reg) Operand {
	if o.Mode != InReg {
		return o
	}
	t.code = appendMove(t.code, move{to: reg(real), from: inSlot(t.slotOf(o.Reg))}, source.Span{})
	return reg(real)
}

func (t *trivial) keep(x, real Reg) {
	if x != NoReg {
		t.code = appendMove(t.code, move{to: inSlot(t.slotOf(x)), from: reg(real)}, source.Span{})
	}
}

func (t *trivial) block(b *Block) {
	t.code, t.used = nil, 0
	for i, p := range b.params {
		b.params[i].slot = t.slotOf(p.reg)
	}
	if b.index == 0 {
		for i, x := range t.entry {
			t.keep(x, R1+Reg(i))
		}
	}
	for i, s := range t.incoming[b] {
		t.code = appendMove(t.code, move{to: inSlot(b.params[i].slot), from: inSlot(s)}, source.Span{})
	}
	for _, in := range b.Insts {
		dst, result := in.Dst, R3
		if in.isCall() {
			for i, a := range in.Args {
				t.fetch(a, R1+Reg(i))
			}
			in.Args, result = nil, R0
		} else {
			in.A, in.B = t.fetch(in.A, R1), t.fetch(in.B, R2)
		}
		if dst != NoReg {
			in.Dst = result
		}
		t.code = append(t.code, in)
		t.keep(dst, result)
	}
	for _, e := range b.Term.Succs {
		for i, a := range e.args {
			t.fetch(a, R1)
			t.code = appendMove(t.code, move{to: inSlot(t.incoming[e.To][i]), from: reg(R1)}, source.Span{})
		}
	}
	b.Term.A, b.Term.B = t.fetch(b.Term.A, R1), t.fetch(b.Term.B, R2)
	b.Insts = t.code
}
