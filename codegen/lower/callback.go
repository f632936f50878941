package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
)

// A callback is a function of the program that a helper calls for each element
// or round. What it uses of the function around it travels in a struct in that
// function's frame: pointers by value, scalar variables by value and back.
type capture struct {
	parent *function
	// arg is the struct's address in the callback; entry is the block that loads
	// from it, and start the one where the body begins.
	arg     *ssa.Value
	entry   *ssa.Builder
	words   []captureWord
	byKey   map[any]*ssa.Value
	stop    *ssa.Block // returns 1: no more calls
	leaving int64      // offset of the flag that the program is to end, -1: never
	result  int64      // offset of its result
	stopped int64      // offset of the flag that the body stopped the calls, -1: nobody asks
}

// captureWord is 8 bytes of the struct.
type captureWord struct {
	init *ssa.Value
	// v is the variable to write back to, nil for none.
	v *check.Var
	s *storage
}

// Keys of captured values other than variables' places.
type captureKey int

const (
	captureCtx captureKey = iota
	captureScratch
)

// partKey is the key of one part of a loop variable's pair.
type partKey struct {
	v *check.Var
	i int
}

// around gives a builder for the function around the current callback, at the
// point where it is about to call.
func (b *Builder) around() *Builder {
	p := *b
	p.fn = b.fn.parent
	p.Builder = p.fn.b
	return &p
}

func (c *capture) word(w captureWord) int64 {
	c.words = append(c.words, w)
	return int64(8 * (len(c.words) - 1))
}

// captured gives a pointer of the function around, which get finds there.
func (b *Builder) captured(key any, get func(around *Builder) *ssa.Value) *ssa.Value {
	c := b.fn.capture
	if v := c.byKey[key]; v != nil {
		return v
	}
	x := get(b.around())
	v := c.entry.Load(64, c.arg, c.word(captureWord{init: x}))
	v.Type = x.Type
	c.byKey[key] = v
	return v
}

// here gives a value that may have been made in a function around the callback.
func (b *Builder) here(v *ssa.Value) *ssa.Value {
	switch {
	case b.fn.parent == nil || v.Block.Func == b.Func:
		return v
	case v.Op == ssa.OpConst:
		return b.Const(v.Imm)
	}
	return b.captured(v, func(around *Builder) *ssa.Value { return around.here(v) })
}

// captureVar makes a variable of a function around usable in the callback.
func (b *Builder) captureVar(v *check.Var) *storage {
	around := b.around()
	outer := around.storage(v)
	s := &storage{}
	switch {
	case outer.pair != nil:
		for i, part := range outer.pair {
			part.Ptr = b.captured(partKey{v, i}, func(p *Builder) *ssa.Value { return part.Ptr })
			s.pair = append(s.pair, part)
		}
	case outer.v == nil && !outer.wide:
		s.place = outer.place
		if outer.place.Ptr == b.fn.parent.scratch {
			s.place.Ptr = b.scratchPtr()
		} else {
			s.place.Ptr = b.captured(v, func(p *Builder) *ssa.Value { return outer.place.Ptr })
		}
	default:
		init := around.readVar(v).Val
		s.wide, s.kind = true, init.Type
		off := b.fn.capture.word(captureWord{init: around.opaque(init), v: v, s: s})
		s.place = Place{Ptr: b.fn.capture.arg, Off: off, Type: types.Uint64}
	}
	b.fn.vars[v] = s
	return s
}

// leave ends the program from within the callback: it stops the calls, and the
// function around goes on to leave as well.
func (c *capture) leave(b *Builder) {
	if c.leaving < 0 {
		c.leaving = c.word(captureWord{})
		c.result = c.word(captureWord{})
	}
	b.StoreImm(64, c.arg, c.leaving, 1)
	if b.fn.result != nil {
		b.Store(64, c.arg, c.result, b.Use(b.fn.result))
	}
	b.Jump(c.stop)
}

// tellStop has it told by a flag, at the offset that it gives, that it was the body that
// ended the calls.
func (c *capture) tellStop() int64 {
	c.stopped = c.word(captureWord{})
	return c.stopped
}

// callback makes a function that takes params, of which the one numbered arg is
// the captured struct. body lowers it; the blocks that break and continue lead to
// are in the loop it is given. call makes the call, given the function and the
// struct's address.
func (b *Builder) callback(name string, params []ssa.Type, arg int, body func(params []*ssa.Value), call func(f, arg *ssa.Value)) {
	f := ssa.NewFunc(name)
	b.prog.ssa.Funcs = append(b.prog.ssa.Funcs, f)
	outerBuilder, outer := b.Builder, b.fn

	entry := ssa.NewBuilder(f, params...)
	values := f.Blocks[0].Params
	b.Builder = &ssa.Builder{Func: f, Span: outerBuilder.Span}
	b.fn = newFunction(outer, b.Builder)
	if outer.result != nil {
		b.fn.result = &ssa.Variable{Name: "result", Type: ssa.Type{Kind: ssa.Scalar}}
	}
	start, next, stop := f.NewBlock(), f.NewBlock(), f.NewBlock()
	c := &capture{
		parent: outer, arg: values[arg], entry: entry, byKey: map[any]*ssa.Value{},
		stop: stop, leaving: -1, stopped: -1,
	}
	b.fn.capture = c
	b.fn.loops = []*loop{{brk: stop, cont: next}}
	b.Seal(start)
	b.SetBlock(start)
	b.setResult(b.Const(0))
	body(values)
	b.Jump(next)
	b.enter(next)
	if b.Reachable() {
		b.Return(b.Const(0))
	}
	b.enter(stop)
	if b.Reachable() {
		if c.stopped >= 0 {
			b.StoreImm(64, c.arg, c.stopped, 1)
		}
		b.Return(b.Const(1))
	}
	entry.Jump(start)

	b.Builder, b.fn = outerBuilder, outer
	c.arg.Type.Size = int32(8 * len(c.words))
	fn := b.Value(ssa.OpFuncAddr, ssa.Type{Kind: ssa.FuncPtr}, 0)
	fn.Aux = f
	if len(c.words) == 0 {
		c.arg.Type = ssa.Type{Kind: ssa.Scalar}
		call(fn, b.Const(0))
		return
	}
	at := b.FrameAddr(b.Func.NewSlot("captured", int32(8*len(c.words)), 8), 0)
	for i, w := range c.words {
		if w.init == nil {
			b.StoreImm(64, at, int64(8*i), 0)
		} else {
			b.Store(64, at, int64(8*i), w.init)
		}
	}
	call(fn, at)
	for i, w := range c.words {
		if w.v != nil && w.s.dirty {
			x := b.Load(64, at, int64(8*i))
			x.Type = w.s.kind
			b.setVar(w.v, x)
		}
	}
	if c.leaving >= 0 {
		leave, on := b.Func.NewBlock(), b.Func.NewBlock()
		b.BranchImm(ssa.NE, b.Load(64, at, c.leaving), 0, leave, on)
		b.enter(leave)
		if b.fn.result != nil {
			b.Def(b.fn.result, b.Load(64, at, c.result))
		}
		b.Exit()
		b.enter(on)
	}
}
