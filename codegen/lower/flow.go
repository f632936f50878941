package lower

import (
	"slices"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
)

// enter goes on in a block all of whose predecessors are known. When there are
// none, what follows can't be reached.
func (b *Builder) enter(blk *ssa.Block) {
	b.Seal(blk)
	b.SetBlock(blk)
	if len(blk.Preds) == 0 {
		b.SetBlock(nil)
	}
}

// If runs then where x cond y holds, and els, which may be nil, where not.
func (b *Builder) If(c ssa.Cond, x, y *ssa.Value, then, els func()) {
	yes, no, join := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	b.branch(c, x, y, yes, no)
	b.enter(yes)
	then()
	b.Jump(join)
	b.enter(no)
	if els != nil {
		els()
	}
	b.Jump(join)
	b.enter(join)
}

// Choose is If for a number.
func (b *Builder) Choose(c ssa.Cond, x, y *ssa.Value, then, els func() *ssa.Value) *ssa.Value {
	v := &ssa.Variable{Name: "choose", Type: ssa.Type{Kind: ssa.Scalar}}
	b.If(c, x, y,
		func() { b.Def(v, b.Number(then())) },
		func() { b.Def(v, b.Number(els())) })
	return b.Use(v)
}

// branch ends the block with a comparison; small constants go into it.
func (b *Builder) branch(c ssa.Cond, x, y *ssa.Value, yes, no *ssa.Block) {
	if y.Op == ssa.OpConst && y.Imm == int64(int32(y.Imm)) {
		b.BranchImm(c, x, y.Imm, yes, no)
		return
	}
	b.Branch(c, x, y, yes, no)
}

// unlikely marks the branch that ended blk: its taken side is an error path.
func unlikely(blk *ssa.Block) {
	if blk != nil {
		blk.Term.Likely = -1
	}
}

// Repeat runs body for i = 0 … n-1, n constant, as a loop that the verifier
// follows round by round: n times the body's length must stay small.
func (b *Builder) Repeat(n int64, body func(i *ssa.Value)) {
	i := &ssa.Variable{Name: "i", Type: ssa.Type{Kind: ssa.Scalar}}
	b.Def(i, b.Const(0))
	head, round, done := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	b.Jump(head)
	b.SetBlock(head)
	b.BranchImm(ssa.ULT, b.Use(i), n, round, done)
	b.enter(round)
	body(b.Use(i))
	if b.Reachable() {
		b.Def(i, b.Bin(ssa.OpAdd, b.Use(i), b.Const(1)))
	}
	b.Jump(head)
	b.Seal(head)
	b.enter(done)
}

// Exit ends the program now.
func (b *Builder) Exit() {
	b.leaveLoops(0)
	if b.fn.capture != nil {
		b.fn.capture.leave(b)
		return
	}
	b.Jump(b.fn.exit)
}

// Count adds one to a counter.
func (b *Builder) Count(c plan.Counter) {
	m := b.unit.kernelMap(countersMap)
	key := b.FrameAddr(b.Func.NewSlot("counter", 4, 4), 0)
	b.StoreImm(32, key, 0, int64(c))
	ptr := b.Call(ssa.HelperMapLookup, b.MapPtr(m), key)
	ptr.Type.Size = 8
	done := b.Func.NewBlock()
	at := b.NonNull(ptr, done)
	b.Store(64, at, 0, b.Bin(ssa.OpAdd, b.Load(64, at, 0), b.Const(1)))
	b.Jump(done)
	b.enter(done)
}

// inMacro notes that a call of a macro is being lowered, until what it gives is called.
func (b *Builder) inMacro(call ast.Expr) func() {
	outer := b.prog.calls
	b.prog.calls = append(slices.Clip(outer), call.Span())
	return func() { b.prog.calls = outer }
}

// place is where in the script the code belongs that is being lowered, and the calls of
// macros that this stands for, innermost first. For code of the script library it is the
// library's call.
func (b *Builder) place() (at source.Span, calls []source.Span) {
	at = b.Span
	for _, call := range slices.Backward(b.prog.calls) {
		if check.OfLibrary(at) {
			at = call
		} else if !check.OfLibrary(call) {
			calls = append(calls, call)
		}
	}
	return at, calls
}

// Loss makes a counter for this place in the script; what says as a sentence what went wrong.
func (b *Builder) Loss(what string) plan.Counter {
	at, calls := b.place()
	return b.unit.loss(plan.Loss{What: what, Span: at, Calls: calls})
}

// Failure makes a counter for calls of a helper that fail at this place, as it then
// gives code; see plan.Loss.
func (b *Builder) Failure(helper string, code int, what string) plan.Counter {
	at, calls := b.place()
	return b.unit.loss(plan.Loss{What: what, Span: at, Calls: calls, Helper: helper, Code: code})
}
