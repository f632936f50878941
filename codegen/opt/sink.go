package opt

import "sonde/codegen/ssa"

// sink moves pure and stable values into the branch that alone uses them, so
// that other paths don't pay: a call for what is printed only when a filter lets
// through. Nothing moves into a loop.
func sink(f *ssa.Func) bool {
	s := &sinker{f: f, dom: f.Dominators()}
	s.nest = f.Loops(s.dom)
	s.users = make([][]*ssa.Block, f.NumValues())
	f.EachUse(func(b *ssa.Block, use **ssa.Value) {
		v := *use
		s.users[v.ID] = append(s.users[v.ID], b)
	})
	changed := false
	for _, b := range f.Postorder() {
		changed = s.block(b) || changed
	}
	return changed
}

type sinker struct {
	f     *ssa.Func
	dom   *ssa.DomTree
	nest  *ssa.LoopNest
	users [][]*ssa.Block // the blocks where each value is used, by value id
}

// block moves values out of b, last ones first: their arguments may follow.
func (s *sinker) block(b *ssa.Block) bool {
	if len(b.Term.Succs) < 2 {
		return false // what is below runs whenever b does, or several lead there
	}
	moved := map[*ssa.Value]bool{}
	for i := len(b.Values) - 1; i >= 0; i-- {
		v := b.Values[i]
		if !sinkable(v) {
			continue
		}
		to := s.target(v)
		if to == nil {
			continue
		}
		moved[v] = true
		v.Block = to
		to.Values = append([]*ssa.Value{v}, to.Values...)
		for _, a := range v.Args { // it is used there now
			for k, u := range s.users[a.ID] {
				if u == b {
					s.users[a.ID][k] = to
					break
				}
			}
		}
	}
	return b.Filter(func(v *ssa.Value) bool { return !moved[v] })
}

// sinkable leaves out what costs nothing where it stands, and what would keep two
// registers busy for longer to save one.
func sinkable(v *ssa.Value) bool {
	if !mergeable(v) || v.Op.Info().Remat {
		return false
	}
	needs := 0
	for _, a := range v.Args {
		if !a.Op.Info().Remat {
			needs++
		}
	}
	return needs <= 1
}

// target gives the block that v should move to: the closest that dominates all
// uses, in no loop that v is not in; nil when v should stay.
func (s *sinker) target(v *ssa.Value) *ssa.Block {
	var to *ssa.Block
	for _, u := range s.users[v.ID] {
		if to == nil {
			to = u
			continue
		}
		for !s.dom.Dominates(to, u) {
			to = s.dom.Idom(to)
		}
	}
	if to == nil {
		return nil
	}
	home := s.nest.Of(v.Block)
	for to != v.Block {
		if l := s.nest.Of(to); l == home || l == nil || home != nil && s.nest.Contains(l, home.Header) {
			break
		}
		to = s.dom.Idom(to)
	}
	if to == v.Block || s.always(v.Block, to) {
		return nil
	}
	return to
}

// always tells whether every path from b passes through to.
func (s *sinker) always(b, to *ssa.Block) bool {
	seen := map[*ssa.Block]bool{to: true}
	work := []*ssa.Block{b}
	for len(work) > 0 {
		w := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[w] {
			continue
		}
		seen[w] = true
		if w.Term.Kind == ssa.Return {
			return false
		}
		for _, e := range w.Term.Succs {
			work = append(work, e.To)
		}
	}
	return true
}
