package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
)

// storage is where a scratch variable lives: in registers (v), or in memory.
type storage struct {
	v     *ssa.Variable
	place Place
	// wide: the variable is a scalar captured by a callback; place holds all 64
	// bits of its normal form, and kind is its type in a register.
	wide bool
	kind ssa.Type
	// pair holds a loop's key and value, which lie apart.
	pair []Place
	// dirty tells a capture that the callback assigned to it.
	dirty bool
}

// storage finds where a variable lives, or gives it a place.
func (b *Builder) storage(v *check.Var) *storage {
	if s := b.fn.vars[v]; s != nil {
		return s
	}
	if b.fn.parent.knows(v) {
		return b.captureVar(v)
	}
	return b.declareVar(v)
}

// knows tells whether the function or one around it has the variable.
func (f *function) knows(v *check.Var) bool {
	for ; f != nil; f = f.parent {
		if f.vars[v] != nil {
			return true
		}
	}
	return false
}

// declareVar gives a variable its storage in the current function.
func (b *Builder) declareVar(v *check.Var) *storage {
	s := &storage{}
	switch {
	case isMemory(v.Type), b.unit.opt.FrameLimit < 0:
		s.place = b.alloc(v.Name, v.Type)
	case v.Addressed:
		s.place = b.slot(v.Name, v.Type)
	default:
		s.v = &ssa.Variable{Name: v.Name, Type: ssa.Type{Kind: ssa.Scalar}}
	}
	b.fn.vars[v] = s
	return s
}

// readVar gives a variable's value.
func (b *Builder) readVar(v *check.Var) Operand {
	s := b.storage(v)
	switch {
	case s.v != nil:
		return Value(b.Use(s.v), v.Type)
	case s.wide:
		x := b.Load(64, s.place.Ptr, s.place.Off)
		x.Type = s.kind
		return Value(x, v.Type)
	case s.pair != nil:
		p := b.Temp(v.Type)
		b.clearPadding(p)
		for i, part := range s.pair {
			b.Assign(p.Elem(i), Memory(part))
		}
		return Memory(p)
	case isMemory(v.Type):
		return Memory(s.place)
	}
	return Value(b.Get(s.place), v.Type)
}

// setVar assigns a number to a variable.
func (b *Builder) setVar(v *check.Var, x *ssa.Value) {
	s := b.storage(v)
	switch {
	case s.v != nil:
		// A variable that is assigned once may keep a pointer that the verifier
		// knows; others hold numbers, since values from several places meet.
		if b.prog.assigns[v] == 1 && (x.Type.Kind == ssa.BTF || x.Type.Kind == ssa.BTFOrNull) {
			s.v.Type = x.Type
		} else {
			x = b.Number(x)
		}
		b.Def(s.v, x)
	case s.wide:
		if s.kind.Kind == ssa.Scalar {
			x = b.Number(x)
		}
		b.Store(64, s.place.Ptr, s.place.Off, x)
		s.dirty = true
	default:
		b.Set(s.place, x)
	}
}

// zeroVar gives a variable its first value.
func (b *Builder) zeroVar(v *check.Var) {
	if s := b.storage(v); isMemory(v.Type) {
		b.Clear(s.place)
	} else {
		b.setVar(v, b.Const(0))
	}
}

// alloc gives memory for a value: in the frame if it is small, else in scratch.
func (b *Builder) alloc(name string, t types.Type) Place {
	if t.Size() <= b.unit.opt.FrameLimit {
		return b.slot(name, t)
	}
	off := b.prog.scratch.alloc(int64(t.Size()))
	return Place{Ptr: b.scratchPtr(), Off: off, Type: t}
}

// slot gives memory in the frame.
func (b *Builder) slot(name string, t types.Type) Place {
	size := int32(max(1, t.Size()))
	align := int32(8)
	for align > size {
		align /= 2
	}
	return Place{Ptr: b.FrameAddr(b.Func.NewSlot(name, size, max(align, int32(t.Align()))), 0), Type: t}
}
