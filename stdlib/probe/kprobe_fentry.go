package probe

import (
	"cmp"
	"slices"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// A trampoline at the entry or exit of a function (fentry, fexit) costs a sixth of what a
// kprobe costs, and misses no call as a kretprobe does when many are under way.
// It passes on the arguments by their types, not the registers.

// noReturn lists functions that never return: a kretprobe there waits in vain, and a
// trampoline can not be removed again (kernel/bpf/verifier.c: noreturn_deny, since
// Linux 6.15).
var noReturn = []string{
	"do_exit", "do_group_exit", "make_task_dead", "kthread_exit", "kthread_complete_and_exit",
	"*_sys_exit", "*_sys_exit_group", "*panic*", "*stack_chk_fail*", "cpu_startup_entry", "rewind_stack*",
}

// entangled lists functions that programs run through, or in which locks are held that
// they take. Only kprobes are guarded against entering each other there.
var entangled = []string{"*spin_*lock*", "*raw_*lock*", "*bpf_*", "*htab*", "*ringbuf*", "*trampoline*", "*ftrace*", "*stackmap*"}

// trampolineWay is the way for probes at whole functions whose bodies take arguments, or
// the result, that a trampoline shows alike.
func trampolineWay(t *check.Target, ctx *check.Context, use *lower.Use, host check.Host) *lower.Way {
	at := t.Data.(plan.Kprobe)
	allowed := check.Arguments
	if at.Return {
		allowed = check.Result
	}
	// What a wildcard finds is many: one program and one link do for them.
	if t.Found || at.Symbol == "" || at.Address != 0 || at.Offset != 0 || at.Inlined != "" || !use.Only(allowed) || whyLocked(at.Symbol) != "" || matches(entangled, at.Symbol) ||
		at.Return && matches(noReturn, at.Symbol) {
		return nil
	}
	btf, has := host.BTF(), host.Features().Has
	if btf == nil {
		return nil
	}
	fn, ok := btf.Func(at.Module, at.Symbol)
	if !ok || whyUnbound(fn) != "" || !passesOn(fn, use) {
		return nil
	}
	if host.Arch().LateTrampolines && !has(feature.FentryAnywhere) || !has(feature.Fentry) || !has(feature.FentryCalm) || host.NoKprobe(at.Symbol) {
		return nil
	}
	way := &lower.Way{How: plan.RawTracepoint{Name: at.Symbol}, Context: *ctx}
	c := &way.Context
	c.Program, c.Bound, c.BindTo, c.BindID = check.ProgFentry, true, at.Symbol, fn.ID
	if module := cmp.Or(fn.Module, kernelModule); module != kernelModule {
		c.BindModule = module
	}
	c.Regs, c.Layout, c.NumArgs = false, check.ArgsSlots, slots(fn)
	c.Args = paramStruct(t.Name, fn.Params)
	if at.Return {
		c.Program = check.ProgFexit
		if isObject(fn.Result) {
			c.Retval = fn.Result
		}
	}
	return way
}

// passesOn tells whether a trampoline shows programs the arguments, or the result, that they
// want as the registers do: the first six words of arguments, if each is a whole word. (Of
// narrower ones trampolines leave the rest undefined before Linux 6.6.)
func passesOn(fn *types.Func, use *lower.Use) bool {
	const inRegisters = 6
	for _, n := range use.Arguments {
		i := slices.IndexFunc(fn.Params, func(f types.Field) bool { return f.Offset == n*wordSize })
		if n >= inRegisters || i < 0 || !isWord(fn.Params[i].Type) {
			return false
		}
		for _, before := range fn.Params[:i] {
			if before.Type.Size() > wordSize {
				return false
			}
		}
	}
	if use.Parts&check.Result != 0 {
		i, number := fn.Result.(types.Int)
		return number && i.Size() > 0 || isWord(fn.Result)
	}
	return true
}

// isWord tells whether values of t fill a register, and programs may load them.
func isWord(t types.Type) bool {
	switch t := t.(type) {
	case types.Int:
		return t.Size() == wordSize
	case types.Pointer:
		switch t.Elem.(type) {
		case types.Int, types.Void:
			return true
		}
		return isObject(t)
	}
	return false
}

// isObject tells whether t is a pointer to a struct of the kernel, which the verifier knows.
func isObject(t types.Type) bool {
	p, ok := t.(types.Pointer)
	if !ok {
		return false
	}
	s, ok := p.Elem.(*types.Struct)
	return ok && s.BTFID != 0 && s.Size() > 0
}

func matches(globs []string, name string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool { return match(glob, name) })
}
