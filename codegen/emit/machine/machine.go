// Package machine runs emitted instructions on the model of the kernel that the
// SSA interpreter uses, for tests: what a program does there must be what its SSA
// form did, whichever allocator made it.
//
// Comes in: an emit.Code and an interp.Machine, which supplies memory, maps and
// helpers. Goes out: the return value; effects are in the machine's log.
// Guaranteed: reading a register that has no value, or lost it in a call, is an
// error, as it is to the kernel's verifier.
package machine

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/cilium/ebpf/asm"

	"sonde/codegen/emit"
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
)

// Machine runs one program.
type Machine struct {
	*interp.Machine
	insns   map[int]asm.Instruction // by offset in 8-byte units
	maps    map[string]*ssa.Map
	helpers map[int32]*ssa.Helper
	kfuncs  map[int64]*ssa.Kfunc
	frame   int
}

// New prepares code for running on m. The frame has this many bytes; Trivial
// allocations may need more than the kernel has.
func New(m *interp.Machine, p *ssa.Program, code *emit.Code, frame int32) *Machine {
	r := &Machine{Machine: m, insns: map[int]asm.Instruction{}, maps: map[string]*ssa.Map{},
		helpers: map[int32]*ssa.Helper{}, kfuncs: map[int64]*ssa.Kfunc{}, frame: int(max(frame, 512))}
	pos := 0
	for _, in := range code.Instructions {
		r.insns[pos] = in
		pos += int(in.Size() / asm.InstructionSize)
	}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				switch aux := v.Aux.(type) {
				case *ssa.Map:
					r.maps[aux.Name] = aux
				case *ssa.Helper:
					r.helpers[aux.ID] = aux
				case *ssa.Kfunc:
					r.kfuncs[int64(aux.BTFID)] = aux
				}
			}
		}
	}
	m.Helpers["loop"] = r.loop
	m.Helpers["for_each_map_elem"] = r.forEach
	return r
}

// Run runs the program on a context of these bytes.
func (m *Machine) Run(ctx []byte) (uint64, error) {
	r := m.Memory.Alloc("ctx", len(ctx), true)
	copy(r.Bytes, ctx)
	return m.call(0, r.Base)
}

// state is one activation of a function.
type state struct {
	*Machine
	regs  [11]uint64
	valid [11]bool
	err   error
}

var errRegister = errors.New("a register without a value is read")

func (s *state) get(r asm.Register) uint64 {
	if r > 10 || !s.valid[r] {
		s.fail(fmt.Errorf("%w: %s", errRegister, r))
		return 0
	}
	return s.regs[r]
}

func (s *state) set(r asm.Register, x uint64) {
	if r >= asm.R10 {
		s.fail(fmt.Errorf("write to %s", r))
		return
	}
	s.regs[r], s.valid[r] = x, true
}

// fail keeps the first error.
func (s *state) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// call runs the function at pc.
func (m *Machine) call(pc int, args ...uint64) (uint64, error) {
	frame := m.Memory.AllocStack("frame", m.frame)
	s := &state{Machine: m}
	for i, a := range args {
		s.set(asm.R1+asm.Register(i), a)
	}
	s.regs[asm.R10], s.valid[asm.R10] = frame.Base+uint64(m.frame), true
	for {
		in, ok := m.insns[pc]
		if !ok {
			return 0, fmt.Errorf("no instruction at %d", pc)
		}
		if m.Steps--; m.Steps < 0 {
			return 0, interp.ErrSteps
		}
		if in.OpCode.JumpOp() == asm.Exit {
			x := s.get(asm.R0)
			return x, s.err
		}
		next := s.step(pc, in)
		if s.err != nil {
			return 0, fmt.Errorf("%d: %s: %w", pc, emit.Text(in), s.err)
		}
		pc = next
	}
}

// step runs one instruction and gives the place of the next.
func (s *state) step(pc int, in asm.Instruction) int {
	next := pc + int(in.Size()/asm.InstructionSize)
	switch class := in.OpCode.Class(); {
	case in.OpCode.IsDWordLoad():
		s.set(in.Dst, s.wide(pc, in))
	case class.IsALU():
		s.alu(in)
	case class.IsJump():
		return s.jump(pc, next, in)
	case class == asm.LdXClass:
		s.set(in.Dst, s.load(s.get(in.Src)+uint64(int64(in.Offset)), width(in)))
	case in.OpCode.Mode() == asm.AtomicMode:
		s.atomic(in)
	case class == asm.StClass:
		s.fail(s.Memory.Store(s.get(in.Dst)+uint64(int64(in.Offset)), width(in), uint64(in.Constant)))
	case class == asm.StXClass:
		s.fail(s.Memory.Store(s.get(in.Dst)+uint64(int64(in.Offset)), width(in), s.get(in.Src)))
	default:
		s.fail(errors.New("no such instruction"))
	}
	return next
}

func width(in asm.Instruction) uint8 { return uint8(in.OpCode.Size().Sizeof() * 8) }

// wide is a 64-bit immediate, or what stands behind it.
func (s *state) wide(pc int, in asm.Instruction) uint64 {
	switch in.Src {
	case asm.PseudoMapFD:
		return uint64(s.maps[in.Reference()].Index)
	case asm.PseudoMapValue:
		return s.MapValue(s.maps[in.Reference()]) + uint64(in.Constant)>>32
	case asm.PseudoFunc:
		return uint64(pc + 1 + int(int32(in.Constant)))
	}
	return uint64(in.Constant)
}

// load reads memory of the model, or the kernel's where there is none.
func (s *state) load(addr uint64, width uint8) uint64 {
	if s.Memory.Find(addr) == nil {
		var x uint64
		for i, c := range s.Memory.Kernel(addr, int(width/8)) {
			x |= uint64(c) << (8 * i)
		}
		return x
	}
	x, err := s.Memory.Load(addr, width)
	s.fail(err)
	return x
}

func (s *state) atomic(in asm.Instruction) {
	addr, w := s.get(in.Dst)+uint64(int64(in.Offset)), width(in)
	old := s.load(addr, w)
	operand := s.get(in.Src)
	x := operand
	switch in.OpCode.AtomicOp() {
	case asm.AddAtomic, asm.FetchAdd:
		x = old + operand
	case asm.OrAtomic:
		x = old | operand
	case asm.Xchg:
	default:
		s.fail(errors.New("no such atomic operation"))
	}
	s.fail(s.Memory.Store(addr, w, x))
	if op := in.OpCode.AtomicOp(); op == asm.FetchAdd || op == asm.Xchg {
		s.set(in.Src, old)
	}
}

func (s *state) source(in asm.Instruction) uint64 {
	if in.OpCode.Source() == asm.RegSource {
		return s.get(in.Src)
	}
	return uint64(in.Constant)
}

func (s *state) alu(in asm.Instruction) {
	op := in.OpCode.ALUOp()
	if op == asm.Swap {
		x := s.get(in.Dst)
		if in.OpCode.Endianness() == asm.BE {
			x = bits.ReverseBytes64(x) >> (64 - in.Constant)
		} else if in.Constant < 64 {
			x &= 1<<in.Constant - 1
		}
		s.set(in.Dst, x)
		return
	}
	if op == asm.Neg {
		s.set(in.Dst, -s.get(in.Dst))
		return
	}
	y := s.source(in)
	if in.OpCode.Class() == asm.ALUClass {
		if op != asm.Mov {
			s.fail(errors.New("32-bit arithmetic other than mov"))
		}
		s.set(in.Dst, uint64(uint32(y)))
		return
	}
	if in.OpCode.Source() == asm.ImmSource && y == 0 && (op == asm.Div || op == asm.Mod) {
		s.fail(errors.New("division by the constant 0"))
	}
	switch op {
	case asm.Mov:
		s.set(in.Dst, y)
		return
	case asm.MovSX8:
		s.set(in.Dst, uint64(int8(y)))
		return
	case asm.MovSX16:
		s.set(in.Dst, uint64(int16(y)))
		return
	case asm.MovSX32:
		s.set(in.Dst, uint64(int32(y)))
		return
	}
	ssaOp, ok := ops[op]
	if !ok {
		s.fail(errors.New("no such operation"))
		return
	}
	x, _ := ssa.EvalALU(ssaOp, 64, s.get(in.Dst), y)
	s.set(in.Dst, x)
}

var ops = map[asm.ALUOp]ssa.Op{
	asm.Add: ssa.OpAdd, asm.Sub: ssa.OpSub, asm.Mul: ssa.OpMul, asm.Div: ssa.OpUDiv, asm.Mod: ssa.OpUMod,
	asm.SDiv: ssa.OpSDiv, asm.SMod: ssa.OpSMod, asm.And: ssa.OpAnd, asm.Or: ssa.OpOr, asm.Xor: ssa.OpXor,
	asm.LSh: ssa.OpLsh, asm.RSh: ssa.OpRsh, asm.ArSh: ssa.OpArsh,
}

var conds = map[asm.JumpOp]ssa.Cond{
	asm.JEq: ssa.EQ, asm.JNE: ssa.NE, asm.JLT: ssa.ULT, asm.JLE: ssa.ULE, asm.JGT: ssa.UGT, asm.JGE: ssa.UGE,
	asm.JSLT: ssa.SLT, asm.JSLE: ssa.SLE, asm.JSGT: ssa.SGT, asm.JSGE: ssa.SGE, asm.JSet: ssa.SET,
}

func (s *state) jump(pc, next int, in asm.Instruction) int {
	switch op := in.OpCode.JumpOp(); op {
	case asm.Ja:
		if in.OpCode.Class() == asm.Jump32Class {
			return next + int(in.Constant)
		}
		return next + int(in.Offset)
	case asm.Call:
		s.calls(pc, in)
		return next
	default:
		cond, ok := conds[op]
		if !ok {
			s.fail(errors.New("no such jump"))
		}
		w := uint8(64)
		if in.OpCode.Class() == asm.Jump32Class {
			w = 32
		}
		if interp.EvalBranch(cond, w, s.get(in.Dst), s.source(in)) {
			return next + int(in.Offset)
		}
		return next
	}
}

// calls runs a call instruction; R1 to R5 have no value afterwards.
func (s *state) calls(pc int, in asm.Instruction) {
	var x uint64
	var err error
	result := true
	switch in.Src {
	case asm.PseudoCall:
		target := pc + 1 + int(int32(in.Constant))
		var args []uint64
		for r := asm.R1; r <= asm.R5 && s.valid[r]; r++ {
			args = append(args, s.regs[r])
		}
		x, err = s.call(target, args...)
	case asm.PseudoKfuncCall:
		k := s.kfuncs[in.Constant]
		v := ssa.Value{Op: ssa.OpKfunc, Aux: k}
		x, err = s.helper(&v, k.Args)
		result = k.Result.Kind != ssa.Void
	default:
		h := s.helpers[int32(in.Constant)]
		if h == nil {
			s.fail(fmt.Errorf("helper %d is not in the program", in.Constant))
			return
		}
		v := ssa.Value{Op: ssa.OpCall, Aux: h}
		x, err = s.helper(&v, h.Args)
		result = h.Result.Kind != ssa.Void
	}
	s.fail(err)
	for r := asm.R1; r <= asm.R5; r++ {
		s.valid[r] = false
	}
	s.regs[asm.R0], s.valid[asm.R0] = x, result
}

// helper calls the model of a helper, which finds the map it works on among the
// arguments of the SSA call.
func (s *state) helper(v *ssa.Value, kinds []ssa.ArgKind) (uint64, error) {
	h := s.Answer(v.Callee())
	var args []uint64
	for i, kind := range kinds {
		x := s.get(asm.R1 + asm.Register(i))
		args = append(args, x)
		if kind != ssa.ArgMap {
			continue
		}
		for _, m := range s.maps {
			if uint64(m.Index) == x {
				v.Args = append(v.Args, &ssa.Value{Op: ssa.OpMapPtr, Aux: m})
			}
		}
	}
	return h(s.Machine.Machine, v, args)
}

// forEach is bpf_for_each_map_elem(map, callback, ctx, flags).
func (m *Machine) forEach(on *interp.Machine, call *ssa.Value, a []uint64) (uint64, error) {
	return on.Each(call, a[2], func(args ...uint64) (uint64, error) { return m.call(int(a[1]), args...) })
}

// loop is bpf_loop(nr, callback, ctx, flags).
func (m *Machine) loop(_ *interp.Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	for i := range a[0] {
		stop, err := m.call(int(a[1]), i, a[2])
		if err != nil {
			return 0, err
		}
		if stop != 0 {
			return i + 1, nil
		}
	}
	return a[0], nil
}
