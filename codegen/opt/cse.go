package opt

import (
	"fmt"

	"sonde/codegen/ssa"
)

// commonValues makes one value of pure and stable operations with the same
// arguments, where the first dominates the others: one call then gives pid and
// tid, one load of the context serves everyone.
func commonValues(f *ssa.Func) bool {
	c := &commoner{dom: f.Dominators(), repl: ssa.Replacements{}, first: map[valueKey]*ssa.Value{}}
	c.block(f.Entry())
	c.repl.Apply(f)
	return len(c.repl) > 0
}

// valueKey is what equal values have in common.
type valueKey struct {
	op      ssa.Op
	typ     ssa.Type
	imm     int64
	width   uint8
	aux     any // map by index, so that two references are one
	x, y, z ssa.ID
	more    string // the other arguments of calls
}

func keyOf(v *ssa.Value, repl ssa.Replacements) valueKey {
	k := valueKey{op: v.Op, typ: v.Type, imm: v.Imm, width: v.Width, aux: v.Aux, x: -1, y: -1, z: -1}
	if m, ok := v.Aux.(*ssa.Map); ok {
		k.aux = m.Index
	}
	for i, a := range v.Args {
		a = repl.Of(a)
		switch i {
		case 0:
			k.x = a.ID
		case 1:
			k.y = a.ID
		case 2:
			k.z = a.ID
		default:
			k.more += fmt.Sprint(a.ID, " ")
		}
	}
	return k
}

type commoner struct {
	dom   *ssa.DomTree
	repl  ssa.Replacements
	first map[valueKey]*ssa.Value
}

// block handles b and what it dominates; what it found is forgotten afterwards.
func (c *commoner) block(b *ssa.Block) {
	var mine []valueKey
	for _, v := range b.Values {
		if !mergeable(v) {
			continue
		}
		k := keyOf(v, c.repl)
		if same := c.first[k]; same != nil {
			c.repl[v] = same
			continue
		}
		c.first[k] = v
		mine = append(mine, k)
	}
	for _, child := range c.dom.Children(b) {
		c.block(child)
	}
	for _, k := range mine {
		delete(c.first, k)
	}
}

// effectOf is a value's effect, with what is known about the memory it reads:
// nobody writes the context during a run.
func effectOf(v *ssa.Value) ssa.Effect {
	if v.Op == ssa.OpLoad && v.Args[0].Type.Kind == ssa.Ctx {
		return ssa.Stable
	}
	return v.Effect()
}

// mergeable tells values that are the same wherever they are made in a run. Parameters
// are no operations.
func mergeable(v *ssa.Value) bool {
	return effectOf(v) <= ssa.Stable && v.Type.Kind != ssa.Void && !v.Type.Record
}
