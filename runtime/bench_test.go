package runtime

import (
	"testing"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
)

// From Start until one probe is attached, with a ring buffer of the usual size. (A raw
// tracepoint, because the kernel makes whoever attaches through perf wait for
// the detaching before.)
func BenchmarkStart(b *testing.B) {
	needRoot(b)
	for b.Loop() {
		p := newPlan()
		p.Maps[0].MaxEntries = 0
		add(p, ebpf.RawTracepoint, plan.RawTracepoint{Name: "sys_enter"}, onGetpgid(append(emit(0, 1), count()...))...)
		r := start(b, p, nil)
		b.StopTimer()
		r.Stop()
		r.ends(b)
		b.StartTimer()
	}
}

// Events from one program, run flat out, to a handler.
func BenchmarkEvents(b *testing.B) {
	needRoot(b)
	p := newPlan()
	p.Maps[0].MaxEntries = 0
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	r := start(b, p, nil)
	for b.Loop() {
		hit(1)
	}
	b.StopTimer()
	r.Stop()
	r.ends(b)
	if n := len(r.values()); n < b.N {
		b.Errorf("%d events, want %d", n, b.N)
	}
}
