package alloc

import (
	"slices"

	"sonde/codegen/ssa"
)

// buildBlocks makes the blocks of the result: those that can be reached, with
// critical edges that carry arguments split, in an order that follows dominance,
// keeps loops together, and has what is seldom run at the end. It gives the
// block of each SSA block, by id.
func (r *Result) buildBlocks(f *ssa.Func) []*Block {
	of := make([]*Block, f.NumBlocks())
	var order []*ssa.Block
	var visit func(b *ssa.Block)
	visit = func(b *ssa.Block) {
		of[b.ID] = &Block{ID: int(b.ID)}
		for _, e := range b.Term.Succs {
			if of[e.To.ID] == nil {
				visit(e.To)
			}
		}
		order = append(order, b)
	}
	visit(f.Blocks[0])
	r.nextID = f.NumBlocks()

	for _, b := range order {
		blk := of[b.ID]
		blk.Term = Term{Kind: b.Term.Kind, Cond: b.Term.Cond, Width: b.Term.Width, Likely: likely(&b.Term), Span: b.Term.Span}
		for _, e := range b.Term.Succs {
			edge := Edge{To: of[e.To.ID]}
			for _, a := range e.Args {
				edge.args = append(edge.args, Operand{Mode: ofValue, val: a})
			}
			blk.Term.Succs = append(blk.Term.Succs, edge)
		}
	}
	// Once to find the loops, and again with what that tells.
	r.sortBlocks(of[f.Blocks[0].ID])
	r.findLoops()
	r.splitEdges()
	r.sortBlocks(r.Blocks[0])
	r.findLoops()
	r.findExits()
	return of
}

// findExits notes the branches that leave loops, but for those on null pointers,
// which end iterations that the verifier has other means to follow.
func (r *Result) findExits() {
	for _, b := range r.Blocks {
		if t := &b.Term; t.Kind == ssa.Branch && t.Likely == 0 {
			yes, no := t.Succs[0].To.depth, t.Succs[1].To.depth
			switch {
			case yes < b.depth && no >= b.depth:
				t.Leaves = 1
			case no < b.depth && yes >= b.depth:
				t.Leaves = 2
			}
		}
	}
}

// likely is what the branch says of its sides, or else that pointers which may be
// null seldom are: elements are there more often than not.
func likely(t *ssa.Term) int8 {
	if t.Likely != 0 || t.Kind != ssa.Branch || t.Y != nil || t.Imm != 0 {
		return t.Likely
	}
	if k := t.X.Type.Kind; k != ssa.MemOrNull && k != ssa.BTFOrNull {
		return 0
	}
	switch t.Cond {
	case ssa.EQ:
		return -1
	case ssa.NE:
		return 1
	}
	return 0
}

// splitEdges gives every edge that carries arguments a place for its copies: the
// end of its source when it is the only way out, the start of its target when it
// is the only way in, a block of its own otherwise.
func (r *Result) splitEdges() {
	for _, b := range r.Blocks {
		if len(b.Term.Succs) < 2 {
			continue
		}
		for i := range b.Term.Succs {
			e := &b.Term.Succs[i]
			if len(e.args) == 0 || len(e.To.Preds) < 2 {
				continue
			}
			mid := &Block{ID: r.nextID, depth: min(b.depth, e.To.depth)}
			r.nextID++
			mid.Term = Term{Kind: ssa.Jump, Succs: []Edge{{To: e.To, args: e.args}}, Span: b.Term.Span}
			e.To, e.args = mid, nil
		}
	}
}

// sortBlocks fills Blocks in reverse postorder, and Preds. Of two successors the
// one within a deeper loop comes next, then the one that is not unlikely, then the
// second, which is where a branch falls through.
func (r *Result) sortBlocks(entry *Block) {
	r.Blocks = r.Blocks[:0]
	seen := map[*Block]bool{}
	var visit func(b *Block)
	visit = func(b *Block) {
		seen[b] = true
		b.Preds = nil
		succs := b.Term.Succs
		if len(succs) == 2 && secondLater(b) {
			succs = []Edge{succs[1], succs[0]}
		}
		for _, e := range succs {
			if !seen[e.To] {
				visit(e.To)
			}
		}
		r.Blocks = append(r.Blocks, b)
	}
	visit(entry)
	slices.Reverse(r.Blocks)
	for _, b := range r.Blocks {
		for _, e := range b.Term.Succs {
			e.To.Preds = append(e.To.Preds, b)
		}
	}

	hot := map[*Block]bool{entry: true}
	for _, b := range r.Blocks {
		for i, e := range b.Term.Succs {
			unlikely := b.Term.Likely == -1 && i == 0 || b.Term.Likely == 1 && i == 1
			if hot[b] && !unlikely {
				hot[e.To] = true
			}
		}
	}
	for _, b := range r.Blocks {
		b.Cold = !hot[b]
	}
	// A block's dominators are hot when it is, so this keeps dominance order.
	slices.SortStableFunc(r.Blocks, func(a, b *Block) int {
		switch {
		case a.Cold == b.Cold:
			return 0
		case b.Cold:
			return -1
		}
		return 1
	})
	for i, b := range r.Blocks {
		b.index = i
	}
}

// secondLater tells whether the second successor is the one to place later.
func secondLater(b *Block) bool {
	yes, no := b.Term.Succs[0].To, b.Term.Succs[1].To
	if yes.depth != no.depth {
		return yes.depth > no.depth
	}
	return b.Term.Likely == 1
}

// findLoops computes immediate dominators (Cooper, Harvey and Kennedy, “A Simple,
// Fast Dominance Algorithm”) and how many natural loops each block is in.
func (r *Result) findLoops() {
	entry := r.Blocks[0]
	for _, b := range r.Blocks {
		b.idom, b.depth = nil, 0
	}
	entry.idom = entry
	for changed := true; changed; {
		changed = false
		for _, b := range r.Blocks[1:] {
			var dom *Block
			for _, p := range b.Preds {
				switch {
				case p.idom == nil:
				case dom == nil:
					dom = p
				default:
					dom = commonDominator(dom, p)
				}
			}
			if b.idom != dom {
				b.idom, changed = dom, true
			}
		}
	}
	for _, head := range r.Blocks {
		body := map[*Block]bool{head: true}
		var work []*Block
		for _, p := range head.Preds {
			if head.dominates(p) && !body[p] {
				body[p] = true
				work = append(work, p)
			}
		}
		loop := len(work) > 0 || slices.Contains(head.Preds, head)
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			for _, p := range b.Preds {
				if !body[p] {
					body[p] = true
					work = append(work, p)
				}
			}
		}
		if loop {
			for b := range body {
				b.depth++
			}
		}
	}
}

func commonDominator(a, b *Block) *Block {
	for a != b {
		for a.index > b.index {
			a = a.idom
		}
		for b.index > a.index {
			b = b.idom
		}
	}
	return a
}

func (b *Block) dominates(x *Block) bool {
	for x.index > b.index {
		x = x.idom
	}
	return x == b
}

// frequency estimates how often the block runs, for weighing costs.
func (b *Block) frequency() int {
	if b.Cold {
		return 1
	}
	return 4 << (3 * min(b.depth, 6))
}
