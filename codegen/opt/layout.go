package opt

import "sonde/codegen/ssa"

// layout puts blocks in order: each after what leads to it, loops in one piece,
// and the likely way straight on; what only cold edges lead to stands last.
func layout(f *ssa.Func) bool {
	dom := f.Dominators()
	nest := f.Loops(dom)
	cold := coldBlocks(f)
	var post []*ssa.Block
	seen := make([]bool, f.NumBlocks())
	var walk func(b *ssa.Block)
	walk = func(b *ssa.Block) {
		seen[b.ID] = true
		for _, i := range visitOrder(b, nest, cold) {
			if to := b.Term.Succs[i].To; !seen[to.ID] {
				walk(to)
			}
		}
		post = append(post, b)
	}
	walk(f.Entry())
	order := make([]*ssa.Block, 0, len(post))
	for _, wantCold := range []bool{false, true} {
		for i := len(post) - 1; i >= 0; i-- {
			if cold[post[i].ID] == wantCold {
				order = append(order, post[i])
			}
		}
	}
	changed := false
	for i, b := range order {
		changed = changed || f.Blocks[i] != b
	}
	f.Blocks = order
	return changed
}

// visitOrder gives b's successors, the one that is to follow b last: it is then
// the first in reverse.
func visitOrder(b *ssa.Block, nest *ssa.LoopNest, cold []bool) []int {
	t := &b.Term
	if len(t.Succs) < 2 {
		return []int{0, 1}[:len(t.Succs)]
	}
	yes, no := t.Succs[0].To, t.Succs[1].To
	l := nest.Of(b)
	stays := func(to *ssa.Block) bool { return l == nil || nest.Contains(l, to) }
	switch {
	case cold[yes.ID] != cold[no.ID]:
		if cold[no.ID] {
			return []int{1, 0}
		}
		return []int{0, 1}
	case stays(yes) != stays(no): // what leaves the loop comes after it
		if stays(yes) {
			return []int{1, 0}
		}
		return []int{0, 1}
	case t.Likely > 0:
		return []int{1, 0}
	}
	return []int{0, 1} // falling through costs no jump
}

// coldBlocks finds the blocks that only cold edges, or cold blocks, lead to.
func coldBlocks(f *ssa.Func) []bool {
	cold := make([]bool, f.NumBlocks())
	rpo := f.ReversePostorder()
	for _, b := range rpo {
		cold[b.ID] = b != f.Entry()
	}
	// Warmth spreads from the entry along edges that aren't cold.
	for changed := true; changed; {
		changed = false
		for _, b := range rpo {
			if cold[b.ID] {
				continue
			}
			for i, e := range b.Term.Succs {
				isCold := b.Term.Likely < 0 && i == 0 || b.Term.Likely > 0 && i == 1
				if !isCold && cold[e.To.ID] {
					cold[e.To.ID] = false
					changed = true
				}
			}
		}
	}
	return cold
}
