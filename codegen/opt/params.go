package opt

import "sonde/codegen/ssa"

// trivialParams drops parameters that get the same value on every edge, apart
// from themselves: construction makes them where it can't know yet.
func trivialParams(f *ssa.Func) bool {
	repl := ssa.Replacements{}
	for again := true; again; {
		again = false
		for _, b := range f.Blocks[1:] {
			for i := 0; i < len(b.Params); i++ {
				if only := onlyArgument(b, i, repl); only != nil {
					repl[b.Params[i]] = only
					b.RemoveParam(i)
					i--
					again = true
				}
			}
		}
	}
	repl.Apply(f)
	return len(repl) > 0
}

// onlyArgument gives the one value that parameter i gets, or nil.
func onlyArgument(b *ssa.Block, i int, repl ssa.Replacements) *ssa.Value {
	var only *ssa.Value
	for _, p := range b.Preds {
		for _, e := range p.Term.Succs {
			if e.To != b {
				continue
			}
			a := repl.Of(e.Args[i])
			switch {
			case a == b.Params[i] || a == only:
			case only == nil:
				only = a
			case sameConstant(a, only):
			default:
				return nil
			}
		}
	}
	switch {
	case only == nil || only.Type != b.Params[i].Type:
		return nil
	case only.Op == ssa.OpConst && len(b.Preds) > 1:
		return constantHere(b, only)
	}
	return only
}

func sameConstant(x, y *ssa.Value) bool {
	return x.Op == ssa.OpConst && y.Op == ssa.OpConst && x.Imm == y.Imm && x.Type == y.Type
}

// constantHere gives a constant that stands at the start of b, since equal ones
// on the edges need not dominate it.
func constantHere(b *ssa.Block, c *ssa.Value) *ssa.Value {
	n := b.Func.NewValue(b, ssa.OpConst, c.Type)
	n.Imm, n.Span, n.Comment = c.Imm, c.Span, c.Comment
	b.Values = append([]*ssa.Value{n}, b.Values...)
	return n
}
