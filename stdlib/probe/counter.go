package probe

import (
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
	forms := []string{name + ":event", name + ":event:count"}
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
			Expand: func(p *check.Point, _ check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
				return single(p, name+":"+joined(p.Parts)), nil
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
	if d := wantParts(p, 1, 2, forms...); d != nil {
		return d
	}
	name := p.Provider.Name
	if isGlob(p.Parts[0]) {
		return bad(p, codeValue, "wildcards are not allowed for %s probe type", name).
			WithHint("sonde -l '%s:*' lists the events", name)
	}
	var event *perfCounter
	for i := range events {
		if p.Parts[0] == events[i].name || p.Parts[0] == events[i].alias && p.Parts[0] != "" {
			event = &events[i]
		}
	}
	if event == nil {
		return bad(p, codeValue, "%s is not a %s probe", p.Parts[0], name).
			WithHint("sonde -l '%s:*' lists the events", name)
	}
	ev := plan.PerfEvent{Type: perfType, Config: event.config, Period: event.period}
	if len(p.Parts) == 2 && p.Parts[1] != "" {
		n, err := readCount(p.Parts[1])
		if err != nil || n == 0 {
			return bad(p, codeValue, "%s count should be a positive integer, not %s", name, p.Parts[1]).
				WithHint("write %s:%s:1000 to run once in a thousand events", name, event.name)
		}
		ev.Period = n
	}
	p.Data = ev
	return nil
}
