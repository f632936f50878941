package emit

import (
	"github.com/cilium/ebpf/asm"

	"sonde/codegen/alloc"
	"sonde/codegen/ssa"
	"sonde/lang/source"
)

var sizes = map[uint8]asm.Size{8: asm.Byte, 16: asm.Half, 32: asm.Word, 64: asm.DWord}

var aluOps = map[ssa.Op]asm.ALUOp{
	ssa.OpAdd: asm.Add, ssa.OpSub: asm.Sub, ssa.OpMul: asm.Mul, ssa.OpUDiv: asm.Div, ssa.OpUMod: asm.Mod,
	ssa.OpAnd: asm.And, ssa.OpOr: asm.Or, ssa.OpXor: asm.Xor, ssa.OpLsh: asm.LSh, ssa.OpRsh: asm.RSh,
	ssa.OpArsh: asm.ArSh, ssa.OpAddPtrVar: asm.Add, ssa.OpSDiv: asm.SDiv, ssa.OpSMod: asm.SMod,
}

var atomics = map[ssa.Op]asm.AtomicOp{
	ssa.OpAtomicAdd: asm.AddAtomic, ssa.OpAtomicFetchAdd: asm.FetchAdd, ssa.OpAtomicOr: asm.OrAtomic,
	ssa.OpAtomicXchg: asm.Xchg,
}

// inst writes one instruction of the abstract machine.
func (e *emitter) inst(in *alloc.Inst) {
	at, dst := in.Span, asm.Register(in.Dst)
	switch in.Op {
	case alloc.Copy:
		e.move(at, dst, in.A)
	case ssa.OpConst:
		e.constant(at, dst, in.Imm)
	case ssa.OpFrameAddr:
		e.addConst(at, dst, asm.R10, int64(in.Aux.(*alloc.Slot).Off)+in.Imm)
	case ssa.OpMapPtr:
		e.add(at, asm.LoadMapPtr(dst, 0).WithReference(in.Aux.(*ssa.Map).Name))
	case ssa.OpMapValue:
		e.add(at, asm.LoadMapValue(dst, 0, uint32(in.Imm)).WithReference(in.Aux.(*ssa.Map).Name))
	case ssa.OpFuncAddr:
		e.refer(in.Aux.(*ssa.Func))
		e.add(at, asm.Instruction{OpCode: asm.LoadImmOp(asm.DWord), Dst: dst, Src: asm.PseudoFunc})
	case ssa.OpAddPtr:
		e.addConst(at, dst, asm.Register(in.A.Reg), in.Imm)
	case ssa.OpNeg:
		e.move(at, dst, in.A)
		e.add(at, asm.Neg.Imm(dst, 0))
	case ssa.OpZext, ssa.OpSext:
		e.extend(in)
	case ssa.OpBswap:
		e.move(at, dst, in.A)
		e.add(at, asm.HostTo(asm.BE, dst, sizes[in.Width])) // swaps: all our machines are little-endian
	case ssa.OpPtrInt:
		// On a little-endian machine this changes nothing, but the verifier no longer
		// takes the result for a pointer.
		e.move(at, dst, in.A)
		e.add(at, asm.HostTo(asm.LE, dst, asm.DWord))
	case ssa.OpSetCond:
		e.setCond(in)
	case ssa.OpSDiv, ssa.OpSMod:
		e.signedDivision(in)
	case ssa.OpLoad:
		base, off := e.address(in, in.Imm)
		e.add(at, asm.LoadMem(dst, base, off, sizes[in.Width]))
	case ssa.OpStore:
		e.store(in)
	case ssa.OpZero:
		e.zero(in)
	case ssa.OpAtomicAdd, ssa.OpAtomicOr, ssa.OpAtomicFetchAdd, ssa.OpAtomicXchg:
		src := asm.Register(in.B.Reg)
		if in.Dst != alloc.NoReg {
			e.move(at, dst, in.B)
			src = dst
		}
		base, off := e.address(in, in.Imm)
		e.add(at, atomic(atomics[in.Op], base, src, sizes[in.Width], off))
	case ssa.OpCall:
		e.add(at, asm.BuiltinFunc(in.Aux.(*ssa.Helper).ID).Call())
	case ssa.OpKfunc:
		e.add(at, callOf(asm.PseudoKfuncCall, int64(in.Aux.(*ssa.Kfunc).BTFID)))
	case ssa.OpSubcall:
		e.refer(in.Aux.(*ssa.Func))
		e.add(at, callOf(asm.PseudoCall, 0))
	default:
		if op, ok := aluOps[in.Op]; ok {
			e.alu(in, op)
			return
		}
		e.fail("no instruction for %s", in.Op)
	}
}

// atomic sets the immediate itself, which holds the operation: Instruction.Marshal
// of v0.22.0 means to and writes 0, which is an addition.
func atomic(op asm.AtomicOp, base, src asm.Register, size asm.Size, off int16) asm.Instruction {
	in := op.Mem(base, src, size, off)
	in.Constant = int64(op >> 8)
	return in
}

func callOf(kind asm.Register, constant int64) asm.Instruction {
	return asm.Instruction{OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.Call), Src: kind, Constant: constant}
}

// refer notes that the next instruction refers to a function.
func (e *emitter) refer(f *ssa.Func) {
	e.calls = append(e.calls, call{len(e.Instructions), e.pos, f})
}

// move puts a register or number into dst.
func (e *emitter) move(at source.Span, dst asm.Register, o alloc.Operand) {
	switch {
	case o.Mode == alloc.Imm:
		e.constant(at, dst, o.Imm)
	case asm.Register(o.Reg) != dst:
		e.add(at, asm.Mov.Reg(dst, asm.Register(o.Reg)))
	}
}

// constant takes two units of code only for what neither extends from the sign
// nor with zeros.
func (e *emitter) constant(at source.Span, dst asm.Register, n int64) {
	switch {
	case n == int64(int32(n)):
		e.add(at, asm.Mov.Imm(dst, int32(n)))
	case n == int64(uint32(n)):
		e.add(at, asm.Mov.Imm32(dst, int32(uint32(n))))
	default:
		e.add(at, asm.LoadImm(dst, n, asm.DWord))
	}
}

func (e *emitter) addConst(at source.Span, dst, base asm.Register, n int64) {
	if n != int64(int32(n)) {
		e.fail("pointer offset %d", n)
	}
	if dst != base {
		e.add(at, asm.Mov.Reg(dst, base))
	}
	if n != 0 {
		e.add(at, asm.Add.Imm(dst, int32(n)))
	}
}

// alu writes an operation whose result replaces its first operand.
func (e *emitter) alu(in *alloc.Inst, op asm.ALUOp) {
	dst, a, b := in.Dst, in.A, in.B
	if b.Mode == alloc.InReg && b.Reg == dst && a != b {
		if !in.Op.Info().Commutative {
			e.fail("%s: the result is in the place of the second operand", in)
			return
		}
		a, b = b, a
	}
	e.move(in.Span, asm.Register(dst), a)
	e.add(in.Span, withSource(op, dst, b))
}

func withSource(op asm.ALUOp, dst alloc.Reg, b alloc.Operand) asm.Instruction {
	if b.Mode == alloc.Imm {
		return op.Imm(asm.Register(dst), int32(b.Imm))
	}
	return op.Reg(asm.Register(dst), asm.Register(b.Reg))
}

func (e *emitter) extend(in *alloc.Inst) {
	at, dst := in.Span, asm.Register(in.Dst)
	if in.A.Mode == alloc.Imm {
		e.move(at, dst, in.A)
		in = &alloc.Inst{Op: in.Op, Dst: in.Dst, A: alloc.Operand{Mode: alloc.InReg, Reg: in.Dst}, Width: in.Width, Span: at}
	}
	src := asm.Register(in.A.Reg)
	switch {
	case in.Op == ssa.OpZext && in.Width == 32:
		e.add(at, asm.Mov.Reg32(dst, src))
	case in.Op == ssa.OpZext:
		e.move(at, dst, in.A)
		e.add(at, asm.And.Imm(dst, 1<<in.Width-1))
	case e.isa4:
		op := map[uint8]asm.ALUOp{8: asm.MovSX8, 16: asm.MovSX16, 32: asm.MovSX32}[in.Width]
		e.add(at, op.Reg(dst, src))
	default:
		e.move(at, dst, in.A)
		e.add(at, asm.LSh.Imm(dst, 64-int32(in.Width)), asm.ArSh.Imm(dst, 64-int32(in.Width)))
	}
}

// skip is a conditional jump over the next n instructions of one unit each.
func skip(n int16, c ssa.Cond, a, b alloc.Operand) asm.Instruction {
	in := compare(c, a, b, 64)
	in.Offset = n
	return in
}

func skipAlways(n int16) asm.Instruction {
	return asm.Instruction{OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.Ja), Offset: n}
}

func (e *emitter) setCond(in *alloc.Inst) {
	at, dst, cond := in.Span, asm.Register(in.Dst), ssa.Cond(in.Imm)
	yes, no := asm.Mov.Imm(dst, 1), asm.Mov.Imm(dst, 0)
	if in.A.Reg != in.Dst && (in.B.Mode == alloc.Imm || in.B.Reg != in.Dst) {
		e.add(at, yes, skip(1, cond, in.A, in.B), no)
		return
	}
	e.add(at, skip(2, cond, in.A, in.B), no, skipAlways(1), yes)
}

// signedDivision divides magnitudes and sets the sign where the machine divides
// unsigned numbers only. A division by zero gives 0 and a remainder the dividend,
// as the unsigned ones do.
func (e *emitter) signedDivision(in *alloc.Inst) {
	if e.isa4 {
		e.alu(in, aluOps[in.Op])
		return
	}
	at, dst := in.Span, asm.Register(in.Dst)
	result := alloc.Operand{Mode: alloc.InReg, Reg: in.Dst}
	zero := alloc.Operand{Mode: alloc.Imm}
	unsigned := asm.Div
	if in.Op == ssa.OpSMod {
		unsigned = asm.Mod
	}
	neg := asm.Neg.Imm(dst, 0)
	if in.A == in.B && in.A.Mode == alloc.InReg {
		if in.Op == ssa.OpSMod {
			e.constant(at, dst, 0)
			return
		}
		e.setCond(&alloc.Inst{Dst: in.Dst, A: in.A, B: zero, Imm: int64(ssa.NE), Span: at})
		return
	}
	e.move(at, dst, in.A)
	if in.B.Mode == alloc.Imm {
		n := in.B.Imm
		magnitude := n
		if n < 0 {
			magnitude = -n
		}
		if magnitude != int64(int32(magnitude)) { // only -1<<31
			e.fail("signed division by %d", n)
		}
		divide := unsigned.Imm(dst, int32(magnitude))
		e.add(at, skip(4, ssa.SGE, result, zero), neg, divide, neg, skipAlways(1), divide)
		if n < 0 && in.Op == ssa.OpSDiv {
			e.add(at, neg)
		}
		return
	}
	scratch := alloc.Operand{Mode: alloc.InReg, Reg: alloc.R0}
	divide := unsigned.Reg(dst, asm.R0)
	e.add(at,
		asm.Mov.Reg(asm.R0, asm.Register(in.B.Reg)),
		skip(1, ssa.SGE, scratch, zero),
		asm.Neg.Imm(asm.R0, 0),
		skip(4, ssa.SGE, result, zero),
		neg, divide, neg, skipAlways(1),
		divide)
	if in.Op == ssa.OpSDiv {
		e.add(at, skip(1, ssa.SGE, in.B, zero), neg)
	}
}

// address gives the base register and offset of an access n bytes into what in
// addresses.
func (e *emitter) address(in *alloc.Inst, n int64) (asm.Register, int16) {
	base := asm.Register(in.A.Reg)
	if in.A.Mode == alloc.InSlot {
		base = asm.R10
		n += int64(in.A.Slot.Off)
	}
	if n != int64(int16(n)) {
		e.fail("offset %d", n)
	}
	return base, int16(n)
}

func (e *emitter) store(in *alloc.Inst) {
	base, off := e.address(in, in.Imm)
	if in.B.Mode == alloc.Imm {
		e.add(in.Span, storeImm(base, off, in.B.Imm, sizes[in.Width]))
		return
	}
	e.add(in.Span, asm.StoreMem(base, off, asm.Register(in.B.Reg), sizes[in.Width]))
}

// storeImm stores a number; asm.StoreImm refuses 8 bytes, the kernel does not.
func storeImm(base asm.Register, off int16, n int64, size asm.Size) asm.Instruction {
	return asm.Instruction{OpCode: asm.StoreImmOp(size), Dst: base, Offset: off, Constant: n}
}

// zero clears memory by stores as wide as the address allows.
func (e *emitter) zero(in *alloc.Inst) {
	for pos, end := in.Imm, in.Imm+in.Aux.(int64); pos < end; {
		base, off := e.address(in, pos)
		width := int16(8)
		for off%width != 0 || pos+int64(width) > end {
			width /= 2
		}
		e.add(in.Span, storeImm(base, off, 0, sizes[uint8(width)*8]))
		pos += int64(width)
	}
}
