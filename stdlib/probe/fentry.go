package probe

import (
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
first, and wildcards may stand in both parts.`,
	record.Example{Script: `fentry:vfs_read { @[comm] = sum(args.count); }`})

// Fexit attaches to the return of the kernel's functions by trampoline.
var Fexit = trampoline("fexit", []string{"fr", "kretfunc"}, true, `Runs when a function of the kernel returns, at the lowest cost there is.
args holds the arguments and retval the result, with their types.`,
	record.Example{Script: `fexit:vfs_read /retval > 0/ { @[comm] = sum(retval); }`})

func trampoline(name string, aliases []string, exit bool, doc string, examples ...record.Example) *record.Probe {
	forms := []string{name + ":function", name + ":module:function"}
	return &record.Probe{
		Provider: check.Provider{
			Name:    name,
			Aliases: aliases,
			Parse: func(p *check.Point) *source.Diagnostic {
				if d := wantParts(p, 1, 2, forms...); d != nil {
					return d
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
			Needs: []*feature.Feature{feature.Fentry},
		},
		Attach: func(t *check.Target, _ *check.Context) (plan.Mechanism, error) {
			// The kernel attaches all programs that are bound by BTF in one way.
			return plan.RawTracepoint{Name: t.Func}, nil
		},
		List:     func(host check.Host, parts []string) ([]string, error) { return listFunctions(host, name, parts) },
		Syntax:   forms,
		Doc:      doc,
		Examples: examples,
	}
}

func expandTrampoline(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	at := p.Data.(kernelTarget)
	target := func(module, symbol string) check.Target {
		full := symbol
		if module != "" && module != kernelModule {
			full = module + ":" + symbol
		}
		return check.Target{Point: p, Name: p.Provider.Name + ":" + full, Func: symbol, Data: kernelTarget{module: module, symbol: symbol}}
	}
	if !isGlob(at.symbol) && !isGlob(at.module) {
		if d := refused(p, at.symbol); d != nil {
			return nil, d
		}
		return []check.Target{target(at.module, at.symbol)}, nil
	}
	return expandFunctions(p, host, opt, at, target)
}

// trampolineContext binds the program to the function: its arguments lie in slots
// as BTF says.
func trampolineContext(t *check.Target, host check.Host, exit bool) (*check.Context, *source.Diagnostic) {
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
	ctx := &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgFentry,
		Bound:    true, BindTo: at.symbol, BindID: fn.ID,
		Args:    argsStruct(t.Name, fn.Params),
		Layout:  check.ArgsSlots,
		NumArgs: len(fn.Params),
		Space:   types.Kernel,
	}
	if exit {
		ctx.Program = check.ProgFexit
		ctx.Retval = fn.Result
	}
	return ctx, nil
}
