package probe

import (
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/stdlib/record"
)

// selfSignals are the signals that the tracer lets scripts see: the ones it has
// no use for itself.
var selfSignals = map[string]int{
	"SIGUSR1": int(unix.SIGUSR1),
	"SIGUSR2": int(unix.SIGUSR2),
}

// Self runs when something happens to the tracer itself.
var Self = &record.Probe{
	Provider: check.Provider{
		Name: "self",
		Parse: func(p *check.Point) *source.Diagnostic {
			if d := wantParts(p, 2, 2, "self:signal:SIGUSR1"); d != nil {
				return d
			}
			if p.Parts[0] != "signal" {
				return bad(p, codeValue, "%s is not a supported trigger", p.Parts[0]).
					WithHint("the trigger is signal, as in self:signal:SIGUSR1")
			}
			n, ok := selfSignals[p.Parts[1]]
			if !ok {
				return bad(p, codeValue, "%s is not a supported signal", p.Parts[1]).
					WithHint("the signals are SIGUSR1 and SIGUSR2")
			}
			p.Data = plan.TestRun{Stage: plan.OnSignal, Signal: n}
			return nil
		},
		Expand: func(p *check.Point, _ check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
			return single(p, "self:signal:"+p.Parts[1]), nil
		},
		Context:    tracerContext,
		Unfiltered: true,
	},
	Attach: mechanism,
	List:   listOnly("self:signal:SIGUSR1", "self:signal:SIGUSR2"),
	Syntax: []string{"self:signal:SIGUSR1", "self:signal:SIGUSR2"},
	Doc: `Runs when the tracer receives a signal.
Send the signal with kill(1) to make a running script print what it has so far.`,
	Examples: []record.Example{{
		Script: `tracepoint:raw_syscalls:sys_enter { @ = count(); } self:signal:SIGUSR1 { print(@); }`,
	}},
}
