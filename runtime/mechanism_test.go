package runtime

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	goruntime "runtime"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/arch"
	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// traced is a function to probe. It touches no memory: on arm64 that takes sequences of
// instructions which Go runs again from the first, the one that is probed here, when it
// preempts a goroutine in them. (internal/abi: UnsafePointRestartAtEntry and others.)
//
//go:noinline
func traced(n int) int { return 3 * n }

//go:noinline
func tracedToo(n int) int { return 5 - n }

// place gives the file and the offset in it of a function of the test binary, which
// may have no symbols.
func place(t *testing.T, f func(int) int) (path string, offset uint64) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	offset, ok := fileOffset(file, uint64(reflect.ValueOf(f).Pointer()))
	if !ok {
		t.Skip("the test binary does not lie where it was linked")
	}
	return path, offset
}

// fileOffset is where in the file an address lies.
func fileOffset(f *elf.File, address uint64) (uint64, bool) {
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address < p.Vaddr+p.Filesz {
			return address - p.Vaddr + p.Off, true
		}
	}
	return 0, false
}

// expect runs a plan with one probe that reports once for each of n actions.
func expect(t *testing.T, p *plan.Plan, n int, act func()) {
	t.Helper()
	r := start(t, p, nil)
	for range n {
		act()
	}
	r.Stop()
	r.ends(t)
	if got := len(r.values()); got != n {
		t.Errorf("%d events, want %d; %v", got, n, r.out.messages)
	}
}

func TestTracepoint(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	expect(t, p, 10, func() { hit(1) })
}

// onGetpgid is code that runs then if the raw tracepoint sys_enter was hit by
// getpgid in this process.
func onGetpgid(then asm.Instructions) asm.Instructions {
	code := asm.Instructions{
		asm.LoadMem(asm.R7, asm.R1, 8, asm.DWord),
		asm.JNE.Imm(asm.R7, unix.SYS_GETPGID, "elsewhere"),
	}
	return append(append(code, ours(then)...), asm.Mov.Imm(asm.R0, 0).WithSymbol("elsewhere"))
}

func TestRawTracepoint(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, plan.RawTracepoint{Name: "sys_enter"}, onGetpgid(emit(0, 1))...)
	expect(t, p, 10, func() { hit(1) })
}

func TestBTFTracepoint(t *testing.T) {
	needRoot(t)
	featuretest.Need(t, feature.TracingBTF)
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Fatal(err)
	}
	var td *btf.Typedef
	if err := spec.TypeByName("btf_trace_sys_enter", &td); err != nil {
		t.Fatal(err)
	}
	id, err := spec.TypeID(td)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlan()
	add(p, ebpf.Tracing, plan.RawTracepoint{Name: "sys_enter"}, onGetpgid(emit(0, 1))...)
	p.Programs[0].AttachType, p.Programs[0].AttachTo, p.Programs[0].AttachBTFID = ebpf.AttachTraceRawTp, "sys_enter", uint32(id)
	expect(t, p, 10, func() { hit(1) })
}

// A clock on one processor, and on all of them.
func TestPerfEvent(t *testing.T) {
	needRoot(t)
	for _, one := range []bool{true, false} {
		p := newPlan()
		add(p, ebpf.PerfEvent, plan.PerfEvent{
			Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Period: 1_000_000, OneCPU: one,
		}, append(asm.Instructions{asm.FnGetSmpProcessorId.Call(), asm.Mov.Reg(asm.R8, asm.R0)}, emitReg(0)...)...)
		r := start(t, p, nil)
		r.until(t, 50)
		r.Stop()
		r.ends(t)
		cpus := map[uint64]bool{}
		for _, cpu := range r.values() {
			cpus[cpu] = true
		}
		if one && len(cpus) != 1 {
			t.Errorf("events on processors %v, want one", cpus)
		}
		if r.out.messages[0] != "Attached 1 probe" {
			t.Errorf("message %q", r.out.messages[0])
		}
	}
}

// An event by its rate, of one process.
func TestPerfEventFrequency(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.PerfEvent, plan.PerfEvent{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Period: 99, Freq: true,
	}, emit(0, 1)...)
	r := start(t, p, nil)
	r.until(t, 3)
	r.Stop()
	r.ends(t)
}

func TestUprobe(t *testing.T) {
	needRoot(t)
	path, offset := place(t, traced)
	_, offset2 := place(t, tracedToo)
	for _, test := range []struct {
		name string
		pid  int
		want int
		ret  bool
	}{
		{"all processes", 0, 2, false},
		{"this process", os.Getpid(), 2, false},
		{"another process", 1, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlan()
			a := add(p, ebpf.Kprobe, plan.Uprobe{Path: path, Symbol: "traced", Offset: offset, PID: test.pid, Return: test.ret}, ours(emit(0, 1))...)
			p.Attach = append(p.Attach, &plan.Attach{Program: a.Program, Name: "too", Span: at,
				How: plan.Uprobe{Path: path, Symbol: "tracedToo", Offset: offset2, PID: test.pid, Return: test.ret}})
			r := start(t, p, nil)
			if r.out.messages[0] != "Attached 2 probes" {
				t.Errorf("message %q", r.out.messages[0])
			}
			_ = traced(tracedToo(1))
			r.Stop()
			r.ends(t)
			if got := len(r.values()); got != test.want {
				t.Errorf("%d events, want %d", got, test.want)
			}
		})
	}
}

// The return of a function of libc. (Go's stacks move: its functions can't be probed so.)
func TestUretprobe(t *testing.T) {
	needRoot(t)
	path, offset := libcFunction(t, "getppid")
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to probe")
	}
	p := newPlan()
	c, err := StartChild([]string{sh, "-c", "exit 3"})
	if err != nil {
		t.Fatal(err)
	}
	add(p, ebpf.Kprobe, plan.Uprobe{Path: path, Offset: offset, Return: true, PID: c.PID}, emit(0, 1)...)
	r := start(t, p, func(o *Options) { o.Child = c })
	r.ends(t)
	if len(r.values()) == 0 {
		t.Error("no events")
	}
	if code, sig := c.Status(); code != 3 || sig != 0 {
		t.Errorf("the child ended with %d, %v", code, sig)
	}
}

// libcFunction finds a function of the C library that the shell uses.
func libcFunction(t *testing.T, name string) (string, uint64) {
	t.Helper()
	for _, folder := range []string{"/lib/" + arch.Of(goruntime.GOARCH).Triplet, "/lib64", "/usr/lib"} {
		path := filepath.Join(folder, "libc.so.6")
		f, err := elf.Open(path)
		if err != nil {
			continue
		}
		defer f.Close()
		symbols, err := f.DynamicSymbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			if offset, ok := fileOffset(f, s.Value); ok && s.Name == name {
				return path, offset
			}
		}
	}
	t.Skip("there is no C library to probe")
	return "", 0
}

// Programs at one place run in script order.
func TestOneAfterAnother(t *testing.T) {
	needRoot(t)
	path, offset := place(t, traced)
	for _, how := range []plan.Mechanism{getpgid, plan.Uprobe{Path: path, Offset: offset}} {
		p := newPlan()
		kind := ebpf.TracePoint
		if _, ok := how.(plan.Uprobe); ok {
			kind = ebpf.Kprobe
		}
		for n := range 5 {
			add(p, kind, how, ours(emit(0, int64(n)))...)
		}
		r := start(t, p, nil)
		_ = traced(1)
		hit(1)
		r.Stop()
		r.ends(t)
		r.want(t, 0, 1, 2, 3, 4)
	}
}

// Cookies arrive. Kernel 5.15.
func TestCookies(t *testing.T) {
	needRoot(t)
	featuretest.Need(t, feature.AttachCookie)
	path, offset := place(t, traced)
	_, offset2 := place(t, tracedToo)
	// A script may name a tracepoint more than once.
	elsewhere := plan.PerfTracepoint{Category: "syscalls", Event: "sys_enter_swapon"}
	body := ours(emitReg(0, asm.Mov.Reg(asm.R1, asm.R6), asm.FnGetAttachCookie.Call(), asm.Mov.Reg(asm.R8, asm.R0)))
	body = append(asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}, body...)
	for _, test := range []struct {
		kind ebpf.ProgramType
		a, b plan.Mechanism
		act  func()
		more int // attachments, so that there is a gate
	}{
		{ebpf.TracePoint, getpgid, plan.PerfTracepoint{Category: "syscalls", Event: "sys_exit_getpgid"}, func() { hit(1) }, 0},
		{ebpf.TracePoint, getpgid, plan.PerfTracepoint{Category: "syscalls", Event: "sys_exit_getpgid"}, func() { hit(1) }, 5},
		{ebpf.Kprobe, plan.Uprobe{Path: path, Offset: offset}, plan.Uprobe{Path: path, Offset: offset2}, func() { _ = tracedToo(traced(1)) }, 0},
	} {
		t.Run(fmt.Sprintf("%T/%d", test.a, test.more), func(t *testing.T) {
			p := newPlan()
			add(p, test.kind, test.a, body...).Cookie = 11
			p.Attach = append(p.Attach, &plan.Attach{Program: 0, Name: "b", How: test.b, Cookie: 12, Span: at})
			for range test.more {
				p.Attach = append(p.Attach, &plan.Attach{Program: 0, Name: "more", How: elsewhere, Span: at})
			}
			r := start(t, p, nil)
			test.act()
			r.Stop()
			r.ends(t)
			r.want(t, 11, 12)
		})
	}
}

// Everything at once, many times over: what is attached to a whole group of tracepoints
// goes away again.
func TestManyTracepoints(t *testing.T) {
	needRoot(t)
	events, err := os.ReadDir("/sys/kernel/tracing/events/syscalls")
	if err != nil {
		t.Skipf("no tracefs: %v", err)
	}
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(count())...)
	for _, e := range events {
		if strings.HasPrefix(e.Name(), "sys_enter_") && e.Name() != getpgid.Event {
			p.Attach = append(p.Attach, &plan.Attach{Program: 0, Name: e.Name(), Span: at,
				How: plan.PerfTracepoint{Category: "syscalls", Event: e.Name()}})
		}
	}
	r := start(t, p, nil)
	if r.probes() != len(p.Attach) {
		t.Errorf("%d probes, want %d", r.probes(), len(p.Attach))
	}
	hit(1)
	r.Stop()
	r.ends(t)
	if n := r.out.maps["@n"]; len(n) != 1 || n[0] == 0 {
		t.Errorf("@n = %v", n)
	}
}

// A kernel function's entry and return. Needs CONFIG_KPROBE_EVENTS.
func TestKprobe(t *testing.T) {
	needRoot(t)
	featuretest.Need(t, feature.Kprobes)
	symbol := arch.Of(goruntime.GOARCH).Syscall + "getpgid"
	p := newPlan()
	add(p, ebpf.Kprobe, plan.Kprobe{Symbol: symbol}, ours(emit(0, 1))...)
	add(p, ebpf.Kprobe, plan.Kprobe{Symbol: symbol, Return: true}, ours(emit(0, 2))...)
	r := start(t, p, nil)
	hit(2)
	r.Stop()
	r.ends(t)
	r.want(t, 1, 2, 1, 2)

	p = newPlan()
	add(p, ebpf.Kprobe, plan.Kprobe{Symbol: "no_such_function_here"}, emit(0, 1)...)
	_, err := tryStart(t, p, nil)
	if d := diagnostic(t, err, "attach"); !strings.Contains(d.Msg, "no_such_function_here can not be probed") {
		t.Errorf("%v", d)
	}
}
