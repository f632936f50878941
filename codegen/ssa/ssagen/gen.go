// Package ssagen makes random SSA programs for differential tests.
//
// Comes in: a seed. Goes out: a program that ssa.Verify accepts, that ends, and
// whose outcome shows much of what it computed: in its return value, in maps and
// in ring buffer records. Guaranteed: the same seed and options give the same
// program. With Options.Kernel it is also one that the kernel's verifier accepts
// as a raw tracepoint and whose outcome is the interpreter's to the bit, when run
// through PROG_TEST_RUN on a context of ContextSize bytes with maps made after
// Maps.
package ssagen

import (
	"math/rand/v2"

	"sonde/codegen/ssa"
)

// ContextSize is the length in bytes of the context that programs read.
const ContextSize = 64

// Options of Program.
type Options struct {
	// Kernel leaves out what depends on the machine: who runs, clocks, addresses.
	Kernel bool
	// Statements bounds the length; 0 for the default.
	Statements int
}

// The maps that programs use.
var (
	// Globals is an array of one, accessed directly.
	Globals = &ssa.Map{Index: 0, Name: "globals", ValueSize: 64}
	// Small and Wide are hashes.
	Small = &ssa.Map{Index: 1, Name: "small", KeySize: 8, ValueSize: 16}
	Wide  = &ssa.Map{Index: 2, Name: "wide", KeySize: 16, ValueSize: 8}
	// Events is a ring buffer.
	Events = &ssa.Map{Index: 3, Name: "events"}
)

// Maps lists them, by index.
var Maps = []*ssa.Map{Globals, Small, Wide, Events}

// Program makes the program for a seed.
func Program(seed uint64, o Options) *ssa.Program {
	g := &gen{r: rand.New(rand.NewPCG(seed, 0x5eed)), o: o, left: o.Statements}
	if g.left == 0 {
		g.left = 4 + g.r.IntN(30)
	}
	p := &ssa.Program{Name: "gen", Funcs: []*ssa.Func{ssa.NewFunc("main")}}
	if g.chance(3) {
		g.subprogram = ssa.NewFunc("sub")
		p.Funcs = append(p.Funcs, g.subprogram)
	}
	if g.chance(3) {
		g.callback = ssa.NewFunc("body")
		p.Funcs = append(p.Funcs, g.callback)
	}
	g.function(p.Funcs[0], ssa.Type{Kind: ssa.Ctx, Size: ContextSize})
	for _, f := range p.Funcs[1:] {
		in := &gen{r: g.r, o: o, left: 1 + g.r.IntN(6), small: true}
		first := ssa.Type{Kind: ssa.Scalar}
		in.function(f, first, ssa.Type{Kind: ssa.Frame, Size: sharedSize})
	}
	p.RemoveUncalled()
	return p
}

// function makes a function with these parameters.
func (g *gen) function(f *ssa.Func, params ...ssa.Type) {
	g.b = ssa.NewBuilder(f, params...)
	for _, p := range f.Entry().Params {
		switch p.Type.Kind {
		case ssa.Ctx:
			g.ctx = p
		case ssa.Scalar:
			g.scalars = append(g.scalars, p)
		case ssa.Frame:
			g.shared = p
		}
	}
	for range 2 + g.r.IntN(4) {
		v := &ssa.Variable{Name: "x", Type: ssa.Type{Kind: ssa.Scalar}}
		g.vars = append(g.vars, v)
		g.b.Def(v, g.leaf())
	}
	g.block(0)
	g.finish()
	f.RemoveUnreachable()
}

type gen struct {
	r    *rand.Rand
	o    Options
	b    *ssa.Builder
	ctx  *ssa.Value
	vars []*ssa.Variable
	// scalars and slots that are made where we are, innermost last.
	scalars []*ssa.Value
	slots   []*ssa.Slot
	left    int // statements
	loops   int // depth
	// small: in a function that others call, with its caller's memory at shared.
	small  bool
	shared *ssa.Value
	// What main may call, or nil.
	subprogram, callback *ssa.Func
}

// sharedSize is the length in bytes of the memory that functions get.
const sharedSize = 16

func (g *gen) chance(n int) bool { return g.r.IntN(n) == 0 }

func pick[T any](g *gen, list []T) T { return list[g.r.IntN(len(list))] }

// block makes statements. What they make is forgotten at its end.
func (g *gen) block(depth int) {
	scalars, slots := len(g.scalars), len(g.slots)
	for n := 1 + g.r.IntN(6); n > 0 && g.left > 0 && g.b.Reachable(); n-- {
		g.left--
		g.statement(depth)
	}
	g.scalars, g.slots = g.scalars[:scalars], g.slots[:slots]
}

func (g *gen) statement(depth int) {
	if depth < 4 && g.chance(3) && (!g.small || depth < 2) {
		if g.loops < 2 && !g.small && g.chance(3) {
			g.loop(depth)
		} else {
			g.branch(depth)
		}
		return
	}
	pick(g, []func(){g.assign, g.assign, g.assign, g.newSlot, g.useSlot, g.useSlot, g.globals, g.globals, g.lookup,
		g.lookup, g.update, g.remove, g.record, g.call, g.fill, g.leave, g.callOwn})()
}

func (g *gen) finish() {
	if !g.b.Reachable() {
		return
	}
	sum := g.b.Use(g.vars[0])
	for _, v := range g.vars[1:] {
		sum = g.b.Bin(ssa.OpXor, sum, g.b.Use(v))
	}
	if g.small { // a callback gives 0 to go on, 1 to stop
		sum = g.b.Bin(ssa.OpAnd, sum, g.b.Const(1))
	}
	g.b.Return(sum)
}

// leave returns early, on some condition.
func (g *gen) leave() {
	if !g.chance(3) {
		return
	}
	out, on := g.b.Func.NewBlock(), g.b.Func.NewBlock()
	g.condition(out, on)
	g.b.Seal(out)
	g.b.Seal(on)
	g.b.SetBlock(out)
	g.finish()
	g.b.SetBlock(on)
}

func (g *gen) assign() {
	x := g.expr(3)
	g.scalars = append(g.scalars, x)
	if g.chance(2) {
		g.b.Def(pick(g, g.vars), x)
	}
}

// condition ends the block with a branch.
func (g *gen) condition(yes, no *ssa.Block) {
	from := g.b.Block
	x := g.expr(2)
	c := ssa.Cond(g.r.IntN(int(ssa.SET) + 1))
	if g.chance(2) {
		g.b.BranchImm(c, x, int64(int32(g.number())), yes, no)
	} else {
		g.b.Branch(c, x, g.expr(1), yes, no)
	}
	if g.chance(4) {
		from.Term.Width = 32
	}
	from.Term.Likely = int8(g.r.IntN(3) - 1)
}

func (g *gen) branch(depth int) {
	yes, no, join := g.b.Func.NewBlock(), g.b.Func.NewBlock(), g.b.Func.NewBlock()
	g.condition(yes, no)
	for _, side := range []*ssa.Block{yes, no} {
		g.b.Seal(side)
		g.b.SetBlock(side)
		if side == yes || g.chance(2) {
			g.block(depth + 1)
		}
		g.b.Jump(join)
	}
	g.to(join)
}

// to goes on at a block all of whose predecessors are made.
func (g *gen) to(b *ssa.Block) {
	g.b.Seal(b)
	if len(b.Preds) > 0 {
		g.b.SetBlock(b)
	}
}

// loop counts up to a small constant.
func (g *gen) loop(depth int) {
	f := g.b.Func
	head, body, latch, done := f.NewBlock(), f.NewBlock(), f.NewBlock(), f.NewBlock()
	i := &ssa.Variable{Name: "i", Type: ssa.Type{Kind: ssa.Scalar}}
	g.b.Def(i, g.b.Const(0))
	g.b.Jump(head)
	g.b.SetBlock(head)
	n := g.b.Use(i)
	g.b.BranchImm(ssa.ULT, n, int64(1+g.r.IntN(4)), body, done)
	g.b.Seal(body)
	g.b.SetBlock(body)
	g.scalars = append(g.scalars, n)
	g.loops++
	g.block(depth + 1)
	g.loops--
	g.scalars = g.scalars[:len(g.scalars)-1]
	if g.b.Reachable() && g.chance(4) {
		g.condition(done, latch)
	} else {
		g.b.Jump(latch)
	}
	if g.to(latch); len(latch.Preds) > 0 {
		g.b.Def(i, g.b.Bin(ssa.OpAdd, g.b.Use(i), g.b.Const(1)))
		g.b.Jump(head)
	}
	g.b.Seal(head)
	g.to(done)
}
