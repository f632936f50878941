package probe

import (
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Tracepoint attaches to the kernel's stable trace events.
var Tracepoint = &record.Probe{
	Provider: check.Provider{
		Name:    "tracepoint",
		Aliases: []string{"t"},
		Parse: func(p *check.Point) *source.Diagnostic {
			if d := wantParts(p, 2, 2, "tracepoint:category:event"); d != nil {
				return d
			}
			if p.Parts[0] == "" || p.Parts[1] == "" {
				return bad(p, codeValue, "tracepoint probe must have a target").
					WithHint("write tracepoint:category:event, such as tracepoint:sched:sched_switch")
			}
			return nil
		},
		Expand:  expandTracepoint,
		Context: tracepointContext,
		Group: func(t *check.Target) string {
			if t.Data.(plan.PerfTracepoint).Category == syscalls {
				return syscalls
			}
			return ""
		},
		Cookie: feature.AttachCookie,
	},
	Attach:  mechanism,
	Cheaper: rawTracepointWay,
	List: func(host check.Host, parts []string, _ int) ([]string, error) {
		category, event := "*", "*"
		switch len(parts) {
		case 0:
		case 1:
			category = parts[0]
		default:
			category, event = parts[0], parts[1]
		}
		names, err := host.Tracepoints(category, event)
		return prefixed("tracepoint:", names), err
	},
	Syntax: []string{"tracepoint:category:event"},
	Doc: `Runs at a trace event of the kernel.
Trace events are the kernel's stable points for tracing; args holds the event's
fields, which sonde -lv shows. Both parts may hold wildcards.`,
	Examples: []record.Example{
		{Script: `tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args.filename)); }`},
		{Script: `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }`},
	},
}

func expandTracepoint(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	category, event := p.Parts[0], p.Parts[1]
	target := func(name string) check.Target {
		c, e, _ := cut(name)
		return check.Target{Point: p, Name: "tracepoint:" + name, Data: plan.PerfTracepoint{Category: c, Event: e}}
	}
	p.Data = offline(opt.Offline)
	names := []string{category + ":" + event}
	found, err := host.Tracepoints(category, event)
	switch glob := isGlob(category) || isGlob(event); {
	case err == nil && (glob || !opt.Offline):
		names = found
	case err != nil && glob && opt.Offline && category == syscalls:
		names = knownSyscallEvents(event)
	case err != nil && glob && !opt.Offline:
		return nil, bad(p, codeHost, "can not list trace events: %v", err)
	}
	if len(names) == 0 {
		return nil, noSuchTracepoint(p, host)
	}
	targets := make([]check.Target, len(names))
	for i, name := range names {
		targets[i] = target(name)
	}
	return targets, nil
}

// offline, as an attach point's Data, tells that nothing will be attached to it.
type offline bool

// noSuchTracepoint suggests the event that was meant, in the same category or
// in all.
func noSuchTracepoint(p *check.Point, host check.Host) *source.Diagnostic {
	name := p.Parts[0] + ":" + p.Parts[1]
	d := bad(p, codeHost, "No matches for tracepoint %s", name)
	for _, category := range []string{p.Parts[0], "*"} {
		all, _ := host.Tracepoints(category, "*")
		if near := source.Closest(name, all); near != "" {
			return d.WithHint("did you mean tracepoint:%s?", near)
		}
	}
	return d.WithHint("sonde -l 'tracepoint:*' lists what there is")
}

// tracepointContext describes the event's record. The format file says it best;
// where it can't be read (not privileged, another machine's script) BTF and the
// list of system calls say it for most events, and for more when nothing is attached.
func tracepointContext(t *check.Target, host check.Host) (*check.Context, *source.Diagnostic) {
	at := t.Data.(plan.PerfTracepoint)
	ctx := &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgTracepoint,
		Layout:   check.ArgsRecord,
		Space:    types.Kernel,
	}
	if at.Category == syscalls {
		ctx.Space = types.User
	}
	args, id, err := host.TracepointFormat(at.Category, at.Event)
	if err == nil {
		at.ID = id
		t.Data = at
		ctx.Args = args
		return ctx, nil
	}
	if args := knownRecord(at.Category, at.Event, t.Point.Data == offline(true), host.Arch(), host.BTF()); args != nil {
		ctx.Args = args
	}
	return ctx, nil
}

// prefixed puts the provider before each name.
func prefixed(prefix string, names []string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func cut(name string) (first, rest string, ok bool) {
	for i := range len(name) {
		if name[i] == ':' {
			return name[:i], name[i+1:], true
		}
	}
	return name, "", false
}
