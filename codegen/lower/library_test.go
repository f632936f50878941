package lower_test

import (
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/source"
	"sonde/lang/types"
)

// library gives the checker's test vocabulary lowerings: one of each form.
type library struct{ *checktest.Library }

func newLibrary() library { return library{checktest.New()} }

// total is an aggregate that reads as the sum of its slots.
type total struct{}

func (total) String() string                               { return "total_t" }
func (total) Size() int                                    { return 8 }
func (total) Align() int                                   { return 8 }
func (total) AppendText(dst, _ []byte, _ types.Env) []byte { return dst }
func (total) AppendJSON(dst, _ []byte, _ types.Env) []byte { return dst }
func (total) Compare(_, _ []byte) int                      { return 0 }
func (total) Merge(_, _ []byte)                            {}
func (total) Int() types.Int                               { return types.Uint64 }

// Number implements lower.Reducer.
func (total) Number(b *lower.Builder, each func(func(lower.Place))) *ssa.Value {
	sum := b.Temp(types.Uint64)
	b.Set(sum, b.Const(0))
	each(func(slot lower.Place) {
		b.Set(sum, b.Bin(ssa.OpAdd, b.Get(sum), b.Get(slot.At(0, types.Uint64))))
	})
	return b.Get(sum)
}

// Func implements check.Library.
func (l library) Func(name string) *check.Func {
	f := l.Library.Func(name)
	if name == "count" || name == "sum" {
		g := *f
		g.Sigs = []check.Sig{{Params: f.Sigs[0].Params, Result: total{}}}
		return &g
	}
	return f
}

// Provider implements check.Library.
func (l library) Provider(name string) *check.Provider {
	if name != "uprobe" {
		return l.Library.Provider(name)
	}
	p := *l.Library.Provider("kprobe")
	p.Name = "uprobe"
	p.Expand = func(p *check.Point, _ check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
		return []check.Target{{Name: "uprobe:" + strings.Join(p.Parts, ":")}}, nil
	}
	p.Context = func(*check.Target, check.Host) (*check.Context, *source.Diagnostic) {
		return &check.Context{Key: "uprobe", Program: check.ProgKprobe, NumArgs: -1, Regs: true, Space: types.User, User: true}, nil
	}
	return &p
}

// Attach implements lower.Library.
func (library) Attach(t *check.Target, _ *check.Context) (plan.Mechanism, error) {
	return plan.RawTracepoint{Name: t.Name}, nil
}

// Cheaper implements lower.Library.
func (library) Cheaper(*check.Target, *check.Context, *lower.Use, check.Host) *lower.Way { return nil }

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
	"probe":  {Operand: func(b *lower.Builder, c *check.Call) lower.Operand { return b.TargetName(false, c.Type) }},
	"str": {Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		addr, space := b.Address(c.Args[0])
		var limit *ssa.Value
		if len(c.Args) > 1 {
			limit = b.Int(c.Args[1], types.Uint64)
		}
		b.ReadStr(space, dst, addr, limit)
	}, Begin: func(b *lower.Builder, c *check.Call, dst lower.Place) bool {
		addr, space := b.Address(c.Args[0])
		b.ReadStr(space, dst, addr, nil)
		return true
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
