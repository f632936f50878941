package lower

import (
	"slices"

	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
)

// Use is what a body takes from the event that runs it.
type Use struct {
	Parts check.Parts
	// Arguments are the numbers of single arguments, sorted.
	Arguments []int
	// Members are those of the arguments' struct, in the order of their first use.
	// Whole: not only single members are wanted.
	Members []types.Field
	Whole   bool
}

// Only tells whether a body takes nothing but those parts.
func (u *Use) Only(parts check.Parts) bool { return u.Parts&^parts == 0 }

// useOf looks for the calls that read something of the event.
func (u *unit) useOf(inst *check.Instance) *Use {
	if use := u.uses[inst]; use != nil {
		return use
	}
	use := &Use{}
	u.uses[inst] = use
	if inst.Probe == nil {
		return use
	}
	single := map[ast.Expr]bool{} // what is only there for a member of it
	walk(inst.Info, inst.Probe, func(n ast.Node) {
		if f, ok := n.(*ast.Field); ok {
			c, ref := inst.Info.Calls[f.X], inst.Info.Fields[f]
			if c != nil && c.Func.Reads&check.Members != 0 && ref != nil && !ref.Deref {
				single[f.X] = true
				if !slices.ContainsFunc(use.Members, func(m types.Field) bool { return m.Offset == ref.Field.Offset && m.Name == ref.Field.Name }) {
					use.Members = append(use.Members, ref.Field)
				}
			}
		}
		e, ok := n.(ast.Expr)
		if !ok || inst.Info.Calls[e] == nil {
			return
		}
		c := inst.Info.Calls[e]
		use.Parts |= c.Func.Reads
		use.Whole = use.Whole || c.Func.Reads&check.Members != 0 && !single[e]
		if i, ok := c.Data.(int); ok && c.Func.Reads&check.Arguments != 0 && !slices.Contains(use.Arguments, i) {
			use.Arguments = append(use.Arguments, i)
		}
	})
	slices.Sort(use.Arguments)
	return use
}

// slots are the maps with a value for each processor that a body changes. The
// steps of a change are apart: nothing that changes the same may come in between.
func (u *unit) slots(inst *check.Instance) map[*check.Map]bool {
	slots := map[*check.Map]bool{}
	if inst.Probe == nil {
		return slots
	}
	target := func(e ast.Expr) {
		if m, ok := e.(*ast.Map); ok {
			if info := u.maps[inst.Info.Maps[m]]; info != nil && info.PerCPU {
				slots[inst.Info.Maps[m]] = true
			}
		}
	}
	walk(inst.Info, inst.Probe, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Assign:
			target(n.Target)
		case *ast.Postfix:
			target(n.X)
		case *ast.Unary:
			target(n.X)
		}
	})
	return slots
}
