package opt

import "sonde/codegen/ssa"

// maxHoisted bounds what is moved out of one loop: each value stays in a register
// through all of it.
const maxHoisted = 4

// hoistInvariants moves pure and stable values whose arguments come from outside
// a loop to before it. Null-checked pointers and variable offsets stay where the
// kernel's verifier sees their checks; what is cheap to make again stays too.
func hoistInvariants(f *ssa.Func) bool {
	dom := f.Dominators()
	nest := f.Loops(dom)
	changed := false
	for i := len(nest.Loops) - 1; i >= 0; i-- { // inner loops first
		l := nest.Loops[i]
		list := invariants(dom, nest, l)
		if len(list) == 0 {
			continue
		}
		before := preheader(f, dom, l)
		if before == nil {
			continue
		}
		moved := map[*ssa.Value]bool{}
		for _, v := range list {
			moved[v] = true
			hoistConstants(v, before)
		}
		for _, b := range l.Blocks {
			b.Filter(func(v *ssa.Value) bool { return !moved[v] })
		}
		for _, v := range list {
			v.Block = before
			before.Values = append(before.Values, v)
		}
		changed = true
		// A new preheader belongs to the loops around.
		dom = f.Dominators()
		nest = f.Loops(dom)
	}
	return changed
}

// invariants lists what may leave the loop, in an order in which each comes after
// what it needs.
func invariants(dom *ssa.DomTree, nest *ssa.LoopNest, l *ssa.Loop) []*ssa.Value {
	var list []*ssa.Value
	in := map[*ssa.Value]bool{}
	for _, b := range dom.Preorder() {
		if !nest.Contains(l, b) || !alwaysRuns(dom, l, b) {
			continue
		}
	values:
		for _, v := range b.Values {
			if len(list) == maxHoisted {
				return list
			}
			if !hoistable(v) {
				continue
			}
			for _, a := range v.Args {
				if nest.Contains(l, a.Block) && !a.Op.Info().Remat && !in[a] {
					continue values
				}
			}
			in[v] = true
			list = append(list, v)
		}
	}
	return list
}

// preheader gives a block that the loop is entered from and that leads nowhere
// else; it makes one where needed, unless the loop is entered from several.
func preheader(f *ssa.Func, dom *ssa.DomTree, l *ssa.Loop) *ssa.Block {
	var before *ssa.Block
	for _, p := range l.Header.Preds {
		if dom.Dominates(l.Header, p) {
			continue
		}
		if before != nil {
			return nil
		}
		before = p
	}
	if before == nil || len(before.Term.Succs) == 1 {
		return before
	}
	for i := range before.Term.Succs {
		if e := &before.Term.Succs[i]; e.To == l.Header {
			mid := f.NewBlock()
			mid.Term = ssa.Term{Kind: ssa.Jump, Succs: []ssa.Edge{*e}, Span: before.Term.Span}
			*e = ssa.Edge{To: mid}
			f.RebuildPreds()
			return mid
		}
	}
	return nil
}

// alwaysRuns tells whether b runs in every round that goes on.
func alwaysRuns(dom *ssa.DomTree, l *ssa.Loop, b *ssa.Block) bool {
	for _, p := range l.Header.Preds {
		if dom.Dominates(l.Header, p) && !dom.Dominates(b, p) {
			return false
		}
	}
	return true
}

func hoistable(v *ssa.Value) bool {
	if !mergeable(v) || v.Op.Info().Remat {
		return false
	}
	return v.Op != ssa.OpNonNull && v.Op != ssa.OpAddPtrVar && v.Op != ssa.OpAddPtr
}

// hoistConstants gives v copies of its constants that stand in before.
func hoistConstants(v *ssa.Value, before *ssa.Block) {
	for i, a := range v.Args {
		if a.Op.Info().Remat {
			c := before.Func.NewValue(before, a.Op, a.Type)
			c.Imm, c.Aux, c.Span, c.Comment = a.Imm, a.Aux, a.Span, a.Comment
			before.Values = append(before.Values, c)
			v.Args[i] = c
		}
	}
}
