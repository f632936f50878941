package ssa

// Postorder gives the reachable blocks, successors first except along back
// edges. The second successor of a branch is visited first, so that the reverse
// keeps the taken side near.
func (f *Func) Postorder() []*Block {
	seen := make([]bool, f.NumBlocks())
	order := make([]*Block, 0, len(f.Blocks))
	type frame struct {
		b    *Block
		next int
	}
	stack := []frame{{f.Entry(), len(f.Entry().Term.Succs)}}
	seen[f.Entry().ID] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == 0 {
			order = append(order, top.b)
			stack = stack[:len(stack)-1]
			continue
		}
		top.next--
		if s := top.b.Term.Succs[top.next].To; !seen[s.ID] {
			seen[s.ID] = true
			stack = append(stack, frame{s, len(s.Term.Succs)})
		}
	}
	return order
}

// ReversePostorder gives the reachable blocks, predecessors first except along
// back edges.
func (f *Func) ReversePostorder() []*Block {
	order := f.Postorder()
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// DomTree tells which blocks every path to a block passes.
type DomTree struct {
	idom     []*Block // by block id
	children [][]*Block
	pre      []int32 // interval of the depth-first walk of the tree; 0 when unreachable
	last     []int32
	order    []*Block
}

// Dominators computes the dominator tree: Cooper, Harvey and Kennedy, “A Simple,
// Fast Dominance Algorithm”.
func (f *Func) Dominators() *DomTree {
	n := f.NumBlocks()
	d := &DomTree{idom: make([]*Block, n), children: make([][]*Block, n), pre: make([]int32, n), last: make([]int32, n)}
	rpo := f.ReversePostorder()
	num := make([]int, n)
	for i, b := range rpo {
		num[b.ID] = i
	}
	entry := f.Entry()
	d.idom[entry.ID] = entry
	for changed := true; changed; {
		changed = false
		for _, b := range rpo[1:] {
			var best *Block
			for _, p := range b.Preds {
				if d.idom[p.ID] == nil {
					continue // not reachable, or not yet seen
				}
				if best == nil {
					best = p
					continue
				}
				x, y := p, best
				for x != y {
					for num[x.ID] > num[y.ID] {
						x = d.idom[x.ID]
					}
					for num[y.ID] > num[x.ID] {
						y = d.idom[y.ID]
					}
				}
				best = x
			}
			if d.idom[b.ID] != best {
				d.idom[b.ID] = best
				changed = true
			}
		}
	}
	d.idom[entry.ID] = nil
	for _, b := range rpo[1:] {
		p := d.idom[b.ID]
		d.children[p.ID] = append(d.children[p.ID], b)
	}
	var clock int32
	var walk func(*Block)
	walk = func(b *Block) {
		clock++
		d.pre[b.ID] = clock
		d.order = append(d.order, b)
		for _, c := range d.children[b.ID] {
			walk(c)
		}
		d.last[b.ID] = clock
	}
	walk(entry)
	return d
}

// Idom is the closest block other than b that every path to b passes; nil for
// the entry and for what can't be reached.
func (d *DomTree) Idom(b *Block) *Block { return d.idom[b.ID] }

// Children are the blocks whose Idom is b, in reverse postorder.
func (d *DomTree) Children(b *Block) []*Block { return d.children[b.ID] }

// Preorder gives the reachable blocks, each after its Idom.
func (d *DomTree) Preorder() []*Block { return d.order }

// Reachable tells whether a path leads to b.
func (d *DomTree) Reachable(b *Block) bool { return d.pre[b.ID] > 0 }

// Dominates tells whether every path to b passes a; a block dominates itself.
func (d *DomTree) Dominates(a, b *Block) bool {
	return d.pre[a.ID] > 0 && d.pre[a.ID] <= d.pre[b.ID] && d.pre[b.ID] <= d.last[a.ID]
}
