package lower_test

import (
	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/types"
)

// library gives the checker's test vocabulary lowerings: one of each form.
type library struct{ *checktest.Library }

func newLibrary() library { return library{checktest.New()} }

// Attach implements lower.Library.
func (library) Attach(t *check.Target, _ *check.Context) (plan.Mechanism, error) {
	return plan.RawTracepoint{Name: t.Name}, nil
}

// Lowering implements lower.Library.
func (library) Lowering(f *check.Func) *lower.Lowering { return lowerings[f.Name] }

var lowerings = map[string]*lower.Lowering{
	"pid": {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		return b.Bin(ssa.OpRsh, b.Call(ssa.HelperPidTgid), b.Const(32))
	}},
	"tid": {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		return b.Ext(ssa.OpZext, 32, b.Call(ssa.HelperPidTgid))
	}},
	"cpu": {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value { return b.Call(ssa.HelperSMPID) }},
	"nsecs": {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		return b.Call(ssa.HelperKtime)
	}},
	"comm": {Into: func(b *lower.Builder, _ *check.Call, dst lower.Place) {
		b.Call(ssa.HelperComm, b.Addr(dst), b.Const(16))
	}},
	"curtask": {Operand: func(b *lower.Builder, _ *check.Call) lower.Operand { return b.CurrentTask() }},
	"args": {Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
		return lower.Operand{Type: c.Type, Place: lower.Place{Ptr: b.Ctx(), Type: c.Type}, Layout: c.Context.Layout}
	}},
	"arg0":   {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value { return b.Arg(0) }},
	"retval": {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value { return b.Retval() }},
	"probe": {Into: func(b *lower.Builder, _ *check.Call, dst lower.Place) {
		b.Clear(dst)
		b.Set(dst.At(0, types.Uint64), b.Target())
	}},
	"str": {Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		addr, space := b.Address(c.Args[0])
		var limit *ssa.Value
		if len(c.Args) > 1 {
			limit = b.Int(c.Args[1], types.Uint64)
		}
		b.ReadStr(space, dst, addr, limit)
	}},
	"exit": {Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		b.Emit("exit", nil, true)
		b.Exit()
		return nil
	}},
	"clear": {Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		b.Emit("clear", b.Var(b.MapOf(c.Args[0])), false)
		return nil
	}},
	"has_key": {Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.HasKey(b.MapOf(c.Args[0]), c.Args[1:])
	}},
	"delete": {Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		m := c.Args[0].(*ast.Map)
		if len(c.Args) > 1 {
			return b.Delete(b.MapOf(m), c.Args[1:])
		}
		return b.Delete(b.MapOf(m), m.Keys)
	}},
	"printf": {Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		format, _ := b.ConstString(c.Args[0])
		var args []lower.Arg
		for _, e := range c.Args[1:] {
			args = append(args, b.ArgExpr(e, nil))
		}
		b.Emit("printf", format, false, args...)
		return nil
	}},
	"print": {Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		if m := b.MapOf(c.Args[0]); m != nil && c.Args[0].(*ast.Map).Keys == nil {
			b.Emit("print map", b.Var(m), false)
			return nil
		}
		b.Emit("print", nil, false, b.ArgExpr(c.Args[0], nil))
		return nil
	}},
	"count": {Update: func(b *lower.Builder, _ *check.Call, slot lower.Place) {
		b.Store(64, slot.Ptr, slot.Off, b.Bin(ssa.OpAdd, b.Load(64, slot.Ptr, slot.Off), b.Const(1)))
	}},
	"sum": {Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		n := b.Int(c.Args[0], types.Int64)
		b.Store(64, slot.Ptr, slot.Off, b.Bin(ssa.OpAdd, b.Load(64, slot.Ptr, slot.Off), n))
	}},
	"hist": {Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		b.Store(64, slot.Ptr, slot.Off, b.Int(c.Args[0], types.Int64))
	}},
}
