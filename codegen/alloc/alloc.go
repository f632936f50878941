// Package alloc gives the values of an SSA function places: registers of the BPF
// machine, and bytes of its 512-byte stack frame.
//
// Comes in: an optimised ssa.Func, which is not changed. Goes out: a Result,
// straight-line code for an abstract BPF machine with real registers, block by
// block in layout order, that package emit turns into instructions one by one.
// Guaranteed: nothing is read from R0 to R5 after a call, copies on edges happen
// as if at once, every operand that must be in a register is in one, constants
// stand as immediates only where the machine has room for them.
//
// There are two allocators. Trivial keeps every value in a stack slot and folds
// nothing; it is small enough to be right by inspection, and is the oracle the
// real one is compared with. Allocate is the real one; DESIGN.md says how it
// works. Both begin with the same instruction selection (select.go).
package alloc

import (
	"fmt"

	"sonde/codegen/ssa"
	"sonde/lang/source"
)

// Reg is a register: R0 to R10 of the machine, or a virtual one while allocation
// is under way.
type Reg int32

// The machine's registers. R0 is the result of calls and the scratch of copies,
// R1 to R5 are arguments and lost in calls, R6 to R9 survive calls, R10 is the
// frame pointer.
const (
	R0 Reg = iota
	R1
	R2
	R3
	R4
	R5
	R6
	R7
	R8
	R9
	R10
	firstVirtual
	NoReg Reg = -1
)

func (r Reg) virtual() bool { return r >= firstVirtual }

func (r Reg) String() string {
	switch {
	case r == NoReg:
		return "-"
	case r.virtual():
		return fmt.Sprintf("t%d", r-firstVirtual)
	}
	return fmt.Sprintf("r%d", int(r))
}

// Copy is the operation of register copies: a checked pointer is a copy of the
// unchecked one, and every other copy is made to look the same.
const Copy = ssa.OpNonNull

// Mode is what an operand is.
type Mode uint8

const (
	// None: no operand.
	None Mode = iota
	// InReg: a register.
	InReg
	// Imm: a constant of the 32-bit signed range.
	Imm
	// InSlot: as the base of an access to memory, the frame slot itself; as an
	// argument, the eight bytes kept there.
	InSlot
	// Made: a value that is made on the spot (constant, address, map).
	Made
	// ofValue: the value of an SSA operation, not looked at yet; only within
	// selection.
	ofValue
)

// Operand is what an instruction works on.
type Operand struct {
	Mode Mode
	Reg  Reg
	Imm  int64
	Slot *Slot
	Make Make
	val  *ssa.Value
}

// Make is a value that needs no operands: Op is OpConst, OpFrameAddr (Aux a
// *Slot), OpMapPtr, OpMapValue or OpFuncAddr. It is comparable.
type Make struct {
	Op  ssa.Op
	Imm int64
	Aux any
}

// Slot is a piece of the stack frame: an object of the function, or a spilled
// value.
type Slot struct {
	Name string
	// Size in bytes, Align a power of 2 up to 8.
	Size, Align int32
	// Off is the address relative to R10, negative.
	Off int32
	// Object is the function's slot, nil for spilled values.
	Object *ssa.Slot
	// pinned: its address is kept where we can't see who uses it.
	pinned bool
	index  int
}

// Inst is one instruction of the abstract machine. Operations are SSA's, with
// these differences: memory is at A plus Imm; OpStore with an immediate B stands
// for OpStoreImm; binary operations may have an immediate A, which is loaded
// first; a call's arguments are in place.
type Inst struct {
	Op    ssa.Op
	Dst   Reg
	A, B  Operand
	Imm   int64
	Width uint8
	Aux   any
	// Args are a call's arguments; moved to R1 to R5 and gone after allocation.
	Args []Operand
	// touches are the frame objects that the instruction may access.
	touches []*Slot
	// from is the slot whose contents a store of R0 copies, loaded just before.
	from    *Slot
	Span    source.Span
	Comment string
}

// Block is a basic block.
type Block struct {
	ID    int
	Insts []Inst
	Term  Term
	Preds []*Block
	// Cold blocks are seldom run; they are laid out last.
	Cold bool

	params []param
	depth  int // number of loops around it
	index  int // place in Result.Blocks
	idom   *Block
}

// param is a block parameter: in a virtual register, or spilled to a slot.
type param struct {
	reg  Reg
	slot *Slot
}

// Term ends a block; after allocation edges have no arguments left.
type Term struct {
	Kind   ssa.TermKind
	Cond   ssa.Cond
	Width  uint8
	A, B   Operand
	Succs  []Edge
	Likely int8
	// Leaves is 1 or 2 when that successor of a branch leaves a loop in which the
	// other stays.
	Leaves int8
	Span   source.Span
}

// Edge goes to a block.
type Edge struct {
	To   *Block
	args []Operand
}

// Result is an allocated function.
type Result struct {
	Func *ssa.Func
	// Blocks in layout order, the entry first.
	Blocks []*Block
	// Slots of the frame that are used.
	Slots []*Slot
	// Frame is the frame's size in bytes, a multiple of 8.
	Frame int32
	// Spills counts values that live in memory, for reports.
	Spills int

	vregs   []vreg
	entry   []Reg // the function's parameters
	objects map[*ssa.Slot]*Slot
	nextID  int
}

// FrameLimit is the size of the stack in bytes (include/linux/filter.h,
// MAX_BPF_STACK), shared by all frames of a call chain.
const FrameLimit = 512

// FrameError says that a frame does not fit. Objects are its objects, the largest
// first: whoever made them can put some elsewhere and try again.
type FrameError struct {
	Func    string
	Size    int32
	Objects []*ssa.Slot
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("%s needs %d bytes of stack, there are %d", e.Func, e.Size, FrameLimit)
}

// Allocate gives f's values registers and frame slots. The error is a *FrameError
// when the frame is too large.
func Allocate(f *ssa.Func) (*Result, error) {
	r, err := newSelection(f, true)
	if err != nil {
		return nil, err
	}
	for {
		c, ok := r.colour(r.spillToPressure())
		if ok {
			c.finish()
			break
		}
		x := c.victim()
		if x == NoReg {
			return nil, fmt.Errorf("function %s: no register for a value", f.Name)
		}
		r.spill([]Reg{x})
	}
	r.packFrame()
	return r, r.checkFrame()
}

func reg(r Reg) Operand      { return Operand{Mode: InReg, Reg: r} }
func imm(n int64) Operand    { return Operand{Mode: Imm, Imm: n} }
func inSlot(s *Slot) Operand { return Operand{Mode: InSlot, Slot: s} }

// makeInst is the instruction that makes m in dst.
func makeInst(m Make, dst Reg, at source.Span) Inst {
	return Inst{Op: m.Op, Dst: dst, Imm: m.Imm, Aux: m.Aux, Span: at}
}

func fitsImm(n int64) bool { return n == int64(int32(n)) }
func fitsOff(n int64) bool { return n == int64(int16(n)) }

// isCall tells whether R0 to R5 are lost.
func (in *Inst) isCall() bool { return in.Op.Info().Call }

// tied says which operand the result replaces: 1 for A, 2 for B, 0 for none.
func (in *Inst) tied() int {
	switch in.Op {
	case ssa.OpAtomicFetchAdd, ssa.OpAtomicXchg:
		return 2
	}
	if in.Op.Info().TwoAddress {
		return 1
	}
	return 0
}

// usesScratch tells whether emission needs R0 for the instruction: signed
// division by a variable on machines without it.
func (in *Inst) usesScratch() bool {
	return (in.Op == ssa.OpSDiv || in.Op == ssa.OpSMod) && in.B.Mode == InReg
}
