package attach

import (
	"testing"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
)

// TestRefusals: what the kernel refuses of the places of an inlined function is told once,
// and is an error only when it refuses all.
func TestRefusals(t *testing.T) {
	span := source.Span{Start: source.Pos{Offset: 1, Line: 1, Column: 2}, End: source.Pos{Offset: 9, Line: 1, Column: 10}}
	p := &plan.Plan{}
	for i := range 3 {
		p.Attach = append(p.Attach, &plan.Attach{
			Name: "kprobe:f", Found: true, Span: span,
			How: plan.Kprobe{Symbol: "g", Offset: uint64(4 * i), Address: 1 << 63, Inlined: "f"},
		})
	}
	s := New(p, nil)
	s.failed(p.Attach[2], unix.EINVAL)
	s.failed(p.Attach[1], unix.EINVAL)
	const why = " places of the inlined function, such as g+4 can not be probed: the kernel keeps probes away from it (notrace), or changes the instruction there itself (static branches)"
	if got := s.sorted(); len(got) != 1 || got[0].Severity != source.Warning || got[0].Msg != "Unable to attach probe: kprobe:f: 2 of 3"+why {
		t.Errorf("%v", got)
	}
	s = New(p, nil)
	for _, a := range p.Attach {
		s.failed(a, unix.EINVAL)
	}
	if got := s.sorted(); len(got) != 1 || !got.HasErrors() || got[0].Hint == "" {
		t.Errorf("%v", got)
	}
}
