package opt

import "sonde/codegen/ssa"

// foldBranches makes jumps of branches whose outcome is known, leads edges past
// blocks that would only pass them on, and joins blocks that always follow each
// other.
func foldBranches(f *ssa.Func) bool {
	changed := false
	for again := true; again; {
		again = false
		dom := f.Dominators()
		for _, b := range f.Blocks {
			if dom.Reachable(b) && decideBranch(b, dom) {
				again = true
			}
		}
		if again {
			f.RebuildPreds()
			f.RemoveUnreachable()
			dom = f.Dominators()
		}
		if threadJumps(f, dom) {
			f.RebuildPreds()
			f.RemoveUnreachable()
			again = true
		}
		if joinBlocks(f) {
			again = true
		}
		changed = changed || again
	}
	return changed
}

// decideBranch makes b's branch a jump when only one side can be taken, or both
// are the same.
func decideBranch(b *ssa.Block, dom *ssa.DomTree) bool {
	t := &b.Term
	if t.Kind != ssa.Branch {
		return false
	}
	taken, ok := true, sameEdge(t.Succs[0], t.Succs[1])
	if !ok {
		taken, ok = constantOutcome(t, t.X, t.Y)
	}
	if !ok {
		taken, ok = dominatedOutcome(b, t, dom)
	}
	if !ok {
		return false
	}
	e := t.Succs[1]
	if taken {
		e = t.Succs[0]
	}
	*t = ssa.Term{Kind: ssa.Jump, Succs: []ssa.Edge{e}, Span: t.Span}
	return true
}

func sameEdge(x, y ssa.Edge) bool {
	if x.To != y.To {
		return false
	}
	for i := range x.Args {
		if x.Args[i] != y.Args[i] && !sameConstant(x.Args[i], y.Args[i]) {
			return false
		}
	}
	return true
}

// constantOutcome decides t with these operands when they are constants.
func constantOutcome(t *ssa.Term, x, y *ssa.Value) (taken, ok bool) {
	n := t.Imm
	if y != nil {
		if y.Op != ssa.OpConst {
			return false, false
		}
		n = y.Imm
	}
	if x.Op != ssa.OpConst {
		return false, false
	}
	return evalBranch(t.Cond, t.Width, uint64(x.Imm), uint64(n)), true
}

// dominatedOutcome decides t at the end of b by the branches that led there.
func dominatedOutcome(b *ssa.Block, t *ssa.Term, dom *ssa.DomTree) (taken, ok bool) {
	for d := b; d != nil; d = dom.Idom(d) {
		if len(d.Preds) != 1 {
			continue
		}
		p := &d.Preds[0].Term
		if p.Kind != ssa.Branch {
			continue
		}
		if taken, ok := implied(p, p.Succs[0].To == d, t); ok {
			return taken, ok
		}
	}
	return false, false
}

// implied decides t from a branch p that was or was not taken.
func implied(p *ssa.Term, pTaken bool, t *ssa.Term) (taken, ok bool) {
	if p.X != t.X || p.Y != t.Y || p.Width != t.Width {
		return false, false
	}
	c := p.Cond
	if !pTaken {
		if c, ok = c.Negate(); !ok {
			return false, p.Cond == t.Cond && p.Imm == t.Imm
		}
	}
	if c == ssa.SET && t.Cond == ssa.SET {
		return true, p.Imm == t.Imm
	}
	if p.Imm == t.Imm {
		return impliedOrder(c, t.Cond)
	}
	if t.Width != 64 || t.Y != nil {
		return false, false
	}
	return impliedRange(c, uint64(p.Imm), t.Cond, uint64(t.Imm))
}

// orders gives the outcomes of comparing (less, equal, greater) for which the
// condition holds, and whether it compares with signs.
func orders(c ssa.Cond) (set uint8, signed, ok bool) {
	const lt, eq, gt = 1, 2, 4
	switch c {
	case ssa.EQ:
		return eq, false, true
	case ssa.NE:
		return lt | gt, false, true
	case ssa.ULT, ssa.SLT:
		set = lt
	case ssa.ULE, ssa.SLE:
		set = lt | eq
	case ssa.UGT, ssa.SGT:
		set = gt
	case ssa.UGE, ssa.SGE:
		set = gt | eq
	default:
		return 0, false, false
	}
	return set, c >= ssa.SLT, true
}

// impliedOrder decides x t y when x c y holds.
func impliedOrder(c, t ssa.Cond) (taken, ok bool) {
	have, s1, ok1 := orders(c)
	want, s2, ok2 := orders(t)
	plain := c == ssa.EQ || c == ssa.NE || t == ssa.EQ || t == ssa.NE
	switch {
	case !ok1 || !ok2 || s1 != s2 && !plain:
		return false, false
	case have&^want == 0:
		return true, true
	case have&want == 0:
		return false, true
	}
	return false, false
}

// impliedRange decides x t m when x c n holds, by the range that leaves.
func impliedRange(c ssa.Cond, n uint64, t ssa.Cond, m uint64) (taken, ok bool) {
	if c == ssa.EQ {
		return t.Eval(n, m), true
	}
	_, s1, ok1 := orders(c)
	_, s2, ok2 := orders(t)
	if !ok1 || !ok2 || c == ssa.NE || s1 != s2 && t != ssa.EQ && t != ssa.NE {
		return false, false
	}
	if s1 { // shift signed numbers so that they order like unsigned ones
		n, m = n^1<<63, m^1<<63
		c -= ssa.SLT - ssa.ULT
		if t >= ssa.SLT && t <= ssa.SGE {
			t -= ssa.SLT - ssa.ULT
		}
	}
	lo, hi := uint64(0), ^uint64(0)
	switch {
	case c == ssa.ULT && n > 0:
		hi = n - 1
	case c == ssa.ULE:
		hi = n
	case c == ssa.UGT && n < ^uint64(0):
		lo = n + 1
	case c == ssa.UGE:
		lo = n
	default:
		return false, false
	}
	if t == ssa.EQ || t == ssa.NE {
		return t == ssa.NE, m < lo || m > hi
	}
	first, last := t.Eval(lo, m), t.Eval(hi, m)
	return first, first == last // the conditions are monotonic
}

// joinBlocks appends blocks to the one they always follow.
func joinBlocks(f *ssa.Func) bool {
	changed := false
	repl := ssa.Replacements{}
	gone := map[*ssa.Block]bool{}
	for _, b := range f.Blocks {
		if gone[b] {
			continue
		}
		for b.Term.Kind == ssa.Jump {
			next := b.Term.Succs[0].To
			if len(next.Preds) != 1 || next == b || next == f.Entry() {
				break
			}
			for i, p := range next.Params {
				repl[p] = b.Term.Succs[0].Args[i]
			}
			for _, v := range next.Values {
				v.Block = b
			}
			b.Values = append(b.Values, next.Values...)
			b.Term = next.Term
			for _, e := range b.Term.Succs {
				for i, p := range e.To.Preds {
					if p == next {
						e.To.Preds[i] = b
					}
				}
			}
			gone[next] = true
			changed = true
		}
	}
	if !changed {
		return false
	}
	kept := f.Blocks[:0]
	for _, b := range f.Blocks {
		if !gone[b] {
			kept = append(kept, b)
		}
	}
	f.Blocks = kept
	f.RebuildPreds()
	repl.Apply(f)
	return true
}
