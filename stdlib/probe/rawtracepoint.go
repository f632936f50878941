package probe

import (
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// RawTracepoint attaches to trace events below the layer that makes records of
// them: the arguments are those that the kernel's own code passes.
var RawTracepoint = &record.Probe{
	Provider: check.Provider{
		Name:    "rawtracepoint",
		Aliases: []string{"rt"},
		Parse: func(p *check.Point) *source.Diagnostic {
			return wantParts(p, 1, 2, "rawtracepoint:event", "rawtracepoint:module:event")
		},
		Expand:  expandRawTracepoint,
		Context: rawTracepointContext,
		Needs:   []*feature.Feature{feature.RawTracepoints},
		Cookie:  feature.RawTPCookie,
	},
	Attach: func(t *check.Target, _ *check.Context) (plan.Mechanism, error) {
		return plan.RawTracepoint{Name: t.Data.(rawTarget).event}, nil
	},
	List: func(host check.Host, parts []string, _ int) ([]string, error) {
		module, event := rawParts(parts)
		names, err := host.RawTracepoints(event)
		var found []string
		for _, n := range names {
			if match(module, kernelModule) {
				found = append(found, "rawtracepoint:"+kernelModule+":"+n)
			}
		}
		return found, err
	},
	Syntax: []string{"rawtracepoint:event", "rawtracepoint:module:event"},
	Doc: `Runs at a trace event, with the arguments that the kernel passes to it.
It costs less than a tracepoint, since no record is made; args holds the typed
arguments (from BTF), argN the same by number. They change with the kernel more
readily than a tracepoint's fields.`,
	Examples: []record.Example{
		{Script: `rawtracepoint:sched_switch { @[args.next.comm] = count(); }`},
	},
}

// kernelModule is what the kernel proper is called where a module may stand.
const kernelModule = "vmlinux"

// rawTarget is one event. Alone tells that the attach point named it without
// wildcards, so that a program bound to it by BTF is worth its own load.
type rawTarget struct {
	event string
	alone bool
}

func rawParts(parts []string) (module, event string) {
	switch len(parts) {
	case 0:
		return "*", "*"
	case 1:
		return "*", parts[0]
	}
	return parts[0], parts[1]
}

func expandRawTracepoint(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	module, event := rawParts(p.Parts)
	names, alone := []string{event}, true
	if isGlob(event) {
		found, err := host.RawTracepoints(event)
		switch {
		case err == nil:
			names, alone = found, false
		case !opt.Offline:
			return nil, bad(p, codeHost, "can not list raw tracepoints: %v", err)
		}
	}
	var targets []check.Target
	for _, name := range names {
		home, known := rawHome(host, name)
		if !match(module, home) || !known && !opt.Offline {
			continue
		}
		targets = append(targets, check.Target{
			Point: p,
			Name:  "rawtracepoint:" + home + ":" + name,
			Data:  rawTarget{event: name, alone: alone},
		})
	}
	return targets, nil
}

// rawHome gives the module that an event is in, and whether there is such an event.
// Without BTF everything may be, and is said to be missing BTF later.
func rawHome(host check.Host, event string) (module string, known bool) {
	btf := host.BTF()
	if btf == nil {
		return kernelModule, true
	}
	fn, ok := btf.RawTracepoint(event)
	if !ok || fn.Module == "" {
		return kernelModule, ok
	}
	return fn.Module, true
}

func rawTracepointContext(t *check.Target, host check.Host) (*check.Context, *source.Diagnostic) {
	at := t.Data.(rawTarget)
	ctx := &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgRawTracepoint,
		Layout:   check.ArgsSlots,
		Space:    types.Kernel,
	}
	btf := host.BTF()
	if btf == nil {
		return nil, bad(t.Point, codeHost, "raw tracepoints need the kernel's BTF for the types of their arguments").
			WithHint("use tracepoint, or name a BTF file in BPFTRACE_BTF")
	}
	fn, ok := btf.RawTracepoint(at.event)
	if !ok {
		return nil, bad(t.Point, codeTarget, "No BTF found for %s", t.Name).
			WithHint("sonde -l 'rawtracepoint:*' lists what there is")
	}
	ctx.NumArgs = len(fn.Params)
	ctx.Args = argsStruct(t.Name, fn.Params)
	if at.alone && host.Features().Has(feature.TracingBTF) {
		ctx.Program, ctx.Bound = check.ProgTracingBTF, true
		ctx.BindTo, ctx.BindID, ctx.BindModule = at.event, fn.ID, fn.Module
	}
	return ctx, nil
}

// argsStruct makes the struct behind args from parameters in slots of 8 bytes.
func argsStruct(name string, params []types.Field) *types.Struct {
	fields := make([]types.Field, len(params))
	for i, f := range params {
		fields[i] = types.Field{Name: f.Name, Type: f.Type, Offset: wordSize * i}
	}
	return types.NewStruct("struct", name+"_args", wordSize*len(params), func() []types.Field { return fields })
}
