package probe

import (
	"strings"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Begin runs once before anything is attached.
var Begin = edge("begin", plan.BeforeAttach, `Runs once, before all other probes are attached.
Any number of begin probes may stand in a script; they run in the order in which
they are written.`, `begin { printf("Tracing... Hit Ctrl-C to end.\n"); exit(); }`)

// End runs once after everything is detached.
var End = edge("end", plan.AfterDetach, `Runs once, after all other probes are detached and before maps are printed.
Maps that should not be printed can be cleared here.`, `begin { @a = 1; exit(); } end { clear(@a); }`)

// edge makes the record of a probe that the session itself runs at one of its
// ends.
func edge(name string, stage plan.Stage, doc, example string) *record.Probe {
	return &record.Probe{
		Provider: check.Provider{
			Name: name,
			Parse: func(p *check.Point) *source.Diagnostic {
				return wantParts(p, 0, 0, name)
			},
			Expand: func(p *check.Point, _ check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
				p.Data = plan.TestRun{Stage: stage}
				return single(p, name), nil
			},
			Context:    tracerContext,
			Needs:      []*feature.Feature{feature.RawTPTestRun},
			Unfiltered: true,
			Edge:       true,
		},
		Attach:   mechanism,
		List:     listOnly(name),
		Syntax:   []string{name},
		Doc:      doc,
		Examples: []record.Example{{Script: example}},
	}
}

// tracerContext is that of programs that the tracer runs itself.
func tracerContext(t *check.Target, _ check.Host) (*check.Context, *source.Diagnostic) {
	return &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgTestRun,
		Space:    types.Kernel,
	}, nil
}

// listOnly lists names that need no asking. A pattern without parts asks for all
// of the provider; what follows the colon that a name ends with may be left out, or given.
func listOnly(names ...string) func(check.Host, []string, int) ([]string, error) {
	return func(_ check.Host, parts []string, _ int) ([]string, error) {
		if last := len(parts) - 1; last > 0 {
			if _, err := readCount(parts[last]); err == nil {
				parts = parts[:last]
			}
		}
		var found []string
		for _, n := range names {
			pattern := joined(parts)
			if len(parts) == 0 || match(pattern, n) || match(pattern, tail(n)) || match(pattern, strings.TrimSuffix(tail(n), ":")) {
				found = append(found, n)
			}
		}
		return found, nil
	}
}
