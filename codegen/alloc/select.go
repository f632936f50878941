package alloc

import (
	"fmt"
	"math"

	"sonde/codegen/ssa"
	"sonde/lang/source"
)

// selector turns an SSA function into code for the abstract machine, over
// virtual registers.
//
// With folding, what the machine can express in an operand gets no instruction of
// its own: constants in immediates, offsets and frame addresses in loads and
// stores, comparisons in branches; what can be made from nothing is made where it
// is used; a checked pointer is the unchecked one. Without, each value is one
// instruction and one register.
type selector struct {
	*Result
	f     *ssa.Func
	fold  bool
	cur   *Block
	insts []Inst       // by value id, what makes it, once asked for
	asked []bool       // by value id
	uses  []int32      // by value id
	need  []bool       // by value id: some code reads it from a register
	regs  []Reg        // by value id
	made  map[Make]Reg // what this block has made since its last call
	from  map[*Block]*ssa.Block
}

func newSelection(f *ssa.Func, fold bool) (*Result, error) {
	if len(f.Blocks) == 0 {
		return nil, fmt.Errorf("function %s has no blocks", f.Name)
	}
	if len(f.Blocks[0].Preds) > 0 {
		return nil, fmt.Errorf("function %s jumps to its entry", f.Name)
	}
	n := f.NumValues()
	s := &selector{
		Result: &Result{Func: f, objects: map[*ssa.Slot]*Slot{}},
		f:      f, fold: fold,
		insts: make([]Inst, n), asked: make([]bool, n), uses: make([]int32, n), need: make([]bool, n), regs: make([]Reg, n),
	}
	blocks := s.buildBlocks(f)
	s.from = map[*Block]*ssa.Block{}
	s.reachable(blocks, func(b *ssa.Block, blk *Block) { s.from[blk] = b })
	s.countUses(blocks)
	s.markNeeded(blocks)
	if fold {
		s.findTouched(blocks)
	}
	s.build(blocks)
	return s.Result, nil
}

// reachable calls do for each block that can be reached, in the function's order.
func (s *selector) reachable(blocks []*Block, do func(b *ssa.Block, blk *Block)) {
	for _, b := range s.f.Blocks {
		if blk := blocks[b.ID]; blk != nil {
			do(b, blk)
		}
	}
}

func (s *selector) countUses(blocks []*Block) {
	s.reachable(blocks, func(b *ssa.Block, _ *Block) {
		count := func(x *ssa.Value) {
			if x != nil {
				s.uses[x.ID]++
			}
		}
		for _, v := range b.Values {
			for _, a := range v.Args {
				count(a)
			}
		}
		count(b.Term.X)
		count(b.Term.Y)
		for _, e := range b.Term.Succs {
			for _, a := range e.Args {
				count(a)
			}
		}
	})
}

// markNeeded finds what must be computed into registers: what effects, branches
// and returns read, and what that reads in turn.
func (s *selector) markNeeded(blocks []*Block) {
	var work []*ssa.Value
	mark := func(o Operand) {
		if o.Mode != ofValue {
			return
		}
		x := s.resolve(o.val)
		if _, ok := s.makeOf(x); ok || s.need[x.ID] {
			return
		}
		s.need[x.ID] = true
		work = append(work, x)
	}
	markInst := func(in *Inst) {
		mark(in.A)
		mark(in.B)
		for _, a := range in.Args {
			mark(a)
		}
	}
	s.reachable(blocks, func(b *ssa.Block, blk *Block) {
		for _, v := range b.Values {
			if v.Effect() == ssa.Writes {
				markInst(s.inst(v))
			}
		}
		s.lowerTerm(b, &blk.Term)
		mark(blk.Term.A)
		mark(blk.Term.B)
	})
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		if v.Op != ssa.OpParam {
			markInst(s.inst(v))
			continue
		}
		for _, p := range v.Block.Preds {
			if blocks[p.ID] == nil {
				continue
			}
			for _, e := range p.Term.Succs {
				if e.To == v.Block {
					mark(Operand{Mode: ofValue, val: e.Args[v.Imm]})
				}
			}
		}
	}
}

// build writes the blocks' code.
func (s *selector) build(blocks []*Block) {
	for i := range s.regs {
		s.regs[i] = NoReg
		if s.need[i] {
			s.regs[i] = s.newReg()
		}
	}
	for _, p := range s.f.Blocks[0].Params {
		s.entry = append(s.entry, s.regs[p.ID])
	}
	s.reachable(blocks, func(b *ssa.Block, blk *Block) {
		s.cur, s.made = blk, map[Make]Reg{}
		if b != s.f.Blocks[0] {
			for _, p := range b.Params {
				if s.need[p.ID] {
					blk.params = append(blk.params, param{reg: s.regs[p.ID]})
				}
			}
		}
		for _, v := range b.Values {
			if !s.need[v.ID] && v.Effect() != ssa.Writes {
				continue
			}
			in := *s.inst(v)
			in.Dst = s.regs[v.ID]
			if in.Dst == NoReg {
				s.unread(&in)
			}
			if in.isCall() {
				for i, a := range in.Args {
					in.Args[i] = s.argument(a)
				}
				clear(s.made)
			} else {
				in.A = s.operand(in.A, v.Span)
				in.B = s.operand(in.B, v.Span)
			}
			blk.Insts = append(blk.Insts, in)
		}
		blk.Term.A = s.operand(blk.Term.A, b.Term.Span)
		blk.Term.B = s.operand(blk.Term.B, b.Term.Span)
	})
	// Edges, those of split blocks too.
	for _, blk := range s.Blocks {
		for i := range blk.Term.Succs {
			e := &blk.Term.Succs[i]
			var args []Operand
			for j, a := range e.args {
				if s.need[s.from[e.To].Params[j].ID] {
					args = append(args, s.argument(a))
				}
			}
			e.args = args
		}
	}
}

// unread adapts an atomic operation whose result no one reads: it would still
// land in the operand's register.
func (s *selector) unread(in *Inst) {
	switch in.Op {
	case ssa.OpAtomicFetchAdd:
		in.Op = ssa.OpAtomicAdd
	case ssa.OpAtomicXchg:
		in.Dst = s.newReg()
	}
}

func (r *Result) newReg() Reg {
	r.vregs = append(r.vregs, vreg{})
	return firstVirtual + Reg(len(r.vregs)) - 1
}

// operand finishes an operand that must be in a register or an immediate.
func (s *selector) operand(o Operand, at source.Span) Operand {
	if o.Mode == Made {
		return reg(s.materialise(o.Make, at))
	}
	if o.Mode != ofValue {
		return o
	}
	x := s.resolve(o.val)
	if m, ok := s.makeOf(x); ok {
		return reg(s.materialise(m, at))
	}
	return reg(s.regs[x.ID])
}

// argument finishes an operand that is copied to its place in any case.
func (s *selector) argument(o Operand) Operand {
	x := s.resolve(o.val)
	if m, ok := s.makeOf(x); ok {
		return Operand{Mode: Made, Make: m}
	}
	return reg(s.regs[x.ID])
}

// materialise makes m in a register, or finds the one it was made in.
func (s *selector) materialise(m Make, at source.Span) Reg {
	if r, ok := s.made[m]; ok {
		return r
	}
	r := s.newReg()
	in := makeInst(m, r, at)
	s.vregs[r-firstVirtual].again = &in
	s.cur.Insts = append(s.cur.Insts, in)
	s.made[m] = r
	return r
}

// resolve skips what is only a name for another value.
func (s *selector) resolve(x *ssa.Value) *ssa.Value {
	for s.fold && x.Op == ssa.OpNonNull {
		x = x.Args[0]
	}
	return x
}

func (s *selector) object(o *ssa.Slot) *Slot {
	slot := s.objects[o]
	if slot == nil {
		slot = &Slot{Name: o.Name, Size: o.Size, Align: max(o.Align, 1), Object: o}
		s.objects[o] = slot
		s.Slots = append(s.Slots, slot)
	}
	return slot
}

// makeOf tells whether a value can be made from nothing wherever it is used.
func (s *selector) makeOf(x *ssa.Value) (Make, bool) {
	if !s.fold {
		return Make{}, false
	}
	if x.Op == ssa.OpAddPtr {
		m, ok := s.makeOf(s.resolve(x.Args[0]))
		m.Imm += x.Imm
		return m, ok && (m.Op == ssa.OpFrameAddr || m.Op == ssa.OpMapValue)
	}
	if !x.Op.Info().Remat {
		return Make{}, false
	}
	return s.makeSelf(x), true
}

func (s *selector) makeSelf(x *ssa.Value) Make {
	m := Make{Op: x.Op, Imm: x.Imm, Aux: x.Aux}
	if o, ok := x.Aux.(*ssa.Slot); ok {
		m.Aux = s.object(o)
	}
	return m
}

// inst gives the instruction that makes v, its operands still SSA values.
func (s *selector) inst(v *ssa.Value) *Inst {
	if !s.asked[v.ID] {
		s.asked[v.ID] = true
		s.insts[v.ID] = s.lower(v)
	}
	return &s.insts[v.ID]
}

func (s *selector) lower(v *ssa.Value) Inst {
	in := Inst{Op: v.Op, Dst: NoReg, Imm: v.Imm, Width: v.Width, Aux: v.Aux, Span: v.Span, Comment: v.Comment}
	switch info := v.Op.Info(); {
	case info.Remat:
		m := s.makeSelf(v)
		in.Aux = m.Aux
	case info.Call:
		for _, a := range v.Args {
			in.Args = append(in.Args, Operand{Mode: ofValue, val: a})
		}
	case v.Op == ssa.OpStoreImm:
		in.Op, in.Aux = ssa.OpStore, nil
		in.A, in.Imm = s.address(v.Args[0], v.Imm)
		in.B = storedImm(v.Aux.(int64), v.Width)
	case v.Op == ssa.OpStore:
		in.A, in.Imm = s.address(v.Args[0], v.Imm)
		in.B = Operand{Mode: ofValue, val: v.Args[1]}
		if n, ok := s.constant(v.Args[1]); ok {
			in.B = storedImm(n, v.Width)
		}
	case v.Op == ssa.OpLoad || v.Op == ssa.OpZero:
		in.A, in.Imm = s.address(v.Args[0], v.Imm)
	case v.Op == ssa.OpAtomicAdd || v.Op == ssa.OpAtomicOr || v.Op == ssa.OpAtomicFetchAdd || v.Op == ssa.OpAtomicXchg:
		in.A, in.Imm = s.address(v.Args[0], v.Imm)
		in.B = Operand{Mode: ofValue, val: v.Args[1]}
	case v.Op == ssa.OpSetCond:
		in.A, in.B, in.Imm = s.comparison(ssa.Cond(v.Imm), v.Args[0], v.Args[1], 64)
	default:
		s.alu(&in, v.Args)
	}
	return in
}

// alu sets the operands of an operation on one or two values.
func (s *selector) alu(in *Inst, args []*ssa.Value) {
	x := args[0]
	in.A = Operand{Mode: ofValue, val: x}
	if len(args) < 2 {
		return
	}
	y := args[1]
	_, xConst := s.constant(x)
	if _, yConst := s.constant(y); in.Op.Info().Commutative && xConst && !yConst {
		x, y = y, x
		in.A.val = x
	}
	in.B = Operand{Mode: ofValue, val: y}
	if n, ok := s.constant(x); ok && fitsImm(n) && in.Op.Info().TwoAddress {
		in.A = imm(n)
	}
	n, ok := s.constant(y)
	if !ok || !fitsImm(n) {
		return
	}
	switch in.Op {
	case ssa.OpLsh, ssa.OpRsh, ssa.OpArsh:
		in.B = imm(n & 63) // the verifier refuses others
	case ssa.OpUDiv, ssa.OpSDiv, ssa.OpUMod, ssa.OpSMod:
		// The verifier refuses a zero, but not in a register, and the least number
		// has no magnitude to divide by.
		if n != 0 && n != math.MinInt32 {
			in.B = imm(n)
		}
	default:
		in.B = imm(n)
	}
}

// constant gives the number that a value is, when folding.
func (s *selector) constant(x *ssa.Value) (int64, bool) {
	if s.fold && x.Op == ssa.OpConst {
		return x.Imm, true
	}
	return 0, false
}

// storedImm is the operand for storing the low width bits of n.
func storedImm(n int64, width uint8) Operand {
	shift := 64 - width
	if n = n << shift >> shift; fitsImm(n) {
		return imm(n)
	}
	return Operand{Mode: Made, Make: Make{Op: ssa.OpConst, Imm: n}}
}

// address finds the base and offset of an access: constant steps go into the
// offset (for the context the verifier insists on it), the frame needs no
// register, and all accesses to one map value share the base.
func (s *selector) address(ptr *ssa.Value, off int64) (Operand, int64) {
	for s.fold {
		ptr = s.resolve(ptr)
		if ptr.Op != ssa.OpAddPtr || !fitsOff(off+ptr.Imm) {
			break
		}
		off += ptr.Imm
		ptr = ptr.Args[0]
	}
	if m, ok := s.makeOf(ptr); ok && fitsOff(off+m.Imm) {
		switch m.Op {
		case ssa.OpFrameAddr:
			return inSlot(m.Aux.(*Slot)), off + m.Imm
		case ssa.OpMapValue:
			off += m.Imm
			m.Imm = 0
			return Operand{Mode: Made, Make: m}, off
		}
	}
	return Operand{Mode: ofValue, val: ptr}, off
}

// comparison gives the operands of x cond y, a constant on the right.
func (s *selector) comparison(c ssa.Cond, x, y *ssa.Value, width uint8) (a, b Operand, cond int64) {
	n, yConst := s.constant(y)
	if _, xConst := s.constant(x); xConst && !yConst {
		return s.comparison(c.Swap(), y, x, width)
	}
	if width == 32 {
		n = int64(int32(n))
	}
	a, b = Operand{Mode: ofValue, val: x}, Operand{Mode: ofValue, val: y}
	if yConst && fitsImm(n) {
		b = imm(n)
	}
	return a, b, int64(c)
}

// lowerTerm sets the operands of a block's end.
func (s *selector) lowerTerm(b *ssa.Block, t *Term) {
	switch b.Term.Kind {
	case ssa.Return:
		if b.Term.X == nil {
			t.A = Operand{Mode: Made, Make: Make{Op: ssa.OpConst}}
		} else {
			t.A = Operand{Mode: ofValue, val: b.Term.X}
		}
	case ssa.Branch:
		if s.fuse(b, t) {
			return
		}
		if b.Term.Y != nil {
			var c int64
			t.A, t.B, c = s.comparison(b.Term.Cond, b.Term.X, b.Term.Y, b.Term.Width)
			t.Cond = ssa.Cond(c)
			return
		}
		t.A = Operand{Mode: ofValue, val: b.Term.X}
		n := b.Term.Imm
		if b.Term.Width == 32 {
			n = int64(int32(n))
		}
		t.B = storedImm(n, 64)
	}
}

// fuse makes a branch on the result of a comparison in the same block, used
// nowhere else, that comparison's branch.
func (s *selector) fuse(b *ssa.Block, t *Term) bool {
	x := b.Term.X
	if !s.fold || x.Op != ssa.OpSetCond || x.Block != b || s.uses[x.ID] != 1 || b.Term.Y != nil || b.Term.Imm != 0 {
		return false
	}
	if b.Term.Cond != ssa.NE && b.Term.Cond != ssa.EQ {
		return false
	}
	in := s.inst(x)
	cond := ssa.Cond(in.Imm)
	if b.Term.Cond == ssa.EQ {
		negated, ok := cond.Negate()
		if !ok {
			return false
		}
		cond = negated
	}
	t.A, t.B, t.Cond, t.Width = in.A, in.B, cond, 64
	return true
}
