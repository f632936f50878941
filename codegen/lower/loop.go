package lower

import (
	"fmt"
	"math"

	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// loop is a loop of the function being made.
type loop struct {
	brk, cont *ssa.Block
	// leave is run before leaving the program from within.
	leave func()
}

const (
	// maxRounds bounds every loop: the kernel's BPF_MAX_LOOPS.
	maxRounds = 8 << 20
	// plainRounds is up to how many rounds a loop is an ordinary one, which the
	// verifier follows round by round.
	plainRounds = 16
	// oldRounds is where loops end on kernels that have nothing better than those.
	oldRounds = 1024
)

var (
	helperForEach = &ssa.Helper{
		Name: "for_each_map_elem", ID: 164, Effect: ssa.Writes, ReadsArg: 1 << 2, WritesArg: 1 << 2,
		Args: []ssa.ArgKind{ssa.ArgMap, ssa.ArgFunc, ssa.ArgOpaque, ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
	}
	helperLoop = &ssa.Helper{
		Name: "loop", ID: 181, Effect: ssa.Writes, ReadsArg: 1 << 2, WritesArg: 1 << 2,
		Args: []ssa.ArgKind{ssa.ArgAny, ssa.ArgFunc, ssa.ArgOpaque, ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
	}
)

// leaveLoops runs what must happen before control leaves all loops from the one
// numbered n on.
func (b *Builder) leaveLoops(n int) {
	for i := len(b.fn.loops) - 1; i >= n; i-- {
		if l := b.fn.loops[i]; l.leave != nil && b.Reachable() {
			l.leave()
		}
	}
}

func (b *Builder) forLoop(s *ast.For) {
	v := b.info.Vars[s.Var]
	if r, ok := s.Over.(*ast.Range); ok {
		b.forRange(s, r, v)
		return
	}
	info := b.unit.maps[b.info.Maps[s.Over.(*ast.Map)]]
	b.hide(s.Body)
	b.eachElement(info, func(key, value *ssa.Value) { b.eachBody(info, v, key, value, s.Body) }, func(*ssa.Value) {})
}

// eachBody lowers the body of a loop over a map, for one element.
func (b *Builder) eachBody(info *mapInfo, v *check.Var, key, value *ssa.Value, body *ast.Block) {
	elem := Place{Ptr: value, Type: info.Value}
	if _, ok := info.Value.(types.Aggregate); ok {
		elem = b.slot("value", v.Type.(*types.Tuple).Elems[1])
		b.Set(elem, b.number(info, func() *ssa.Value { return key }))
	}
	b.fn.vars[v] = &storage{pair: []Place{{Ptr: key, Type: info.Key}, elem}}
	b.block(body)
}

// eachElement calls body, in a callback, with each key and value of a map; got
// is given the helper's result: how many there were.
func (b *Builder) eachElement(info *mapInfo, body func(key, value *ssa.Value), got func(n *ssa.Value)) {
	if !b.Reachable() {
		return
	}
	if !b.Has(feature.ForEachMapElem) {
		b.lacks(b.Span, feature.ForEachMapElem, "going through the elements of %s", info.Name)
		return
	}
	b.callback("each_"+kernelName(info.Name[1:]), []ssa.Type{
		{Kind: ssa.MapPtr}, {Kind: ssa.Mem, Size: info.ssa.KeySize}, {Kind: ssa.Mem, Size: info.ssa.ValueSize}, {Kind: ssa.Frame},
	}, 3, func(params []*ssa.Value) { body(params[1], params[2]) }, func(f, arg *ssa.Value) {
		got(b.Call(helperForEach, b.MapPtr(info.ssa), f, arg, b.Const(0)))
	})
}

// forRange lowers for ($i : from..to).
func (b *Builder) forRange(s *ast.For, r *ast.Range, v *check.Var) {
	fromOp := b.Expr(r.From)
	from := b.Convert(b.scalar(fromOp), fromOp.Type, v.Type)
	toOp := b.Expr(r.To)
	to := b.Convert(b.scalar(toOp), toOp.Type, v.Type)
	i, _ := types.AsInt(v.Type)
	le := ssa.ULE
	if i.Signed {
		le = ssa.SLE
	}
	c1, ok1 := b.ConstInt(r.From)
	c2, ok2 := b.ConstInt(r.To)
	rounds := int64(-1)
	if ok1 && ok2 {
		if rounds = c2 - c1; rounds <= 0 {
			return
		}
	}
	body := func(n *ssa.Value) {
		b.setVar(v, b.Bin(ssa.OpAdd, b.here(from), n))
		b.block(s.Body)
	}
	if rounds > 0 {
		b.rounds(b.Const(rounds), s.Body, body, nil)
		return
	}
	some, done := b.Func.NewBlock(), b.Func.NewBlock()
	b.Branch(le, to, from, done, some)
	b.enter(some)
	b.rounds(b.Bin(ssa.OpSub, to, from), s.Body, body, nil)
	b.Jump(done)
	b.enter(done)
}

// whileLoop lowers while (cond). It ends after maxRounds in any case: the kernel
// runs nothing that may not end.
func (b *Builder) whileLoop(s *ast.While) {
	b.rounds(b.Const(endless), s, func(*ssa.Value) {
		yes := b.Func.NewBlock()
		b.cond(s.Cond, yes, b.fn.loops[len(b.fn.loops)-1].brk)
		b.enter(yes)
		b.block(s.Body)
	}, func(lost func()) {
		yes, no := b.Func.NewBlock(), b.Func.NewBlock()
		b.cond(s.Cond, yes, no)
		b.enter(yes)
		lost()
		b.Jump(no)
		b.enter(no)
	})
}

// endless is a number of rounds that is never reached.
const endless = math.MaxInt64

// rounds runs body n times, if the kernel allows so many, with the number of the
// round. node is what is repeated. A loop that would have gone on is counted: one of
// more than the rounds allowed or, if n does not tell, one for which again runs what it
// is given.
func (b *Builder) rounds(n *ssa.Value, node ast.Node, body func(i *ssa.Value), again func(lost func())) {
	if !b.Reachable() {
		return
	}
	if n.Op == ssa.OpConst && n.Imm <= plainRounds && len(b.fn.loops) == 0 {
		b.plainLoop(n, n.Imm, body, again)
		return
	}
	iterates := b.iterator() != nil
	if !iterates && !b.Has(feature.Loop) {
		b.plainLoop(n, oldRounds, body, again)
		return
	}
	b.hide(node)
	if iterates {
		b.iterLoop(b.atMost(n, maxRounds), body, func() { b.cutShort(n, maxRounds, again) })
		return
	}
	b.callLoop(n, body, again)
}

// callLoop has a helper of the kernel's call a function for each round.
func (b *Builder) callLoop(n *ssa.Value, body func(i *ssa.Value), again func(lost func())) {
	most := b.atMost(n, maxRounds)
	var ended int64 // where it is told that the last round was not the end of it
	var ran, captured *ssa.Value
	b.callback("round", []ssa.Type{{Kind: ssa.Scalar}, {Kind: ssa.Frame}}, 1,
		func(params []*ssa.Value) {
			if mayExceed(n, maxRounds) {
				ended = b.fn.capture.tellStop()
			}
			body(b.extend(params[0], types.Uint32))
		},
		func(f, arg *ssa.Value) { ran, captured = b.Call(helperLoop, most, f, arg, b.Const(0)), arg })
	if mayExceed(n, maxRounds) {
		b.If(ssa.UGE, ran, b.Const(maxRounds), func() {
			b.If(ssa.EQ, b.Load(64, captured, ended), b.Const(0), func() { b.cutShort(n, maxRounds, again) }, nil)
		}, nil)
	}
}

// atMost gives n, or limit when that is less.
func (b *Builder) atMost(n *ssa.Value, limit int64) *ssa.Value {
	if n.Op == ssa.OpConst {
		return b.Const(min(n.Imm, limit))
	}
	return b.Choose(ssa.ULT, n, b.Const(limit), func() *ssa.Value { return n }, func() *ssa.Value { return b.Const(limit) })
}

// mayExceed tells whether a loop may have more rounds to go than it is allowed.
func mayExceed(n *ssa.Value, limit int64) bool { return n.Op != ssa.OpConst || n.Imm > limit }

// cutShort counts a loop that ran for limit rounds of n, when n is more, or again
// says so.
func (b *Builder) cutShort(n *ssa.Value, limit int64, again func(lost func())) {
	if !mayExceed(n, limit) || !b.Reachable() {
		return
	}
	lost := b.Loss(fmt.Sprintf("loops ended too early, after %d rounds, which is all that the kernel allows", limit))
	switch {
	case again != nil:
		again(func() { b.Count(lost) })
	case n.Op == ssa.OpConst:
		b.Count(lost)
	default:
		b.If(ssa.UGT, n, b.Const(limit), func() { b.Count(lost) }, nil)
	}
}

// plainLoop counts to n, or to limit if that is less.
func (b *Builder) plainLoop(n *ssa.Value, limit int64, body func(i *ssa.Value), again func(lost func())) {
	i := &ssa.Variable{Name: "i", Type: ssa.Type{Kind: ssa.Scalar}}
	b.Def(i, b.Const(0))
	head, next, over, done := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	b.Jump(head)
	b.SetBlock(head)
	in := b.Func.NewBlock()
	b.BranchImm(ssa.ULT, b.Use(i), limit, in, over)
	b.enter(in)
	if n.Op != ssa.OpConst || n.Imm < limit {
		in = b.Func.NewBlock()
		b.Branch(ssa.ULT, b.Use(i), n, in, done)
		b.enter(in)
	}
	b.fn.loops = append(b.fn.loops, &loop{brk: done, cont: next})
	body(b.Use(i))
	b.fn.loops = b.fn.loops[:len(b.fn.loops)-1]
	b.Jump(next)
	b.enter(next)
	if b.Reachable() {
		b.Def(i, b.Bin(ssa.OpAdd, b.Use(i), b.Const(1)))
	}
	b.Jump(head)
	b.Seal(head)
	b.enter(over)
	b.cutShort(n, limit, again)
	b.Jump(done)
	b.enter(done)
}

// iterKfuncs are the kernel functions of an open-coded iterator over numbers.
type iterKfuncs struct{ start, next, destroy *ssa.Kfunc }

func (b *Builder) iterator() *iterKfuncs {
	arg := []ssa.ArgKind{ssa.ArgLong}
	k := iterKfuncs{
		start: b.kfunc(feature.IterNum, ssa.Kfunc{Name: "bpf_iter_num_new", Effect: ssa.Writes, WritesArg: 1,
			Args: []ssa.ArgKind{ssa.ArgLong, ssa.ArgAny, ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar}}),
		next: b.kfunc(feature.IterNum, ssa.Kfunc{Name: "bpf_iter_num_next", Effect: ssa.Writes, ReadsArg: 1, WritesArg: 1,
			Args: arg, Result: ssa.Type{Kind: ssa.MemOrNull, Size: 4}}),
		destroy: b.kfunc(feature.IterNum, ssa.Kfunc{Name: "bpf_iter_num_destroy", Effect: ssa.Writes, ReadsArg: 1,
			Args: arg, Result: ssa.Type{Kind: ssa.Void}}),
	}
	if k.start == nil || k.next == nil || k.destroy == nil {
		return nil
	}
	return &k
}

// iterLoop counts to n with an iterator of the kernel's: the verifier looks at the
// body until it learns nothing new, however many rounds there are. over is run when
// all n have been made.
func (b *Builder) iterLoop(n *ssa.Value, body func(i *ssa.Value), over func()) {
	k := b.iterator()
	it := b.FrameAddr(b.Func.NewSlot("iterator", 8, 8), 0)
	b.Kfunc(k.start, it, b.Const(0), n)
	head, all, done := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	b.Jump(head)
	b.SetBlock(head)
	at := b.NonNull(b.Kfunc(k.next, it), all)
	b.fn.loops = append(b.fn.loops, &loop{brk: done, cont: head, leave: func() { b.Kfunc(k.destroy, it) }})
	body(b.Load(32, at, 0))
	b.fn.loops = b.fn.loops[:len(b.fn.loops)-1]
	b.Jump(head)
	b.Seal(head)
	b.enter(all)
	over()
	b.Jump(done)
	b.enter(done)
	b.Kfunc(k.destroy, it)
}

// hide makes unknown to the verifier what the variables that a loop changes are
// before it. Else it would follow a count from its known start, round by round.
func (b *Builder) hide(n ast.Node) {
	seen := map[*check.Var]bool{}
	eachAssign(b.info, n, func(v *check.Var) {
		if s := b.fn.vars[v]; s != nil && s.v != nil && !seen[v] && b.Reachable() {
			seen[v] = true
			b.Def(s.v, b.opaque(b.Use(s.v)))
		}
	})
}

// opaque is a number, hidden from the verifier.
func (b *Builder) opaque(x *ssa.Value) *ssa.Value {
	if x.Type.Kind != ssa.Scalar {
		return x
	}
	zero := b.Load(64, b.zeros(8), 0)
	if x.Op == ssa.OpConst && x.Imm == 0 {
		return zero
	}
	return b.Bin(ssa.OpAdd, x, zero)
}
