package probe

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/stdlib/record"
)

// perfCounter is an event that the kernel counts, and how many of them pass
// between two runs unless the script says.
type perfCounter struct {
	name, alias string
	config      uint64
	period      uint64
}

// counted makes the record of a probe that fires once in so many events of a
// perf event type.
func counted(name, alias string, perfType uint32, events []perfCounter, doc string, examples ...record.Example) *record.Probe {
	forms := []string{name + ":event", name + ":event:count", name + ":event:hz:rate"}
	if perfType == unix.PERF_TYPE_HARDWARE {
		forms = append(forms, name+":rNNN:count")
	}
	var names []string
	for _, e := range events {
		names = append(names, name+":"+e.name+":")
		if e.alias != "" {
			names = append(names, name+":"+e.alias+":")
		}
	}
	return &record.Probe{
		Provider: check.Provider{
			Name:    name,
			Aliases: []string{alias},
			Parse: func(p *check.Point) *source.Diagnostic {
				return parseCounted(p, perfType, events, forms)
			},
			Expand: func(p *check.Point, _ check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
				return expandClock(p, opt)
			},
			Context: eventContext,
			Cookie:  feature.AttachCookie,
		},
		Attach:   mechanism,
		List:     listOnly(names...),
		Syntax:   forms,
		Doc:      doc,
		Examples: examples,
	}
}

func parseCounted(p *check.Point, perfType uint32, events []perfCounter, forms []string) *source.Diagnostic {
	if d := wantParts(p, 1, 3, forms...); d != nil {
		return d
	}
	name := p.Provider.Name
	if isGlob(p.Parts[0]) {
		return bad(p, codeValue, "wildcards are not allowed for %s probe type", name).
			WithHint("sonde -l '%s:*' lists the events", name)
	}
	ev, ok := findCounter(p.Parts[0], perfType, events)
	if !ok {
		return bad(p, codeValue, "%s is not a %s probe", p.Parts[0], name).
			WithHint("sonde -l '%s:*' lists the events", name)
	}
	count := p.Parts[len(p.Parts)-1]
	switch {
	case len(p.Parts) == 1 || len(p.Parts) == 2 && count == "":
		p.Data = ev
		return nil
	case len(p.Parts) == 3 && p.Parts[1] != "hz":
		return bad(p, codeValue, "%s is no unit of a %s probe's rate", p.Parts[1], name).
			WithHint("write %s:%s:hz:99 to run 99 times a second on each processor that the event happens on", name, p.Parts[0])
	}
	n, err := readCount(count)
	if err != nil || n == 0 {
		return bad(p, codeValue, "%s count should be a positive integer, not %s", name, count).
			WithHint("write %s:%s:1000 to run once in a thousand events", name, p.Parts[0])
	}
	ev.Period, ev.Freq = n, len(p.Parts) == 3
	p.Data = ev
	return nil
}

// rawPeriod is how many events of a processor's own number pass between two runs unless the
// script says.
const rawPeriod = 1_000_000

// findCounter finds an event by its name, or by the processor's own number for it: r and what
// its manual says, in hexadecimal, as perf(1) has it.
func findCounter(name string, perfType uint32, events []perfCounter) (ev plan.PerfEvent, ok bool) {
	for _, e := range events {
		if name == e.name || name == e.alias && name != "" {
			return plan.PerfEvent{Type: perfType, Config: e.config, Period: e.period}, true
		}
	}
	digits, raw := strings.CutPrefix(name, "r")
	if number, err := strconv.ParseUint(digits, 16, 64); raw && err == nil && perfType == unix.PERF_TYPE_HARDWARE {
		return plan.PerfEvent{Type: unix.PERF_TYPE_RAW, Config: number, Period: rawPeriod}, true
	}
	return plan.PerfEvent{}, false
}
