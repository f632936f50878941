package probe

import (
	"cmp"
	"strings"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Fentry attaches to the entry of the kernel's functions by trampoline.
var Fentry = trampoline("fentry", []string{"f", "kfunc"}, false, `Runs when a function of the kernel is entered, at the lowest cost there is.
args holds the arguments with their types, from BTF: args.file. A module may be named
first, and wildcards may stand in both parts. bpf in its place means the functions of
BPF programs that run already, of all or of the one with an id (sonde -l
'fentry:bpf:*' lists them); their contexts have the types that the kernel sees.`,
	record.Example{Script: `fentry:vfs_read { @[comm] = sum(args.count); }`})

// Fexit attaches to the return of the kernel's functions by trampoline.
var Fexit = trampoline("fexit", []string{"fr", "kretfunc"}, true, `Runs when a function of the kernel returns, at the lowest cost there is.
args holds the arguments and retval the result, with their types.`,
	record.Example{Script: `fexit:vfs_read /retval > 0/ { @[comm] = sum(retval); }`})

func trampoline(name string, aliases []string, exit bool, doc string, examples ...record.Example) *record.Probe {
	forms := []string{name + ":function", name + ":module:function", name + ":bpf[:id]:function"}
	return &record.Probe{
		Provider: check.Provider{
			Name:    name,
			Aliases: aliases,
			Parse: func(p *check.Point) *source.Diagnostic {
				if d := wantParts(p, 1, 3, forms...); d != nil {
					return d
				}
				if p.Parts[0] == programModule {
					return parseProgram(p, forms)
				}
				if len(p.Parts) == 3 {
					return bad(p, codeParts, "Only the 'bpf' variant of this probe supports 4 arguments").WithHint("write %s", strings.Join(forms, " or "))
				}
				at := kernelTarget{symbol: p.Parts[len(p.Parts)-1]}
				if len(p.Parts) == 2 {
					at.module = p.Parts[0]
				}
				p.Data = at
				if at.symbol == "" {
					return bad(p, codeValue, "fentry/fexit should specify a function").WithHint("write %s", forms[0])
				}
				return nil
			},
			Expand: expandTrampoline,
			Context: func(t *check.Target, host check.Host) (*check.Context, *source.Diagnostic) {
				return trampolineContext(t, host, exit)
			},
			Wide:  wideTrampoline,
			Needs: []*feature.Feature{feature.Fentry},
			// Programs that are bound to a function know which; of the wide ones, the links tell.
			Cookie: feature.KprobeMulti,
		},
		Attach: func(t *check.Target, ctx *check.Context) (plan.Mechanism, error) {
			if !ctx.Bound {
				at := t.Data.(kernelTarget)
				return plan.Kprobe{Module: at.module, Symbol: at.symbol, Return: exit}, nil
			}
			// The kernel attaches all programs that are bound by BTF in one way.
			return plan.RawTracepoint{Name: t.Func}, nil
		},
		List: func(host check.Host, parts []string, _ int) ([]string, error) {
			return listTrampolines(host, name, parts)
		},
		Syntax:   forms,
		Doc:      doc,
		Examples: examples,
	}
}

func expandTrampoline(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	if _, ok := p.Data.(programTarget); ok {
		return expandProgram(p, host, opt)
	}
	if need := feature.FentryAnywhere; host.Arch().LateTrampolines && !opt.Offline && !host.Features().Has(need) {
		return nil, bad(p, codeTarget, "Missing required kernel feature: %s", need).
			WithHint("on this processor Linux attaches such programs from 6.4 (arm64) or %s on; use kprobe or kretprobe", need.Since)
	}
	at := p.Data.(kernelTarget)
	target := func(module, symbol string) check.Target {
		full := symbol
		if module != "" {
			full = module + ":" + symbol
		}
		return check.Target{Point: p, Name: p.Provider.Name + ":" + full, Func: symbol, Data: kernelTarget{module: module, symbol: symbol}}
	}
	btf := host.BTF()
	if !isGlob(at.symbol) && !isGlob(at.module) {
		if why := whyLocked(at.symbol); why != "" {
			return nil, refused(p, at.symbol, why)
		}
		if btf != nil && !opt.Offline {
			fn, ok := btf.Func(at.module, at.symbol)
			if !ok {
				d := bad(p, codeTarget, "No matches for %s %s", p.Provider.Name, joined(p.Parts))
				if at.module != "" && at.module != kernelModule && !host.Features().Has(feature.ModuleBTF) {
					return nil, d.WithHint("this kernel has no type information of modules: use kprobe or kretprobe")
				}
				suggestFunction(d, p.Provider.Name, host, at.symbol)
				return nil, d
			}
			if why := whyUnbound(fn); why != "" {
				return nil, bad(p, codeTarget, "%s can not be attached to %s: %s", p.Provider.Name, at.symbol, why).
					WithHint("use kprobe or kretprobe")
			}
			at.module = cmp.Or(fn.Module, kernelModule)
		}
		return []check.Target{target(at.module, at.symbol)}, nil
	}
	return expandFunctions(p, host, opt, at, func(module, symbol string) (check.Target, bool) {
		ok := whyLocked(symbol) == ""
		if ok && btf != nil && !opt.Offline {
			fn, has := btf.Func(module, symbol)
			ok = has && whyUnbound(fn) == ""
		}
		return target(module, symbol), ok
	})
}

// locked lists functions that programs take their maps' locks with. Kprobes are
// guarded against entering each other on a CPU, and trampolines are not: programs there
// could wait for each other for ever.
var locked = []string{"_raw_spin_lock*", "_raw_spin_unlock*", "queued_spin_lock_slowpath", "resilient_queued_spin_lock_slowpath"}

// whyLocked tells why a function must not have a trampoline, or "".
func whyLocked(symbol string) string {
	for _, glob := range locked {
		if match(glob, symbol) {
			return "programs take locks through it, and would wait for themselves; kprobes are guarded against that"
		}
	}
	return whyRefused(symbol)
}

// Limits of what a trampoline passes on: MAX_BPF_FUNC_ARGS and btf_distill_func_proto of
// the kernel's include/linux/bpf.h and kernel/bpf/btf.c.
const (
	maxSlots     = 12
	maxParamSize = 16
)

// whyUnbound tells why no program can be bound to a function, or "".
func whyUnbound(fn *types.Func) string {
	if fn.Variadic {
		return "it takes any number of arguments"
	}
	for _, f := range fn.Params {
		if f.Type.Size() > maxParamSize {
			return "its argument " + f.Name + " is too large to be passed on"
		}
	}
	if slots(fn) > maxSlots {
		return "it has too many arguments"
	}
	if _, ok := fn.Result.(*types.Struct); ok {
		return "its result is a struct"
	}
	return ""
}

// slots counts the 8-byte words that a function's arguments take.
func slots(fn *types.Func) int {
	n := 0
	for _, f := range fn.Params {
		n += max(1, (f.Type.Size()+wordSize-1)/wordSize)
	}
	return n
}

// trampolineContext binds the program to the function: its arguments lie in slots
// as BTF says.
func trampolineContext(t *check.Target, host check.Host, exit bool) (*check.Context, *source.Diagnostic) {
	if _, ok := t.Data.(programFunction); ok {
		return programContext(t, host, exit), nil
	}
	at := t.Data.(kernelTarget)
	btf := host.BTF()
	if btf == nil {
		return nil, bad(t.Point, codeHost, "%s needs the kernel's BTF", t.Point.Provider.Name).
			WithHint("use kprobe, or a kernel with CONFIG_DEBUG_INFO_BTF")
	}
	fn, ok := btf.Func(at.module, at.symbol)
	if !ok {
		return nil, bad(t.Point, codeTarget, "No matches for %s %s", t.Point.Provider.Name, at.symbol).
			WithHint("BTF has no such function: the compiler may have inlined it; sonde -l '%s:*' lists what there is", t.Point.Provider.Name)
	}
	ctx := boundContext(t, fn, fn.Params, exit)
	if at.module != kernelModule {
		ctx.BindModule = fn.Module
	}
	return ctx, nil
}

// boundContext is that of a program bound to a function.
func boundContext(t *check.Target, fn *types.Func, params []types.Field, exit bool) *check.Context {
	ctx := &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgFentry,
		Bound:    true, BindTo: fn.Name, BindID: fn.ID,
		Args:    paramStruct(t.Name, params),
		Layout:  check.ArgsSlots,
		NumArgs: slots(fn),
		Space:   types.Kernel,
	}
	if exit {
		ctx.Program = check.ProgFexit
		if _, void := fn.Result.(types.Void); !void {
			ctx.Retval = fn.Result
		}
	}
	return ctx
}

// wideTrampoline is the context of one program on the entry, or return, of many
// functions. Such a program is not bound to them, and sees neither arguments nor
// results. One link attaches it, where each trampoline would take the kernel longer
// than that.
func wideTrampoline(targets []check.Target, host check.Host) *check.Context {
	if !host.Features().Has(feature.KprobeMulti) {
		return nil
	}
	symbols := map[string]bool{}
	for i := range targets {
		t := &targets[i]
		if _, ok := t.Data.(kernelTarget); !ok || symbols[t.Func] { // such links go by name
			return nil
		}
		symbols[t.Func] = true
	}
	pr := targets[0].Point.Provider
	return &check.Context{Key: pr.Name, Provider: pr, Program: check.ProgKprobe, Layout: check.ArgsNone, Space: types.Kernel}
}

// paramStruct makes the struct behind args from parameters, which know their slots.
func paramStruct(name string, params []types.Field) *types.Struct {
	size := 0
	for _, f := range params {
		size = max(size, f.Offset+max(wordSize, f.Type.Size()))
	}
	return types.NewStruct("struct", name+"_args", size, func() []types.Field { return params })
}

// listTrampolines lists the functions that programs can be bound to.
func listTrampolines(host check.Host, provider string, parts []string) ([]string, error) {
	if len(parts) > 0 && parts[0] == programModule {
		return listPrograms(host, provider, parts[1:])
	}
	btf := host.BTF()
	if btf == nil {
		return nil, nil
	}
	module, symbol := rawParts(parts)
	found, err := host.Functions(module, symbol)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for _, f := range found {
		m, s, _ := cut(f)
		if fn, ok := btf.Func(m, s); ok && whyUnbound(fn) == "" && whyLocked(s) == "" {
			names = append(names, provider+":"+f)
		}
	}
	return names, nil
}
