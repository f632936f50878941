package probe

import (
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/stdlib/record"
)

// trial makes the record of a probe that the session itself runs, on demand, to
// see what comes of it. It has a name and nothing else.
func trial(name string, mode check.Mode, stage plan.Stage, doc string, examples ...record.Example) *record.Probe {
	return &record.Probe{
		Provider: check.Provider{
			Name: name,
			Parse: func(p *check.Point) *source.Diagnostic {
				if d := wantParts(p, 1, 1, name+":NAME"); d != nil {
					return d
				}
				if p.Parts[0] == "" {
					return bad(p, codeValue, "%s probes must have a name", name)
				}
				p.Data = plan.TestRun{Stage: stage, Name: p.Parts[0]}
				return nil
			},
			Expand: func(p *check.Point, _ check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
				return single(p, name+":"+p.Parts[0]), nil
			},
			Context:    tracerContext,
			Needs:      []*feature.Feature{feature.RawTPTestRun},
			Unfiltered: true,
			Mode:       mode,
			Unique:     true,
		},
		Attach:   mechanism,
		List:     listOnly(),
		Syntax:   []string{name + ":NAME"},
		Doc:      doc,
		Examples: examples,
	}
}
