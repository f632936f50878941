package runtime

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
)

var (
	begin = plan.TestRun{Stage: plan.BeforeAttach}
	end   = plan.TestRun{Stage: plan.AfterDetach}
	// getpgid is a tracepoint that nobody but the tests hits: see hit.
	getpgid = plan.PerfTracepoint{Category: "syscalls", Event: "sys_enter_getpgid"}
)

func hit(times int) {
	for range times {
		_, _ = syscall.Getpgid(0)
	}
}

func (r *run) want(t testing.TB, want ...uint64) {
	t.Helper()
	if got := r.values(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Begin, traced events, end, and the map at exit come in that order.
func TestOrder(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
	add(p, ebpf.TracePoint, getpgid, ours(append(emit(0, 2), count()...))...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	r := start(t, p, nil)
	hit(5)
	r.Stop()
	if code := r.ends(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	r.want(t, 1, 2, 2, 2, 2, 2, 3)
	if want := []uint64{5}; !slices.Equal(r.out.maps["@n"], want) {
		t.Errorf("@n = %v, want %v", r.out.maps["@n"], want)
	}
	if want := []string{"Attached 3 probes"}; !slices.Equal(r.out.messages, want) {
		t.Errorf("messages %q, want %q", r.out.messages, want)
	}
	if !r.out.ended {
		t.Error("the output was not told of the end")
	}
}

// What was reported before exit is handled, what comes after it is not, except by
// end programs.
func TestExit(t *testing.T) {
	needRoot(t)
	p := newPlan()
	body := slices.Concat(emit(0, 1), relabel(emit(0, 99), "a"), relabel(emit(0, 1), "b"))
	add(p, ebpf.TracePoint, getpgid, ours(body)...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	r := start(t, p, nil)
	hit(3)
	if code := r.ends(t); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	r.want(t, 1, 99, 3)
}

// A begin program may exit although probes are still to be attached.
func TestExitInBegin(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 99)...)
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	r := start(t, p, nil)
	if code := r.ends(t); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	r.want(t, 99, 3)
}

// An exit code can be given by end programs too.
func TestExitInEnd(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, end, emit(0, 99)...)
	if code := start(t, p, nil).ends(t); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}

// With begin and end programs only there is nothing to wait for.
func TestSelfContained(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	r := start(t, p, func(o *Options) { o.Quiet = true })
	r.ends(t)
	r.want(t, 1, 3)
	if len(r.out.messages) > 0 {
		t.Errorf("quiet, and still messages: %q", r.out.messages)
	}
}

func TestContext(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	ctx, cancel := context.WithCancel(t.Context())
	out := &recorder{}
	s, err := Start(ctx, p, Options{Output: out, Handlers: collect(new(run))})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-s.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the session does not end")
	}
}

func TestDryRun(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, append(emit(0, 1), count()...)...)
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	r := start(t, p, func(o *Options) { o.DryRun = true })
	r.ends(t)
	if r.out.maps != nil || r.out.ended || slices.Contains(r.values(), 3) {
		t.Errorf("a dry run printed: events %v, maps %v", r.values(), r.out.maps)
	}
}

// Programs of signals run each time the signal comes, and others' signals do not run them.
func TestOnSignal(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.OnSignal, Signal: int(unix.SIGUSR1)}, emit(0, 4)...)
	add(p, ebpf.RawTracepoint, plan.TestRun{Stage: plan.OnSignal, Signal: int(unix.SIGUSR2)}, emit(0, 99)...)
	r := start(t, p, nil)
	for n := 1; n <= 2; n++ {
		if err := unix.Kill(os.Getpid(), unix.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		r.until(t, n)
	}
	if err := unix.Kill(os.Getpid(), unix.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	if code := r.ends(t); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	r.want(t, 4, 4, 99)
}

// A session that hangs in its output can be left.
func TestAbandon(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	blocked := make(chan struct{})
	r := start(t, p, func(o *Options) { o.Output = &blockingOutput{&recorder{}, blocked} })
	r.Stop()
	r.Abandon()
	if n := r.attached.Count(); n != 0 {
		t.Errorf("%d probes are still attached", n)
	}
	close(blocked)
	r.ends(t)
}

// blockingOutput does not come to an end.
type blockingOutput struct {
	*recorder
	blocked chan struct{}
}

func (b *blockingOutput) End() { <-b.blocked }

// A session that is interrupted while it attaches never was.
func TestInterruptedStart(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 2))...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &run{out: &recorder{}}
	if _, err := Start(ctx, p, Options{Output: r.out, Handlers: collect(r)}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want %v", err, context.Canceled)
	}
	hit(1)
	r.want(t)
}

// TestInterruptLeavesOut checks that slow actions do not hold up an interrupted
// session, that what is left out is counted, and that end programs act all the same.
func TestInterruptLeavesOut(t *testing.T) {
	needRoot(t)
	p := newPlan()
	p.Events[0].Span = at
	add(p, ebpf.RawTracepoint, begin, append(emit(0, 1), relabel(emit(0, 2), "2")...)...)
	add(p, ebpf.RawTracepoint, end, emit(0, 3)...)
	ctx, cancel := context.WithCancel(t.Context())
	r := &run{out: &recorder{}}
	slow := func(s event.Session, ev *plan.Event, payload []byte) {
		collect(r)["value"](s, ev, payload)
		if cancel(); len(r.values()) > 1 {
			return
		}
		<-s.Context().Done()
	}
	var err error
	r.Session, err = Start(ctx, p, Options{Output: r.out, Handlers: map[string]event.Handler{"value": slow}})
	if err != nil {
		t.Fatal(err)
	}
	r.ends(t)
	r.want(t, 1, 3)
	told := func(text string) bool { return strings.Contains(text, "Total lost event count: 1") }
	if !slices.ContainsFunc(r.out.messages, told) {
		t.Errorf("messages: %q", r.out.messages)
	}
}

// An output that fails ends the session, which tells the error.
func TestOutputFails(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	r := start(t, p, nil)
	r.output.Lock()
	r.out.idle = unix.EPIPE
	r.output.Unlock()
	hit(1)
	select {
	case <-r.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the session does not end")
	}
	if _, err := r.Wait(); !errors.Is(err, unix.EPIPE) {
		t.Errorf("error %v, want EPIPE", err)
	}
}

// Names of probes and stacks are found by the session's Env.
func TestServices(t *testing.T) {
	needRoot(t)
	p := newPlan()
	p.Maps = append(p.Maps, &plan.Map{Name: "stacks", Kind: plan.Stacks, Type: ebpf.StackTrace, KeySize: 4, ValueSize: 8 * 16, MaxEntries: 64})
	a := add(p, ebpf.RawTracepoint, plan.RawTracepoint{Name: "sys_enter"}, ours(emitReg(0,
		asm.LoadMapPtr(asm.R2, 0).WithReference("stacks"), asm.Mov.Imm(asm.R3, 0),
		asm.FnGetStackid.Call(), asm.Mov.Reg(asm.R8, asm.R0)))...)
	// The context must reach the helper.
	code := p.Programs[0].Instructions
	p.Programs[0].Instructions = append(asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}, insertBefore(code, asm.FnGetStackid, asm.Mov.Reg(asm.R1, asm.R6))...)
	a.Name, a.Func = "rawtracepoint:sys_enter", "sys_enter"
	r := start(t, p, nil)
	hit(1)
	r.until(t, 1)
	env := r.Env()
	r.loop.call(func() {
		stacks := types.ServiceOf[types.Stacks](env)
		if frames, ok := stacks.Stack(16, r.values()[0]); !ok || len(frames) == 0 || frames[0]>>63 != 1 {
			t.Errorf("stack %d: %x, %v", r.values()[0], frames, ok)
		}
		if _, ok := stacks.Stack(16, math.MaxUint64-13); ok {
			t.Error("there is a stack by an error's number")
		}
		if _, ok := stacks.Stack(15, r.values()[0]); ok {
			t.Error("there is a stack of a depth that none has")
		}
	})
	now := types.ServiceOf[types.Clock](env).WallTime(uint64(clockNow(unix.CLOCK_BOOTTIME)))
	if d := time.Since(now); d < -time.Second || d > time.Second {
		t.Errorf("the clock is off by %v", d)
	}
	r.Stop()
	r.ends(t)
}
