package runtime

import (
	"slices"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
)

// Begin, traced events, end, and the map at exit come in that order.
func TestOrder(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.BeforeAttach}, emit(0, 1)...)
	add(p, ebpf.TracePoint, plan.PerfTracepoint{Category: "syscalls", Event: "sys_enter_getpgid"}, ours(append(emit(0, 2), count()...))...)
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.AfterDetach}, emit(0, 3)...)
	r := start(t, p, nil)
	for range 5 {
		syscall.Getpgid(0)
	}
	r.Stop()
	if code := r.ends(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if want := []uint64{1, 2, 2, 2, 2, 2, 3}; !slices.Equal(r.got, want) {
		t.Errorf("got %v, want %v", r.got, want)
	}
	if want := []uint64{5}; !slices.Equal(r.out.maps["@n"], want) {
		t.Errorf("@n = %v, want %v", r.out.maps["@n"], want)
	}
	if want := []string{"Attached 3 probes"}; !slices.Equal(r.out.messages, want) {
		t.Errorf("messages %q, want %q", r.out.messages, want)
	}
}
