package emit_test

import (
	"sonde/codegen/ssa"
)

// stress makes programs that are hard on an allocator: many values live at once,
// across calls, branches and loops, exchanged on back edges. The choices come from
// bytes, so that a fuzzer can steer it; when they run out, so does the program.
type stress struct {
	*ssa.Builder
	choices []byte
	at      int
	vars    []*ssa.Variable
	slots   []*ssa.Slot
	value   *ssa.Map
	depth   int
	size    int
}

var (
	stressSink  = &ssa.Map{Index: 0, Name: "sink", ValueSize: 64}
	stressTable = &ssa.Map{Index: 1, Name: "table", KeySize: 8, ValueSize: 16}
)

// stressProgram never gives nil, and never a program that the kernel refuses.
func stressProgram(choices []byte) *ssa.Program {
	f := ssa.NewFunc("stress")
	s := &stress{Builder: ssa.NewBuilder(f, ssa.Type{Kind: ssa.Ctx, Size: 64}), choices: choices, value: stressSink}
	ctx := f.Blocks[0].Params[0]
	for range 2 + s.pick(12) {
		v := &ssa.Variable{Name: "x", Type: ssa.Type{Kind: ssa.Scalar}}
		s.vars = append(s.vars, v)
		s.Def(v, s.Load(64, ctx, int64(8*s.pick(8))))
	}
	for range s.pick(4) {
		slot := f.NewSlot("s", 8, 8)
		s.slots = append(s.slots, slot)
		s.Store(64, s.FrameAddr(slot, 0), 0, s.any())
	}
	s.statements()
	if s.pick(2) == 1 { // the context once more, across everything
		s.Def(s.vars[0], s.Bin(ssa.OpXor, s.any(), s.Load(64, ctx, 16)))
	}
	sum := s.Use(s.vars[0])
	for _, v := range s.vars[1:] {
		sum = s.Bin(ssa.OpAdd, s.Bin(ssa.OpMul, sum, s.Const(31)), s.Use(v))
	}
	for _, slot := range s.slots {
		sum = s.Bin(ssa.OpXor, sum, s.Load(64, s.FrameAddr(slot, 0), 0))
	}
	s.Store(64, s.MapValue(stressSink, 56, 8), 0, sum)
	s.Return(sum)
	f.RemoveUnreachable()
	return &ssa.Program{Name: "stress", Funcs: []*ssa.Func{f}}
}

// pick gives a number below n.
func (s *stress) pick(n int) int {
	if s.at >= len(s.choices) {
		return 0
	}
	s.at++
	return int(s.choices[s.at-1]) % n
}

func (s *stress) more() bool { return s.at < len(s.choices) && s.size < 400 }

func (s *stress) any() *ssa.Value { return s.Use(s.vars[s.pick(len(s.vars))]) }

func (s *stress) set(x *ssa.Value) { s.Def(s.vars[s.pick(len(s.vars))], x) }

var stressConsts = []int64{0, 1, -1, 7, 64, 1 << 31, -1 << 31, 1<<63 - 1, -1 << 63, 0x1234_5678_9abc, 255, -128}

func (s *stress) operand() *ssa.Value {
	if s.pick(3) == 0 {
		return s.Const(stressConsts[s.pick(len(stressConsts))])
	}
	return s.any()
}

func (s *stress) statements() {
	for n := 1 + s.pick(12); n > 0 && s.more(); n-- {
		s.size++
		s.statement()
	}
}

var stressOps = []ssa.Op{ssa.OpAdd, ssa.OpSub, ssa.OpMul, ssa.OpUDiv, ssa.OpSDiv, ssa.OpUMod, ssa.OpSMod, ssa.OpAnd,
	ssa.OpOr, ssa.OpXor, ssa.OpLsh, ssa.OpRsh, ssa.OpArsh}

func (s *stress) statement() {
	switch s.pick(14) {
	case 0, 1, 2:
		s.set(s.Bin(stressOps[s.pick(len(stressOps))], s.operand(), s.operand()))
	case 3:
		s.set(s.Value(ssa.OpNeg, ssa.Type{Kind: ssa.Scalar}, 0, s.any()))
	case 4:
		op := []ssa.Op{ssa.OpSext, ssa.OpZext, ssa.OpBswap}[s.pick(3)]
		width := []uint8{16, 32, 8, 64}[s.pick(4)]
		if op == ssa.OpBswap {
			s.set(s.swap(max(width, 16)))
		} else {
			s.set(s.Ext(op, width, s.any()))
		}
	case 5:
		s.set(s.SetCond(ssa.Cond(s.pick(11)), s.operand(), s.operand()))
	case 6:
		s.set(s.Call(ssa.HelperSMPID))
	case 7:
		s.lookup()
	case 8:
		s.memory()
	case 9:
		s.atomic()
	case 10, 11:
		s.branch()
	case 12:
		s.loop()
	case 13: // exchange two variables
		a, b := s.vars[s.pick(len(s.vars))], s.vars[s.pick(len(s.vars))]
		x, y := s.Use(a), s.Use(b)
		s.Def(a, y)
		s.Def(b, x)
	}
}

func (s *stress) swap(width uint8) *ssa.Value {
	v := s.Value(ssa.OpBswap, ssa.Type{Kind: ssa.Scalar}, 0, s.any())
	v.Width = width
	return v
}

// lookup finds an element by a key on the stack, or inserts it.
func (s *stress) lookup() {
	key, val := s.Func.NewSlot("key", 8, 8), s.Func.NewSlot("value", 16, 8)
	s.Store(64, s.FrameAddr(key, 0), 0, s.Bin(ssa.OpAnd, s.any(), s.Const(3)))
	p := s.Call(ssa.HelperMapLookup, s.MapPtr(stressTable), s.FrameAddr(key, 0))
	p.Type.Size = 16
	null, join := s.Func.NewBlock(), s.Func.NewBlock()
	p = s.NonNull(p, null)
	s.set(s.Load(64, p, int64(8*s.pick(2))))
	s.Store(32, p, 4, s.operand())
	s.Jump(join)
	s.Seal(null)
	s.SetBlock(null)
	at := s.FrameAddr(val, 0)
	zero := s.Value(ssa.OpZero, ssa.Type{}, 0, at)
	zero.Aux = int64(16)
	s.Store(8, at, int64(s.pick(16)), s.operand())
	s.set(s.Call(ssa.HelperMapUpdate, s.MapPtr(stressTable), s.FrameAddr(key, 0), at, s.Const(0)))
	s.Jump(join)
	s.Seal(join)
	s.SetBlock(join)
}

func (s *stress) memory() {
	if len(s.slots) == 0 || s.pick(2) == 0 {
		p := s.MapValue(stressSink, int64(8*s.pick(7)), 8)
		if s.pick(2) == 0 {
			s.StoreImm(64, p, 0, stressConsts[s.pick(len(stressConsts))])
		} else {
			s.set(s.Load([]uint8{8, 16, 32, 64}[s.pick(4)], p, 0))
		}
		return
	}
	p := s.FrameAddr(s.slots[s.pick(len(s.slots))], 0)
	if s.pick(2) == 0 {
		s.Store([]uint8{8, 16, 32, 64}[s.pick(4)], p, 0, s.operand())
	} else {
		s.set(s.Load([]uint8{8, 16, 32, 64}[s.pick(4)], p, 0))
	}
}

func (s *stress) atomic() {
	p := s.MapValue(stressSink, int64(8*s.pick(7)), 8)
	width := []uint8{32, 64}[s.pick(2)]
	op := []ssa.Op{ssa.OpAtomicAdd, ssa.OpAtomicFetchAdd, ssa.OpAtomicXchg, ssa.OpAtomicOr}[s.pick(4)]
	t := ssa.Type{Kind: ssa.Void}
	if op == ssa.OpAtomicFetchAdd || op == ssa.OpAtomicXchg {
		t.Kind = ssa.Scalar
	}
	v := s.Value(op, t, 0, p, s.operand())
	v.Width = width
	if t.Kind == ssa.Scalar {
		s.set(v)
	}
}

func (s *stress) branch() {
	if s.depth > 5 {
		return
	}
	s.depth++
	yes, no, join := s.Func.NewBlock(), s.Func.NewBlock(), s.Func.NewBlock()
	x := s.any()
	switch s.pick(3) {
	case 0:
		s.BranchImm(ssa.NE, s.SetCond(ssa.Cond(s.pick(11)), x, s.operand()), 0, yes, no)
	case 1:
		s.Branch(ssa.Cond(s.pick(11)), x, s.operand(), yes, no)
	case 2: // one side is the join itself: a critical edge when it carries arguments
		s.BranchImm(ssa.Cond(s.pick(11)), x, int64(int8(s.pick(256))), yes, join)
		no = nil
	}
	s.Seal(yes)
	s.SetBlock(yes)
	s.statements()
	s.Jump(join)
	if no != nil {
		s.Seal(no)
		s.SetBlock(no)
		s.statements()
		s.Jump(join)
	}
	s.Seal(join)
	s.SetBlock(join)
	s.depth--
}

// loop runs its body up to three times.
func (s *stress) loop() {
	if s.depth > 2 {
		return
	}
	s.depth++
	i := &ssa.Variable{Name: "i", Type: ssa.Type{Kind: ssa.Scalar}}
	s.Def(i, s.Const(0))
	head, body, exit := s.Func.NewBlock(), s.Func.NewBlock(), s.Func.NewBlock()
	s.Jump(head)
	s.SetBlock(head)
	s.BranchImm(ssa.ULT, s.Use(i), int64(1+s.pick(3)), body, exit)
	s.Seal(body)
	s.SetBlock(body)
	s.statements()
	s.Def(i, s.Bin(ssa.OpAdd, s.Use(i), s.Const(1)))
	s.Jump(head)
	s.Seal(head)
	s.Seal(exit)
	s.SetBlock(exit)
	s.depth--
}
