package opt

import "sonde/codegen/ssa"

// deadCode drops values that nothing with an effect depends on, and parameters
// that only feed themselves.
func deadCode(f *ssa.Func) bool {
	live := make([]bool, f.NumValues())
	var work []*ssa.Value
	need := func(v *ssa.Value) {
		if !live[v.ID] {
			live[v.ID] = true
			work = append(work, v)
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.Effect() == ssa.Writes {
				need(v)
			}
		}
		if b.Term.X != nil {
			need(b.Term.X)
		}
		if b.Term.Y != nil {
			need(b.Term.Y)
		}
	}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		for _, a := range v.Args {
			need(a)
		}
		if v.Op != ssa.OpParam {
			continue
		}
		for _, p := range v.Block.Preds {
			for _, e := range p.Term.Succs {
				if e.To == v.Block {
					need(e.Args[v.Imm])
				}
			}
		}
	}
	changed := false
	for i, b := range f.Blocks {
		changed = b.Filter(func(v *ssa.Value) bool { return live[v.ID] }) || changed
		for j := len(b.Params) - 1; j >= 0 && i > 0; j-- {
			if !live[b.Params[j].ID] {
				b.RemoveParam(j)
				changed = true
			}
		}
	}
	return changed
}

// deadSlots drops frame slots that no address refers to.
func deadSlots(f *ssa.Func) bool {
	used := map[*ssa.Slot]bool{}
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if s, ok := v.Aux.(*ssa.Slot); ok {
				used[s] = true
			}
		}
	}
	kept := f.Slots[:0]
	for _, s := range f.Slots {
		if used[s] {
			s.ID = len(kept)
			kept = append(kept, s)
		}
	}
	changed := len(kept) < len(f.Slots)
	clear(f.Slots[len(kept):])
	f.Slots = kept
	return changed
}
