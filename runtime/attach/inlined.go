package attach

import (
	"sonde/codegen/plan"
	"sonde/lang/source"
)

// At some of the places where a function was inlined there can be no probe. That is told
// once for an attach point, with the number of places.

// inlinedAt is what the places of an inlined function have in common.
type inlinedAt struct {
	function string
	span     source.Span
}

// inlinedPlace tells that an attachment is one of several places of an inlined function.
func inlinedPlace(a *plan.Attach) (at inlinedAt, ok bool) {
	how, ok := a.How.(plan.Kprobe)
	return inlinedAt{how.Inlined, a.Span}, ok && how.Inlined != ""
}

// refusals makes a diagnostic for each attach point at whose places the kernel refused
// probes: an error when it refused all.
func (s *Set) refusals() source.List {
	type group struct{ all, refused []*plan.Attach }
	groups := map[inlinedAt]*group{}
	var order []*group
	for _, a := range s.plan.Attach {
		at, ok := inlinedPlace(a)
		if !ok {
			continue
		}
		g := groups[at]
		if g == nil {
			g = &group{}
			groups[at] = g
			order = append(order, g)
		}
		g.all = append(g.all, a)
		if s.refused[a] != nil {
			g.refused = append(g.refused, a)
		}
	}
	var list source.List
	for _, g := range order {
		if len(g.refused) == 0 {
			continue
		}
		a := g.refused[0]
		reason, hint := reasonFor(a.How, s.refused[a])
		d := source.Errorf(a.Span, "attach", "Unable to attach probe: %s: %d of %d places of the inlined function, such as %s",
			a.Name, len(g.refused), len(g.all), reason).WithHint("%s", hint)
		if len(g.refused) < len(g.all) {
			d.Severity, d.Hint = source.Warning, ""
		}
		list = append(list, d)
	}
	return list
}
