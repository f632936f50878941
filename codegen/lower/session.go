package lower

import (
	"maps"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
)

// part is one probe body, for targets that share it. A program has one, or the two of a
// session.
type part struct {
	inst    *check.Instance
	targets []check.Target
}

// sessions pairs bodies on the entry of functions with those on the return of the same
// functions: by a kprobe session, one program and one link serve both. It gives
// the return's instance by the entry's.
func (u *unit) sessions() map[*check.Instance]*check.Instance {
	if len(u.checked.Instances) < 2 {
		return nil
	}
	type side struct {
		inst    *check.Instance
		symbols map[string]bool
	}
	var entries, returns []side
	for _, inst := range u.checked.Instances {
		symbols, ret := u.wholeFunctions(inst)
		switch {
		case symbols == nil:
		case ret:
			returns = append(returns, side{inst, symbols})
		default:
			entries = append(entries, side{inst, symbols})
		}
	}
	// With several for the same functions, the order in which they run matters.
	alike := func(list []side, symbols map[string]bool) (one *check.Instance) {
		for _, s := range list {
			if maps.Equal(s.symbols, symbols) {
				if one != nil {
					return nil
				}
				one = s.inst
			}
		}
		return one
	}
	pairs := map[*check.Instance]*check.Instance{}
	for _, e := range entries {
		ret := alike(returns, e.symbols)
		if ret != nil && alike(entries, e.symbols) != nil && u.isReturn() != nil && u.traceable(e.inst) {
			pairs[e.inst] = ret
		}
	}
	return pairs
}

// traceable tells whether sessions can reach all functions of an instance. What
// wildcards found comes from the kernel's list of such functions; a function that the
// script names may be one where only kprobes get.
func (u *unit) traceable(inst *check.Instance) bool {
	for i := range inst.Targets {
		t := &inst.Targets[i]
		if t.Found {
			continue
		}
		if found, err := u.host.Functions("*", t.Func); err != nil || len(found) == 0 {
			return false
		}
	}
	return true
}

// wholeFunctions gives the functions that an instance is for, when it is for kernel
// functions and minds neither how it is attached to them nor their names; else nil.
func (u *unit) wholeFunctions(inst *check.Instance) (symbols map[string]bool, ret bool) {
	if inst.Context.Program != check.ProgKprobe || inst.UsesName || u.instead[inst] != nil || !u.useOf(inst).Only(^check.Registers) {
		return nil, false
	}
	for i := range inst.Targets {
		t := &inst.Targets[i]
		how, err := u.lib.Attach(t, inst.Context)
		k, ok := how.(plan.Kprobe)
		if err != nil || !ok || k.Symbol == "" || k.Address != 0 || k.Offset != 0 || symbols[k.Symbol] || i > 0 && k.Return != ret {
			return nil, false
		}
		if symbols == nil {
			symbols = map[string]bool{}
		}
		symbols[k.Symbol], ret = true, k.Return
	}
	return symbols, ret
}

// isReturn is the kernel function by which a session's program learns where it runs;
// nil: this kernel has no sessions. (Its parameter is there since Linux 7.0; before,
// the verifier does not look at what is in the register.)
func (u *unit) isReturn() *ssa.Kfunc {
	return u.kfunc(feature.KprobeSession, ssa.Kfunc{
		Name: "bpf_session_is_return", Effect: ssa.Pure, Args: []ssa.ArgKind{ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
	})
}

// choose makes the beginning of a session's program: it goes on to the block for the
// entry or the return of the function.
func (b *Builder) choose() (entry, ret *ssa.Block) {
	entry, ret = b.Func.NewBlock(), b.Func.NewBlock()
	// A C function's bool is in the lowest byte.
	v := b.Bin(ssa.OpAnd, b.Kfunc(b.unit.isReturn(), b.Ctx()), b.Const(0xff))
	b.BranchImm(ssa.NE, v, 0, ret, entry)
	return entry, ret
}
