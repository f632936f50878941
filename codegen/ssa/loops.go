package ssa

// Loop is a natural loop: all blocks from which its header's back edges can be
// reached without passing the header.
type Loop struct {
	Header *Block
	Parent *Loop // the loop around it, or nil
	Depth  int   // 1 for an outermost loop
	Blocks []*Block
}

// LoopNest tells the loops of a function.
type LoopNest struct {
	Loops []*Loop // outer ones first
	inner []*Loop // by block id
}

// Of gives the innermost loop that holds b, or nil.
func (n *LoopNest) Of(b *Block) *Loop { return n.inner[b.ID] }

// Depth tells how many loops b lies in.
func (n *LoopNest) Depth(b *Block) int {
	if l := n.inner[b.ID]; l != nil {
		return l.Depth
	}
	return 0
}

// Contains tells whether b lies in l or in a loop inside it.
func (n *LoopNest) Contains(l *Loop, b *Block) bool {
	for in := n.inner[b.ID]; in != nil; in = in.Parent {
		if in == l {
			return true
		}
	}
	return false
}

// Loops finds the natural loops. Back edges with one header are one loop.
func (f *Func) Loops(dom *DomTree) *LoopNest {
	n := &LoopNest{inner: make([]*Loop, f.NumBlocks())}
	// Outer headers come before inner ones in the tree's preorder; inner loops then
	// overwrite what their blocks belong to.
	for _, h := range dom.Preorder() {
		var l *Loop
		var work []*Block
		in := map[*Block]bool{h: true}
		for _, p := range h.Preds {
			if !dom.Dominates(h, p) {
				continue
			}
			if l == nil {
				l = &Loop{Header: h, Parent: n.inner[h.ID], Depth: n.Depth(h) + 1}
			}
			work = append(work, p)
		}
		if l == nil {
			continue
		}
		for len(work) > 0 {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			if in[b] {
				continue
			}
			in[b] = true
			work = append(work, b.Preds...)
		}
		for _, b := range f.Blocks {
			if in[b] {
				l.Blocks = append(l.Blocks, b)
				n.inner[b.ID] = l
			}
		}
		n.Loops = append(n.Loops, l)
	}
	return n
}
