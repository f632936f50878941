package lower

import (
	"slices"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// Way is a way to run a program other than a target's own: at the same moments, and
// with the same to see for a body of the use that it was asked for.
type Way struct {
	How plan.Mechanism
	// Context is what a program finds there.
	Context check.Context
	// Cookie is the feature by which one program at several places learns which it is.
	Cookie *feature.Feature
	// Member, when not nil, gives a member of the arguments' struct as a value of type t.
	Member func(b *Builder, f types.Field, t types.Type) Operand
}

// maxBound is how many programs may be loaded, one for each target, where the probe's own
// mechanism takes one for all.
const maxBound = 4

// candidate is an instance that has a way for each of its targets.
type candidate struct {
	inst  *check.Instance
	ways  []*Way
	slots map[*check.Map]bool
}

// decide chooses how the programs of each instance are run: by the mechanism of its probe
// type, or by a cheaper way that means the same for this body. That
// depends on the other bodies too, because programs run by one kind of mechanism
// (kprobes, perf events and perf's tracepoints) are never run within each other on a
// processor, and those at one place run in the order of the script.
func (u *unit) decide() {
	chosen := map[*check.Instance]*candidate{}
	for _, inst := range u.checked.Instances {
		if ways := u.waysOf(inst); ways != nil {
			chosen[inst] = &candidate{inst, ways, u.slots(inst)}
		}
	}
	for dropped := len(chosen) > 0; dropped; {
		dropped = false
		for _, inst := range u.checked.Instances {
			if c := chosen[inst]; c != nil && (u.outOfOrder(c, chosen) || u.disturbed(c)) {
				delete(chosen, inst)
				dropped = true
			}
		}
	}
	for _, inst := range u.checked.Instances {
		if c := chosen[inst]; c != nil {
			u.take(c)
		}
	}
}

// waysOf asks for a way for each target of an instance; nil unless all have one.
func (u *unit) waysOf(inst *check.Instance) []*Way {
	if len(inst.Targets) == 0 || inst.Context.Provider == nil {
		return nil
	}
	var ways []*Way
	for i := range inst.Targets {
		way := u.lib.Cheaper(&inst.Targets[i], inst.Context, u.useOf(inst), u.host)
		if way == nil || i > 0 && way.Context.Bound && i >= maxBound {
			return nil
		}
		ways = append(ways, way)
	}
	named := inst.UsesName && len(ways) > 1 && !ways[0].Context.Bound
	if named && (ways[0].Cookie == nil || !u.host.Features().Has(ways[0].Cookie)) {
		return nil
	}
	return ways
}

// outOfOrder: another body is for the same event, and is not run by the same way.
func (u *unit) outOfOrder(c *candidate, chosen map[*check.Instance]*candidate) bool {
	own := map[string]bool{}
	for i := range c.inst.Targets {
		own[c.inst.Targets[i].Name] = true
	}
	for _, other := range u.checked.Instances {
		if other == c.inst || chosen[other] != nil {
			continue
		}
		for i := range other.Targets {
			if own[other.Targets[i].Name] {
				return true
			}
		}
	}
	return false
}

// disturbed: a program of another body, or of another target, could run in the middle of
// this one's change to a value of the processor that both change.
func (u *unit) disturbed(c *candidate) bool {
	if len(c.slots) == 0 {
		return false
	}
	if len(c.ways) > 1 && c.ways[0].Context.Bound {
		return true
	}
	for _, other := range u.checked.Instances {
		if other == c.inst || other.Context.Provider.Edge {
			continue
		}
		for m := range u.slots(other) {
			if c.slots[m] {
				return true
			}
		}
	}
	return false
}

// take makes the instances that are lowered instead of a candidate's: one, or where
// programs are bound to their targets, one for each.
func (u *unit) take(c *candidate) {
	for i, way := range c.ways {
		u.ways[&c.inst.Targets[i]] = way
	}
	for i, way := range c.ways {
		ctx := way.Context
		ctx.Key, ctx.Provider, ctx.Targets = c.inst.Context.Key, c.inst.Context.Provider, c.inst.Context.Targets
		own := *c.inst
		own.Context = &ctx
		if ctx.Bound {
			own.Targets = c.inst.Targets[i : i+1]
		}
		u.instead[c.inst] = append(u.instead[c.inst], &own)
		if !ctx.Bound {
			break
		}
	}
}

// refusable tells whether the kernel may refuse a target's way although it has all that the
// way needs: a function has room for some 38 trampolines of all tracers (BPF_MAX_TRAMP_LINKS),
// and for none when something else has patched it.
func (u *unit) refusable(t *check.Target) bool {
	way := u.ways[t]
	return way != nil && way.Context.Bound
}

// awaitStart makes a program that is attached before the programs of BeforeAttach run leave
// until they have: scripts see those first. It costs a load and a branch, and
// nothing where there are none.
func (b *Builder) awaitStart() {
	targets := b.Instance.Targets
	if len(targets) == 0 || !b.unit.refusable(&targets[0]) || !b.unit.runsBefore() {
		return
	}
	started := b.Func.NewBlock()
	b.BranchImm(ssa.NE, b.Global(plan.Started), 0, started, b.fn.out)
	b.enter(started)
}

// runsBefore tells whether the script has programs that run before all others.
func (u *unit) runsBefore() bool {
	return slices.ContainsFunc(u.checked.Instances, func(inst *check.Instance) bool {
		if p := inst.Context.Provider; p == nil || !p.Edge || len(inst.Targets) == 0 {
			return false
		}
		how, _ := u.how(&inst.Targets[0], inst.Context) // an error is reported where that is lowered
		run, ok := how.(plan.TestRun)
		return ok && run.Stage == plan.BeforeAttach
	})
}

// wayOf is the way that was chosen for the program's targets, or nil.
func (b *Builder) wayOf() *Way {
	if len(b.Instance.Targets) == 0 {
		return nil
	}
	return b.unit.ways[&b.Instance.Targets[0]]
}
