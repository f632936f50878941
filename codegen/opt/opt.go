// Package opt rewrites SSA programs into cheaper ones that do the same.
//
// Comes in: what package lower made. Goes out: the same program, changed in
// place. Guaranteed: effects stay, in their order (calls that write, stores that
// somebody may see); what the kernel's verifier has to see (null checks, bounds
// of variable offsets, written frame bytes) stays visible; the result depends on
// the program alone.
//
// What may be removed, merged or moved is decided by effect class (ssa.Effect)
// and by what a helper says about its arguments, nowhere by name.
package opt

import (
	"fmt"
	"slices"

	"sonde/codegen/ssa"
)

// Options of Run.
type Options struct {
	// Dump, when set, sees the program before the first pass (as Lowered) and
	// after each pass that changed something; after the first round of passes that
	// are repeated, also when nothing changed.
	Dump func(pass string, p *ssa.Program)
	// Verify checks the program after each pass.
	Verify bool
	// Disable names passes to leave out; required ones run all the same.
	Disable []string
	// DisableAll leaves out all that aren't required.
	DisableAll bool
}

// phase groups passes; phases run in order.
type phase uint8

const (
	clean    phase = iota // once, makes the program one that passes may rely on
	simplify              // repeated while anything changes
	finish                // once, when nothing gets simpler
	numPhases
)

// maxRounds bounds the repetition; each round costs time, and later ones hardly
// find anything.
const maxRounds = 6

// pass is one row of the table. run changes the function and tells whether it
// did.
type pass struct {
	name     string
	phase    phase
	required bool
	run      func(f *ssa.Func) bool
	doc      string
	// whole, instead of run, for passes that look at all functions together.
	whole func(p *ssa.Program) bool
}

func (ps *pass) apply(p *ssa.Program) (changed bool) {
	if ps.whole != nil {
		return ps.whole(p)
	}
	for _, f := range p.Funcs {
		changed = ps.run(f) || changed
	}
	return changed
}

// passes in the order in which they run. What must come before what, and why,
// stands in the table of constraints.
var passes = []pass{
	{name: "unreachable", phase: clean, required: true, run: (*ssa.Func).RemoveUnreachable, doc: "drop blocks that no path leads to"},
	{name: "params", phase: clean, run: trivialParams, doc: "drop block parameters that are the same on all edges"},

	{name: "fold", phase: simplify, run: fold, doc: "constants, algebra, cheaper operations, comparisons, extensions"},
	{name: "address", phase: simplify, run: foldAddresses, doc: "constant offsets of pointers into loads and stores"},
	{name: "cse", phase: simplify, run: commonValues, doc: "one value for equal pure and stable operations"},
	{name: "loads", phase: simplify, run: redundantLoads, doc: "loads and lookups whose result is known already"},
	{name: "branches", phase: simplify, run: foldBranches, doc: "branches whose outcome is known, jump threading, merging of blocks"},
	{name: "deadstores", phase: simplify, run: deadStores, doc: "stores and zeroed bytes that nothing reads"},
	{name: "deadcode", phase: simplify, run: deadCode, doc: "values and parameters that nothing uses"},
	{name: "repeat params", phase: simplify, run: trivialParams, doc: "parameters that became trivial"},

	{name: "loops", phase: finish, run: hoistInvariants, doc: "loop-invariant pure and stable values out of loops"},
	{name: "sink", phase: finish, run: sink, doc: "values into the branch that alone uses them"},
	{name: "immediates", phase: finish, run: storeImmediates, doc: "constants into stores"},
	{name: "mergestores", phase: finish, run: mergeStores, doc: "adjacent constant stores into wider ones"},
	{name: "late deadcode", phase: finish, run: deadCode, doc: "what the passes above left without users"},
	{name: "slots", phase: finish, run: deadSlots, doc: "frame slots that nothing refers to"},
	{name: "functions", phase: finish, required: true, whole: (*ssa.Program).RemoveUncalled, doc: "functions that nothing calls any more"},
	{name: "layout", phase: finish, run: layout, doc: "likely paths straight, cold ones last"},
}

// Lowered is what dumps call the program before the first pass.
const Lowered = "lower"

// Run optimises the program. An error means that a pass broke it, which is a bug
// in this package; it can only be found with Options.Verify.
func Run(p *ssa.Program, o Options) error {
	if o.Dump != nil {
		o.Dump(Lowered, p)
	}
	for ph := range numPhases {
		for round := range maxRounds {
			changed, err := runPhase(p, ph, round == 0, o)
			if err != nil {
				return err
			}
			if !changed || ph != simplify {
				break
			}
		}
	}
	return nil
}

func runPhase(p *ssa.Program, ph phase, first bool, o Options) (changed bool, err error) {
	for i := range passes {
		ps := &passes[i]
		if ps.phase != ph || !ps.required && (o.DisableAll || slices.Contains(o.Disable, ps.name)) {
			continue
		}
		did := ps.apply(p)
		changed = changed || did
		if o.Dump != nil && (did || first) {
			o.Dump(ps.name, p)
		}
		if o.Verify && (did || first) {
			if err := ssa.Verify(p); err != nil {
				return false, fmt.Errorf("after pass %s: %w", ps.name, err)
			}
		}
	}
	return changed, nil
}

// Pass describes a pass, for help texts.
type Pass struct{ Name, Doc string }

// Passes lists the passes in the order in which they run.
func Passes() []Pass {
	list := make([]Pass, len(passes))
	for i, ps := range passes {
		list[i] = Pass{ps.name, ps.doc}
	}
	return list
}

// RunPass runs one pass by its name, on all functions; for tests.
func RunPass(name string, p *ssa.Program) (changed bool, err error) {
	for i := range passes {
		if passes[i].name == name {
			return passes[i].apply(p), nil
		}
	}
	return false, fmt.Errorf("there is no pass %q", name)
}
