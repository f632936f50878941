package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
)

// Reg reads a register of the processor; it must exist.
func (b *Builder) Reg(name string) *ssa.Value {
	off, ok := b.Host().Arch().Offset(name)
	if !ok {
		panic("lower: no register " + name)
	}
	return b.Load(64, b.Ctx(), off)
}

// Arg is argument i of the traced function or tracepoint, as 64 bits: from its
// slot in the context, or by the calling convention, which must have a register for it.
func (b *Builder) Arg(i int) *ssa.Value {
	ctx := b.Context()
	if !ctx.Regs {
		if f, ok := argField(ctx, i); ok && ctx.Layout == check.ArgsSlots {
			x := Operand{Type: ctx.Args, Layout: check.ArgsSlots}
			x.Place.Ptr = b.Ctx()
			return b.scalar(b.slotArg(x, f, f.Type))
		}
		return b.Load(64, b.Ctx(), int64(8*i))
	}
	return b.Reg(b.Host().Arch().Args[i])
}

// argField is argument i of a context whose arguments have types.
func argField(ctx *check.Context, i int) (f types.Field, ok bool) {
	if ctx.Args == nil || ctx.Program == check.ProgRawTracepoint {
		return f, false
	}
	for _, f := range ctx.Args.Fields() {
		if f.Offset == 8*i {
			return f, true
		}
	}
	return f, false
}

// Retval is the traced function's result, in the normal form of its type.
func (b *Builder) Retval() *ssa.Value {
	ctx := b.Context()
	var v *ssa.Value
	switch {
	case ctx.Regs:
		v = b.Reg(b.Host().Arch().Retval)
	case ctx.BindProg != 0:
		// Where the kernel does not believe what a program says of itself, the result
		// does not lie behind as many arguments as it has.
		p := b.slot("result", types.Uint64)
		b.Set(p, b.Const(0))
		b.Call(ssa.HelperFuncRet, b.Ctx(), b.Addr(p))
		v = b.Get(p)
	default:
		v = b.Load(64, b.Ctx(), int64(8*ctx.NumArgs))
		v.Type = b.pointee(ctx.Retval, ssa.BTFOrNull)
	}
	if i, ok := types.AsInt(ctx.Retval); ok && v.Type.Kind == ssa.Scalar {
		return b.extend(v, i)
	}
	return v
}
