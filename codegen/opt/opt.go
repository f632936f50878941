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
	// Dump, when set, sees the program before the first pass (as "lower") and
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
}

// passes in the order in which they run. What must come before what, and why,
// stands in the table of constraints.
var passes = []pass{
	{"unreachable", clean, true, (*ssa.Func).RemoveUnreachable, "drop blocks that no path leads to"},
	{"params", clean, false, trivialParams, "drop block parameters that are the same on all edges"},

	{"fold", simplify, false, fold, "constants, algebra, cheaper operations, comparisons, extensions"},
	{"address", simplify, false, foldAddresses, "constant offsets of pointers into loads and stores"},
	{"cse", simplify, false, commonValues, "one value for equal pure and stable operations"},
	{"loads", simplify, false, redundantLoads, "loads and lookups whose result is known already"},
	{"branches", simplify, false, foldBranches, "branches whose outcome is known, jump threading, merging of blocks"},
	{"deadstores", simplify, false, deadStores, "stores and zeroed bytes that nothing reads"},
	{"deadcode", simplify, false, deadCode, "values and parameters that nothing uses"},
	{"repeat params", simplify, false, trivialParams, "parameters that became trivial"},

	{"loops", finish, false, hoistInvariants, "loop-invariant pure and stable values out of loops"},
	{"sink", finish, false, sink, "values into the branch that alone uses them"},
	{"immediates", finish, false, storeImmediates, "constants into stores"},
	{"mergestores", finish, false, mergeStores, "adjacent constant stores into wider ones"},
	{"late deadcode", finish, false, deadCode, "what the passes above left without users"},
	{"slots", finish, false, deadSlots, "frame slots that nothing refers to"},
	{"layout", finish, false, layout, "likely paths straight, cold ones last"},
}

// Run optimises the program. An error means that a pass broke it, which is a bug
// in this package; it can only be found with Options.Verify.
func Run(p *ssa.Program, o Options) error {
	if o.Dump != nil {
		o.Dump("lower", p)
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
		did := false
		for _, f := range p.Funcs {
			did = ps.run(f) || did
		}
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
			for _, f := range p.Funcs {
				changed = passes[i].run(f) || changed
			}
			return changed, nil
		}
	}
	return false, fmt.Errorf("there is no pass %q", name)
}
