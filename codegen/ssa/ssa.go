// Package ssa is the one intermediate representation: a control-flow graph of
// basic blocks with parameters, over operations that are those of BPF plus
// helper and kfunc calls annotated with their effects.
//
// Comes in: what package lower builds. Goes out: functions that opt rewrites,
// alloc gives registers to and emit turns into instructions. Guaranteed by
// Verify: every value is defined before its uses on every path, types agree with
// what the kernel's verifier will accept, no operation the kernel would reject.
//
// Values have dense ids, so side tables are slices. The printed form can be
// parsed back, and is what tests are written in.
package ssa

import (
	"sonde/lang/source"
)

// Kind is what a register may hold, mirroring the verifier's register types.
type Kind uint8

const (
	// Void: no value.
	Void Kind = iota
	// Scalar: a number, user addresses and unchecked kernel addresses included.
	Scalar
	// Ctx: the context pointer.
	Ctx
	// Frame: an address in the stack frame.
	Frame
	// MapPtr: a map itself, the first argument of map helpers.
	MapPtr
	// Mem: checked memory: a map value or ring buffer record, Size bytes from
	// the pointer on.
	Mem
	// MemOrNull: the same before its null check.
	MemOrNull
	// BTF: a pointer that may be read through directly; failing reads give zero.
	BTF
	// BTFOrNull: the same before its null check. (Reading is allowed all the
	// same where the kernel marks it untrusted.)
	BTFOrNull
	// FuncPtr: the address of another function of the program, for callbacks.
	FuncPtr
)

// Type is the type of a value.
type Type struct {
	Kind Kind
	// Size is how many bytes from the pointer on may be touched, for Mem and
	// MemOrNull and Frame, and for Ctx when it is known.
	Size int32
	// BTFID is the kernel type a BTF pointer points to.
	BTFID uint32
	// Record tells that Mem is a reserved ring buffer record, which must be
	// submitted or discarded on every path.
	Record bool
}

// Program is what one BPF program is made of: its entry function first, then
// the callbacks and subprograms it refers to.
type Program struct {
	Name  string
	Funcs []*Func
}

// Func is one function.
type Func struct {
	Name string
	// Entry comes first in Blocks; its Params are the function's arguments.
	Blocks []*Block
	// Slots are the objects of the stack frame, before packing.
	Slots []*Slot

	nextValue ID
	nextBlock ID
	// incomplete state of construction; see builder.go.
	vars varState
}

// ID numbers values and blocks of a function densely from 0.
type ID int32

// Slot is an object in the stack frame.
type Slot struct {
	ID    int
	Name  string
	Size  int32 // bytes
	Align int32 // 1, 2, 4 or 8
}

// Block is a basic block: parameters, operations, and one terminator.
type Block struct {
	ID     ID
	Func   *Func
	Params []*Value
	Values []*Value
	Term   Term
	Preds  []*Block
	sealed bool
	open   []openParam
}

// Term ends a block.
type Term struct {
	Kind TermKind
	// Cond compares X with Y, or with Imm when Y is nil, for Branch. Width is 64 or
	// 32 bits.
	Cond  Cond
	X, Y  *Value
	Imm   int64
	Width uint8
	// Succs: one for Jump; taken, then not taken, for Branch.
	Succs []Edge
	// Likely: -1 when the taken side of a Branch is cold (error paths), 1 when
	// the other is.
	Likely int8
	Span   source.Span
}

// Edge goes to a block with arguments for its parameters.
type Edge struct {
	To   *Block
	Args []*Value
}

// TermKind is a kind of terminator.
type TermKind uint8

const (
	// NoTerm: the block is still under construction.
	NoTerm TermKind = iota
	// Jump goes to the only successor.
	Jump
	// Branch goes to the first successor when the condition holds, else the second.
	Branch
	// Return ends the function with X.
	Return
)

// Cond is a comparison of branches and SetCond.
type Cond uint8

// The comparisons, as BPF's jumps have them.
const (
	EQ Cond = iota
	NE
	ULT
	ULE
	UGT
	UGE
	SLT
	SLE
	SGT
	SGE
	SET // x & y != 0
)

// Value is one operation and its result.
type Value struct {
	ID    ID
	Op    Op
	Type  Type
	Args  []*Value
	Block *Block
	// Imm is the constant, offset or index that Op takes.
	Imm int64
	// Width is the access size of loads, stores and atomics, or the operand size of
	// extensions and swaps, in bits.
	Width uint8
	// Aux is a *Slot, *Map, *Func, *Helper, *Kfunc or an int64, as Op says.
	Aux  any
	Span source.Span
	// Comment says where the value comes from, for the printed form.
	Comment string
}

// Map is a reference to a map of the plan, by index into its maps: equal
// indices are the same map.
type Map struct {
	Index int
	Name  string
	// KeySize and ValueSize are in bytes; 0 when Verify need not look.
	KeySize, ValueSize int32
}

// NewFunc makes an empty function.
func NewFunc(name string) *Func { return &Func{Name: name} }

// NewBlock adds an empty, unsealed block.
func (f *Func) NewBlock() *Block {
	b := &Block{ID: f.nextBlock, Func: f}
	f.nextBlock++
	f.Blocks = append(f.Blocks, b)
	return b
}

// NewSlot adds an object to the frame.
func (f *Func) NewSlot(name string, size, align int32) *Slot {
	s := &Slot{ID: len(f.Slots), Name: name, Size: size, Align: align}
	f.Slots = append(f.Slots, s)
	return s
}

// NumValues is one more than the greatest value id in use, the length for side
// tables.
func (f *Func) NumValues() int { return int(f.nextValue) }

// NumBlocks is one more than the greatest block id in use.
func (f *Func) NumBlocks() int { return int(f.nextBlock) }

// NewValue makes a value that belongs to b but stands nowhere yet.
func (f *Func) NewValue(b *Block, op Op, t Type) *Value {
	v := &Value{ID: f.nextValue, Op: op, Type: t, Block: b}
	f.nextValue++
	return v
}

// AddParam adds a parameter to the block.
func (b *Block) AddParam(t Type) *Value {
	v := b.Func.NewValue(b, OpParam, t)
	v.Imm = int64(len(b.Params))
	b.Params = append(b.Params, v)
	return v
}
