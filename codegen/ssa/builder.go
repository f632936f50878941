package ssa

import "sonde/lang/source"

// Builder appends operations to the current block, and turns assignable
// variables into SSA form on the fly: Braun et al., “Simple and Efficient
// Construction of Static Single Assignment Form” (CC 2013). A block is sealed
// once all its predecessors are known; variables read before that get a
// parameter that is filled in on sealing.
type Builder struct {
	Func *Func
	// Block is the current one; nil after a terminator, when what follows can't be
	// reached.
	Block *Block
	// Span is given to what is appended.
	Span source.Span
	// Comment too.
	Comment string
}

// Variable is an assignable variable during construction.
type Variable struct {
	Name string
	Type Type
}

type openParam struct {
	v     *Variable
	param *Value
}

type varState map[*Variable]map[*Block]*Value

// NewBuilder starts a function with the parameters' types; its entry block is
// current and sealed.
func NewBuilder(f *Func, params ...Type) *Builder {
	b := &Builder{Func: f}
	entry := f.NewBlock()
	for _, t := range params {
		entry.AddParam(t)
	}
	entry.sealed = true
	b.Block = entry
	return b
}

// Reachable tells whether appended operations can ever run.
func (b *Builder) Reachable() bool { return b.Block != nil }

// SetBlock makes blk current.
func (b *Builder) SetBlock(blk *Block) { b.Block = blk }

// Value appends an operation to the current block. When nothing can be reached
// it makes a value that stands nowhere, so that callers need not ask.
func (b *Builder) Value(op Op, t Type, imm int64, args ...*Value) *Value {
	blk := b.Block
	if blk == nil {
		blk = &Block{ID: -1, Func: b.Func}
	}
	v := b.Func.NewValue(blk, op, t)
	v.Imm, v.Args, v.Span, v.Comment = imm, args, b.Span, b.Comment
	blk.Values = append(blk.Values, v)
	return v
}

// Const makes a number.
func (b *Builder) Const(n int64) *Value { return b.Value(OpConst, Type{Kind: Scalar}, n) }

// Bin makes a binary operation on scalars.
func (b *Builder) Bin(op Op, x, y *Value) *Value {
	return b.Value(op, Type{Kind: Scalar}, 0, x, y)
}

// Load reads width bits, zero extended.
func (b *Builder) Load(width uint8, ptr *Value, off int64) *Value {
	v := b.Value(OpLoad, Type{Kind: Scalar}, off, ptr)
	v.Width = width
	return v
}

// Store writes the low width bits of x.
func (b *Builder) Store(width uint8, ptr *Value, off int64, x *Value) {
	b.Value(OpStore, Type{}, off, ptr, x).Width = width
}

// StoreImm writes a constant.
func (b *Builder) StoreImm(width uint8, ptr *Value, off int64, imm int64) {
	v := b.Value(OpStoreImm, Type{}, off, ptr)
	v.Width, v.Aux = width, imm
}

// Ext extends the low width bits to 64.
func (b *Builder) Ext(op Op, width uint8, x *Value) *Value {
	if width == 64 {
		return x
	}
	v := b.Value(op, Type{Kind: Scalar}, 0, x)
	v.Width = width
	return v
}

// SetCond gives 1 when x cond y, else 0.
func (b *Builder) SetCond(c Cond, x, y *Value) *Value {
	return b.Value(OpSetCond, Type{Kind: Scalar}, int64(c), x, y)
}

// FrameAddr gives the address of a slot.
func (b *Builder) FrameAddr(s *Slot, off int64) *Value {
	v := b.Value(OpFrameAddr, Type{Kind: Frame, Size: s.Size - int32(off)}, off)
	v.Aux = s
	return v
}

// MapPtr gives a map for a helper.
func (b *Builder) MapPtr(m *Map) *Value {
	v := b.Value(OpMapPtr, Type{Kind: MapPtr}, 0)
	v.Aux = m
	return v
}

// MapValue gives the address of byte off in the value of a one-element array
// map; size bytes may be touched.
func (b *Builder) MapValue(m *Map, off int64, size int32) *Value {
	v := b.Value(OpMapValue, Type{Kind: Mem, Size: size}, off)
	v.Aux = m
	return v
}

// AddPtr moves a pointer by a constant.
func (b *Builder) AddPtr(ptr *Value, off int64) *Value {
	if off == 0 {
		return ptr
	}
	t := ptr.Type
	if t.Kind == Mem || t.Kind == Frame {
		t.Size -= int32(off)
	}
	return b.Value(OpAddPtr, t, off, ptr)
}

// Call calls a helper. The result has the helper's type; set Type.Size on what
// it returns where that depends on the call.
func (b *Builder) Call(h *Helper, args ...*Value) *Value {
	v := b.Value(OpCall, h.Result, 0, args...)
	v.Aux = h
	return v
}

// Kfunc calls a kernel function.
func (b *Builder) Kfunc(k *Kfunc, args ...*Value) *Value {
	v := b.Value(OpKfunc, k.Result, 0, args...)
	v.Aux = k
	return v
}

// Jump ends the current block.
func (b *Builder) Jump(to *Block) {
	b.terminate(Term{Kind: Jump, Succs: []Edge{{To: to}}})
}

// Branch ends the current block: to yes when x cond y, else to no.
func (b *Builder) Branch(c Cond, x, y *Value, yes, no *Block) {
	b.terminate(Term{Kind: Branch, Cond: c, X: x, Y: y, Width: 64, Succs: []Edge{{To: yes}, {To: no}}})
}

// BranchImm compares with a constant of 32 bits.
func (b *Builder) BranchImm(c Cond, x *Value, imm int64, yes, no *Block) {
	b.terminate(Term{Kind: Branch, Cond: c, X: x, Imm: imm, Width: 64, Succs: []Edge{{To: yes}, {To: no}}})
}

// Return ends the function.
func (b *Builder) Return(x *Value) { b.terminate(Term{Kind: Return, X: x}) }

func (b *Builder) terminate(t Term) {
	if b.Block == nil {
		return
	}
	t.Span = b.Span
	b.Block.Term = t
	for _, e := range t.Succs {
		e.To.Preds = append(e.To.Preds, b.Block)
	}
	b.Block = nil
}

// NonNull branches on ptr: the current block goes on where it is not null, with
// the checked pointer; the other side goes to null.
func (b *Builder) NonNull(ptr *Value, null *Block) *Value {
	ok := b.Func.NewBlock()
	b.BranchImm(EQ, ptr, 0, null, ok)
	if len(ok.Preds) > 0 {
		b.Seal(ok)
		b.SetBlock(ok)
	}
	t := ptr.Type
	switch t.Kind {
	case MemOrNull:
		t.Kind = Mem
	case BTFOrNull:
		t.Kind = BTF
	}
	return b.Value(OpNonNull, t, 0, ptr)
}

// Def assigns to a variable.
func (b *Builder) Def(v *Variable, x *Value) {
	if b.Block != nil {
		b.Func.define(v, b.Block, x)
	}
}

// Use reads a variable.
func (b *Builder) Use(v *Variable) *Value {
	if b.Block == nil {
		return b.Value(OpConst, v.Type, 0)
	}
	return b.Func.read(v, b.Block)
}

// Seal says that all predecessors of blk are known.
func (b *Builder) Seal(blk *Block) {
	if blk.sealed {
		return
	}
	blk.sealed = true
	for _, o := range blk.open {
		b.Func.fill(o.v, o.param)
	}
	blk.open = nil
}

func (f *Func) define(v *Variable, blk *Block, x *Value) {
	if f.vars == nil {
		f.vars = varState{}
	}
	if f.vars[v] == nil {
		f.vars[v] = map[*Block]*Value{}
	}
	f.vars[v][blk] = x
}

func (f *Func) read(v *Variable, blk *Block) *Value {
	if x := f.vars[v][blk]; x != nil {
		return x
	}
	switch {
	case !blk.sealed:
		p := blk.AddParam(v.Type)
		blk.open = append(blk.open, openParam{v, p})
		f.define(v, blk, p)
		return p
	case len(blk.Preds) == 0:
		// Never assigned on this path: a variable without a value is zero.
		x := f.NewValue(blk, OpConst, Type{Kind: Scalar})
		blk.Values = append([]*Value{x}, blk.Values...)
		f.define(v, blk, x)
		return x
	case len(blk.Preds) == 1:
		x := f.read(v, blk.Preds[0])
		f.define(v, blk, x)
		return x
	}
	p := blk.AddParam(v.Type)
	f.define(v, blk, p) // breaks cycles
	f.fill(v, p)
	return p
}

// fill gives every edge into the parameter's block the variable's value there.
// A parameter that turns out to be the same on all edges is removed later, by
// the pass that removes trivial parameters.
func (f *Func) fill(v *Variable, param *Value) {
	seen := map[*Block]bool{}
	for _, pred := range param.Block.Preds {
		if seen[pred] {
			continue // both edges of a branch were done at once
		}
		seen[pred] = true
		x := f.read(v, pred)
		for i := range pred.Term.Succs {
			if e := &pred.Term.Succs[i]; e.To == param.Block {
				e.Args = append(e.Args, x)
			}
		}
	}
}
