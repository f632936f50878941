package opt

import "sonde/codegen/ssa"

// threadJumps leads edges past blocks that hold nothing but a jump, or a branch
// that the edge itself decides. Headers of loops are left alone, so that loops
// keep a single entry.
func threadJumps(f *ssa.Func, dom *ssa.DomTree) bool {
	changed := false
	uses := f.UseCounts()
	for _, b := range f.Blocks[1:] {
		if !passesOn(b, dom, uses) {
			continue
		}
		for _, p := range distinct(b.Preds) {
			for i := range p.Term.Succs {
				e := &p.Term.Succs[i]
				if e.To != b {
					continue
				}
				if to, ok := nextEdge(p, i, b, dom); ok && to.To != b {
					*e = to
					changed = true
				}
			}
		}
		if changed {
			return true // predecessors are out of date
		}
	}
	return changed
}

func distinct(blocks []*ssa.Block) []*ssa.Block {
	var list []*ssa.Block
	seen := map[*ssa.Block]bool{}
	for _, b := range blocks {
		if !seen[b] {
			seen[b] = true
			list = append(list, b)
		}
	}
	return list
}

// passesOn tells whether edges may go past b: it holds constants at most, and
// neither they nor its parameters are used elsewhere.
func passesOn(b *ssa.Block, dom *ssa.DomTree, uses []int) bool {
	if b.Term.Kind == ssa.Return {
		return false
	}
	for _, p := range b.Preds {
		if dom.Dominates(b, p) {
			return false
		}
	}
	for _, v := range b.Values {
		if v.Op != ssa.OpConst {
			return false
		}
	}
	own := map[*ssa.Value]int{}
	b.Term.EachUse(func(use **ssa.Value) { own[*use]++ })
	for _, list := range [][]*ssa.Value{b.Params, b.Values} {
		for _, v := range list {
			if own[v] != uses[v.ID] {
				return false
			}
		}
	}
	return true
}

// nextEdge gives where edge i of p to b goes on to, if that is certain.
func nextEdge(p *ssa.Block, i int, b *ssa.Block, dom *ssa.DomTree) (ssa.Edge, bool) {
	args := p.Term.Succs[i].Args
	subst := func(v *ssa.Value) *ssa.Value {
		if v != nil && v.Op == ssa.OpParam && v.Block == b {
			return args[v.Imm]
		}
		return v
	}
	t := &b.Term
	next := t.Succs[0]
	if t.Kind == ssa.Jump && entersLoop(b, next.To, dom) {
		return next, false
	}
	if t.Kind == ssa.Branch {
		taken, ok := constantOutcome(t, subst(t.X), subst(t.Y))
		here := *t
		here.X, here.Y = subst(t.X), subst(t.Y)
		if !ok && p.Term.Kind == ssa.Branch && p.Term.Succs[0].To != p.Term.Succs[1].To {
			taken, ok = implied(&p.Term, i == 0, &here)
		}
		if !ok {
			taken, ok = dominatedOutcome(p, &here, dom)
		}
		if !ok {
			return next, false
		}
		if !taken {
			next = t.Succs[1]
		}
	}
	out := ssa.Edge{To: next.To}
	for _, a := range next.Args {
		a = subst(a)
		if a.Block == b { // a constant of b's
			c := b.Func.NewValue(p, ssa.OpConst, a.Type)
			c.Imm, c.Span, c.Comment = a.Imm, a.Span, a.Comment
			p.Values = append(p.Values, c)
			a = c
		}
		out.Args = append(out.Args, a)
	}
	return out, true
}

// entersLoop tells whether b leads into a loop at its header: the one place where
// something can be put before the loop.
func entersLoop(b, header *ssa.Block, dom *ssa.DomTree) bool {
	if dom.Dominates(header, b) {
		return false
	}
	for _, p := range header.Preds {
		if dom.Dominates(header, p) {
			return true
		}
	}
	return false
}
