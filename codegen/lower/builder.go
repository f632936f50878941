package lower

import (
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// Builder lowers one program. Records use it to make their code; the files of
// this package add the methods: expr.go evaluates, memory.go moves bytes,
// kernel.go reads kernel structs, maps.go reaches maps, event.go writes records,
// flow.go branches.
type Builder struct {
	// Builder appends operations to the function being made: the program's entry,
	// or a loop's callback.
	*ssa.Builder
	Instance *check.Instance

	unit *unit
	prog *program
	fn   *function
	info *check.Info
}

// function is the state of one function while it is made.
type function struct {
	parent *function
	b      *ssa.Builder
	ctx    *ssa.Value
	vars   map[*check.Var]*storage
	// exit is where leaving the program leads, and out behind that, where scratch
	// is not held; both only in the entry function.
	exit, out *ssa.Block
	result    *ssa.Variable
	loops     []*loop
	// captured values of the parent, of callbacks.
	capture *capture
	// scratch is the address of per-CPU scratch, when it is needed.
	scratch *ssa.Value
}

func newFunction(parent *function, b *ssa.Builder) *function {
	return &function{parent: parent, b: b, vars: map[*check.Var]*storage{}}
}

// Host answers about the machine the script is compiled for.
func (b *Builder) Host() check.Host { return b.unit.host }

// Has tells whether the kernel has a feature.
func (b *Builder) Has(f *feature.Feature) bool { return b.unit.host.Features().Has(f) }

// Config is what the script runs by.
func (b *Builder) Config() *config.Config { return &b.unit.checked.Config }

// Options are what the command line said.
func (b *Builder) Options() *check.Options { return b.unit.checked.Options }

// Context is what the program sees of the event that runs it.
func (b *Builder) Context() *check.Context { return b.Instance.Context }

// TypeOf gives the type of an expression, nil for none.
func (b *Builder) TypeOf(e ast.Expr) types.Type { return b.info.Types[e] }

// MapOf gives the map that an expression names, nil for none.
func (b *Builder) MapOf(e ast.Expr) *check.Map {
	if m, ok := e.(*ast.Map); ok {
		return b.info.Maps[m]
	}
	return nil
}

// ConstInt gives an integer that was known when checking, as its bits.
func (b *Builder) ConstInt(e ast.Expr) (int64, bool) {
	switch c := b.info.Consts[e].(type) {
	case int64:
		return c, true
	case uint64:
		return int64(c), true
	case bool:
		if c {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// ConstString gives a string that was known when checking.
func (b *Builder) ConstString(e ast.Expr) (string, bool) {
	s, ok := b.info.Consts[e].(string)
	return s, ok
}

// Ctx is the program's context pointer, also inside callbacks.
func (b *Builder) Ctx() *ssa.Value {
	if b.fn.ctx == nil {
		b.fn.ctx = b.captured(captureCtx, func(p *Builder) *ssa.Value { return p.Ctx() })
	}
	return b.fn.ctx
}

// Global loads a word of the Globals map; see plan.Global for the names.
func (b *Builder) Global(name string) *ssa.Value { return b.Load(64, b.global(name), 0) }

// SetGlobal stores a word of the Globals map.
func (b *Builder) SetGlobal(name string, v *ssa.Value) { b.Store(64, b.global(name), 0, v) }

func (b *Builder) global(name string) *ssa.Value {
	u := b.unit
	off, ok := u.globals[name]
	if !ok {
		off = uint32(8 * len(u.globals))
		u.globals[name] = off
		u.plan.Globals = append(u.plan.Globals, plan.Global{Name: name, Offset: off})
	}
	m := u.kernelMap(globalsMap)
	return b.MapValue(m, int64(off), 8)
}

// KernelMap adds a map that a record needs for itself (stack traces). Maps of one
// name are one, and must be the same.
func (b *Builder) KernelMap(m plan.Map) *ssa.Map { return b.unit.kernelMap(m) }

// Var is a map's index in plan.Vars, for the data of events.
func (b *Builder) Var(m *check.Map) int { return b.unit.maps[m].index }
