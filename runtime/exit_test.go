package runtime

import (
	"os"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
)

// A program that finds no room for its wish to exit leaves it in two words; what came
// before it is handled, what comes after is not.
func TestExitWithoutRoom(t *testing.T) {
	needRoot(t)
	p := newPlan()
	p.Globals = []plan.Global{{Name: plan.ExitPosition, Offset: 8}, {Name: plan.ExitRequest, Offset: 16}}
	p.Maps = append(p.Maps, &plan.Map{
		Name: ".globals", Kind: plan.Globals, Type: ebpf.Array, KeySize: 4, ValueSize: 24, MaxEntries: 1,
		Flags: 1 << 10, // BPF_F_MMAPABLE
	})
	ask := asm.Instructions{
		asm.LoadMapPtr(asm.R1, 0).WithReference(".events"),
		asm.Mov.Imm(asm.R2, 3), // BPF_RB_PROD_POS
		asm.FnRingbufQuery.Call(),
		asm.Mov.Reg(asm.R6, asm.R0),
		asm.LoadMapValue(asm.R1, 0, 0).WithReference(".globals"),
		asm.StoreMem(asm.R1, 8, asm.R6, asm.DWord),
		asm.LoadImm(asm.R2, plan.ExitAsked|0xfffffffe, asm.DWord), // -2
		asm.StoreMem(asm.R1, 16, asm.R2, asm.DWord),
	}
	body := slices.Concat(relabel(emit(0, 1), "1"), relabel(emit(0, 2), "2"), ask, relabel(emit(0, 3), "3"))
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.OnSignal, Signal: int(unix.SIGUSR1)}, body...)
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.AfterDetach}, emit(0, 4)...)
	r := start(t, p, nil)
	if err := unix.Kill(os.Getpid(), unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if code := r.ends(t); code != -2 {
		t.Errorf("exit code %d, want -2", code)
	}
	if got := r.values(); !slices.Equal(got, []uint64{1, 2, 4}) {
		t.Errorf("events %v, want those before exit and those of the end program, 1 2 4", got)
	}
}

// An urgent event of a begin program wakes the loop while it must not handle any yet.
func TestExitAtBegin(t *testing.T) {
	needRoot(t)
	p := newPlan()
	p.Events[0].Urgent = true
	add(p, ebpf.RawTracepoint, begin, waking(emit(0, 99))...)
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.OnSignal, Signal: int(unix.SIGUSR1)})
	if code := start(t, p, nil).ends(t); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}

// waking is code for an event that wakes the reader.
func waking(code asm.Instructions) asm.Instructions {
	for i := range code {
		if i+1 < len(code) && code[i+1].IsBuiltinCall() && code[i+1].Constant == int64(asm.FnRingbufSubmit) {
			code[i].Constant = 2 // BPF_RB_FORCE_WAKEUP
		}
	}
	return code
}
