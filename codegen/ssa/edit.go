package ssa

// RebuildPreds computes the predecessors of all blocks from the terminators, one
// entry for each edge, in the order of blocks. Passes that change edges call it.
func (f *Func) RebuildPreds() {
	for _, b := range f.Blocks {
		b.Preds = nil
	}
	for _, b := range f.Blocks {
		for _, e := range b.Term.Succs {
			e.To.Preds = append(e.To.Preds, b)
		}
	}
}

// Entry is the block that runs first.
func (f *Func) Entry() *Block { return f.Blocks[0] }

// EachUse calls fn with every place that holds a value: arguments of values,
// operands of terminators, arguments of edges.
func (f *Func) EachUse(fn func(b *Block, use **Value)) {
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			for i := range v.Args {
				fn(b, &v.Args[i])
			}
		}
		b.Term.EachUse(func(use **Value) { fn(b, use) })
	}
}

// EachUse calls fn with every place in the terminator that holds a value.
func (t *Term) EachUse(fn func(use **Value)) {
	if t.X != nil {
		fn(&t.X)
	}
	if t.Y != nil {
		fn(&t.Y)
	}
	for i := range t.Succs {
		for j := range t.Succs[i].Args {
			fn(&t.Succs[i].Args[j])
		}
	}
}

// Replacements says what stands for values that go away.
type Replacements map[*Value]*Value

// Of follows the replacements from v on.
func (r Replacements) Of(v *Value) *Value {
	for n := r[v]; n != nil; n = r[v] {
		v = n
	}
	return v
}

// Apply rewrites all uses. What was replaced stays where it stands, unused.
func (r Replacements) Apply(f *Func) {
	if len(r) == 0 {
		return
	}
	f.EachUse(func(_ *Block, use **Value) { *use = r.Of(*use) })
}

// UseCounts gives how many places use each value, by id.
func (f *Func) UseCounts() []int {
	n := make([]int, f.NumValues())
	f.EachUse(func(_ *Block, use **Value) { n[(*use).ID]++ })
	return n
}

// RemoveParam drops parameter i, and the argument for it on all edges.
func (b *Block) RemoveParam(i int) {
	b.Params = append(b.Params[:i:i], b.Params[i+1:]...)
	for j, p := range b.Params {
		p.Imm = int64(j)
	}
	done := map[*Block]bool{}
	for _, pred := range b.Preds {
		if done[pred] {
			continue
		}
		done[pred] = true
		for k := range pred.Term.Succs {
			if e := &pred.Term.Succs[k]; e.To == b {
				e.Args = append(e.Args[:i:i], e.Args[i+1:]...)
			}
		}
	}
}

// Filter keeps the block's values that keep approves of, and tells whether any
// went.
func (b *Block) Filter(keep func(*Value) bool) bool {
	kept := b.Values[:0]
	for _, v := range b.Values {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	changed := len(kept) < len(b.Values)
	clear(b.Values[len(kept):])
	b.Values = kept
	return changed
}

// SplitCriticalEdges puts an empty block on every edge from a block with several
// successors to one with several predecessors, so that code for an edge has a
// place. It tells whether there were any.
func (f *Func) SplitCriticalEdges() bool {
	var added []*Block
	old := f.Blocks
	for _, b := range old {
		if len(b.Term.Succs) < 2 {
			continue
		}
		for i := range b.Term.Succs {
			e := &b.Term.Succs[i]
			if len(e.To.Preds) < 2 {
				continue
			}
			mid := f.NewBlock()
			mid.sealed = true
			mid.Term = Term{Kind: Jump, Succs: []Edge{{To: e.To, Args: e.Args}}, Span: b.Term.Span}
			*e = Edge{To: mid}
			added = append(added, mid)
		}
	}
	if added != nil {
		f.RebuildPreds()
	}
	return added != nil
}

// RemoveUnreachable drops the blocks that no path leads to, which the kernel
// would reject, and tells whether there were any.
func (f *Func) RemoveUnreachable() bool {
	reach := make([]bool, f.NumBlocks())
	for _, b := range f.Postorder() {
		reach[b.ID] = true
	}
	kept := make([]*Block, 0, len(f.Blocks))
	for _, b := range f.Blocks {
		if reach[b.ID] {
			kept = append(kept, b)
		}
	}
	if len(kept) == len(f.Blocks) {
		return false
	}
	f.Blocks = kept
	f.RebuildPreds()
	return true
}

// RemoveUncalled drops the functions that the first one does not lead to, which
// the kernel would reject as unreachable, and tells whether there were any.
func (p *Program) RemoveUncalled() bool {
	called := p.called()
	kept := p.Funcs[:0]
	for _, f := range p.Funcs {
		if called[f] {
			kept = append(kept, f)
		}
	}
	changed := len(kept) < len(p.Funcs)
	clear(p.Funcs[len(kept):])
	p.Funcs = kept
	return changed
}

// called gives the functions that the first one leads to, itself included.
func (p *Program) called() map[*Func]bool {
	called := map[*Func]bool{}
	work := []*Func{p.Funcs[0]}
	for len(work) > 0 {
		f := work[len(work)-1]
		work = work[:len(work)-1]
		if called[f] {
			continue
		}
		called[f] = true
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				if to, ok := v.Aux.(*Func); ok {
					work = append(work, to)
				}
			}
		}
	}
	return called
}
