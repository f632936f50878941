package runtime

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// diagnostic gives the diagnostic in an error of Start, with the code wanted.
func diagnostic(t *testing.T, err error, code source.Code) *source.Diagnostic {
	t.Helper()
	var d *source.Diagnostic
	if !errors.As(err, &d) {
		t.Fatalf("no diagnostic but %v", err)
	}
	if d.Code != code {
		t.Fatalf("%s (%s), want %s", d.Code, d, code)
	}
	return d
}

// What the verifier rejects is blamed on the place that the instruction was made for.
func TestRejected(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin,
		asm.LoadImm(asm.R3, 1<<40, asm.DWord), // two slots of the log
		asm.Mov.Imm(asm.R1, 0),
		asm.LoadMem(asm.R2, asm.R1, 0, asm.DWord))
	here := source.NewFile("x.bt", "begin { *0 }").Span(8, 10)
	p.Programs[0].Spans[2] = here
	_, err := tryStart(t, p, nil)
	d := diagnostic(t, err, "verifier")
	var r *Rejected
	if !errors.As(err, &r) {
		t.Fatalf("error is %T", err)
	}
	if r.Insn != 2 || d.Span != here {
		t.Errorf("instruction %d at %v, want 2 at %v", r.Insn, d.Span, here)
	}
	if !strings.HasPrefix(d.Msg, "internal error: ") || !strings.Contains(d.Msg, "R1 invalid mem access") {
		t.Errorf("message %q", d.Msg)
	}
	if !strings.Contains(r.Log, "processed ") {
		t.Errorf("log %q", r.Log)
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct{ log, want string }{
		{"", "invalid argument"},
		{"0: R1=ctx()\n0: (b7) r0 = 0\n1: (79) r2 = *(u64 *)(r1 +0)\nR1 invalid mem access 'scalar'\nprocessed 2 insns\n", "R1 invalid mem access 'scalar'"},
		{"1: (79) r2 = 0\n; line of source\n\nR1 is wrong\nBecause of this and that,\nit is.\nprocessed 2 insns\n", "R1 is wrong"},
		{"unreachable insn 3\nprocessed 0 insns (limit 1000000)\n", "unreachable insn 3"},
		{"9: (95) exit\nprocessed 10 insns (limit 1000000)\n", "invalid argument"},
	} {
		if got := verdict(test.log, unix.EINVAL); got != test.want {
			t.Errorf("%q: %q, want %q", test.log, got, test.want)
		}
	}
}

// Explanations of programs that the kernel does not take are left out.
func TestBadLineInfo(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
	p.BTF = []byte("no BTF at all")
	p.Programs[0].LineInfo = make([]byte, 16)
	r := start(t, p, nil)
	r.ends(t)
	r.want(t, 1)
}

func TestMissingProbes(t *testing.T) {
	needRoot(t)
	for _, test := range []struct {
		mode     string
		all      bool // all are missing
		starts   bool
		warnings int
	}{
		{"error", false, false, 0},
		{"warn", false, true, 2},
		{"ignore", false, true, 0},
		{"warn", true, false, 2},
	} {
		t.Run(fmt.Sprintf("%s/all=%v", test.mode, test.all), func(t *testing.T) {
			p := newPlan()
			p.Config.MissingProbes = test.mode
			if !test.all {
				add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
			}
			add(p, ebpf.TracePoint, plan.PerfTracepoint{Category: "syscalls", Event: "sys_enter_nonsense"}, emit(0, 1)...)
			add(p, ebpf.RawTracepoint, plan.RawTracepoint{Name: "nonsense"}, emit(0, 1)...)
			var warnings []*source.Diagnostic
			r, err := tryStart(t, p, func(o *Options) {
				o.Report = func(d *source.Diagnostic) { warnings = append(warnings, d) }
			})
			if test.starts != (err == nil) {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				d := diagnostic(t, err, "attach")
				if !test.all && d.Span != at {
					t.Errorf("blames %v", d.Span)
				}
			} else {
				r.Stop()
				r.ends(t)
			}
			if len(warnings) != test.warnings {
				t.Errorf("%d warnings, want %d: %v", len(warnings), test.warnings, warnings)
			}
			for _, w := range warnings {
				if w.Severity != source.Warning || w.Span != at {
					t.Errorf("%v at %v", w.Severity, w.Span)
				}
			}
		})
	}
}

// Each way to attach says what is wrong in its own words.
func TestAttachErrors(t *testing.T) {
	needRoot(t)
	path, _ := place(t, traced)
	for _, test := range []struct {
		kind ebpf.ProgramType
		how  plan.Mechanism
		want string
	}{
		{ebpf.TracePoint, plan.PerfTracepoint{Category: "no", Event: "such"}, "there is no tracepoint no:such"},
		{ebpf.TracePoint, plan.PerfTracepoint{Category: "no", Event: "such", ID: 1 << 30}, "there is no tracepoint no:such"},
		{ebpf.RawTracepoint, plan.RawTracepoint{Name: "nonsense"}, "there is no raw tracepoint nonsense"},
		{ebpf.PerfEvent, plan.PerfEvent{Type: unix.PERF_TYPE_SOFTWARE, Config: 1 << 20, Period: 1}, "this machine does not count such events"},
		{ebpf.PerfEvent, plan.PerfEvent{Type: unix.PERF_TYPE_SOFTWARE, Period: 1 << 40, Freq: true}, "the kernel does not take this rate or period"},
		{ebpf.Kprobe, plan.Uprobe{Path: "/does/not/exist", Offset: 1}, "there is no file /does/not/exist"},
		{ebpf.Kprobe, plan.Uprobe{Path: path, Offset: 1, PID: 1 << 21}, "there is no process 2097152"},
	} {
		p := newPlan()
		add(p, test.kind, test.how, emit(0, 1)...)
		_, err := tryStart(t, p, nil)
		if err == nil {
			t.Errorf("%#v is attached", test.how)
			continue
		}
		if d := diagnostic(t, err, "attach"); !strings.Contains(d.Msg, test.want) {
			t.Errorf("%#v: %q, want %q", test.how, d.Msg, test.want)
		}
	}
}

// One place of many that can't be probed does not take the others with it.
func TestOneBadUprobe(t *testing.T) {
	needRoot(t)
	path, offset := place(t, traced)
	_, offset2 := place(t, tracedToo)
	p := newPlan()
	p.Config.MissingProbes = "warn"
	add(p, ebpf.Kprobe, plan.Uprobe{Path: path, Offset: offset}, ours(emit(0, 1))...)
	for _, o := range []uint64{1 << 40, offset2} {
		p.Attach = append(p.Attach, &plan.Attach{Program: 0, Name: "more", How: plan.Uprobe{Path: path, Offset: o}, Span: at})
	}
	r := start(t, p, nil)
	_ = traced(tracedToo(1))
	r.Stop()
	r.ends(t)
	r.want(t, 1, 1)
}

func TestMapErrors(t *testing.T) {
	needRoot(t)
	p := newPlan()
	p.Maps[2].Type, p.Maps[2].MaxEntries = ebpf.Hash, 1<<31
	add(p, ebpf.RawTracepoint, begin)
	_, err := tryStart(t, p, nil)
	if d := diagnostic(t, err, "map-size"); !strings.HasPrefix(d.Msg, "@n: ") || d.Span != at {
		t.Errorf("%v at %v", d, d.Span)
	}
	p = newPlan()
	p.Maps[2].Type = 1000
	add(p, ebpf.RawTracepoint, begin)
	_, err = tryStart(t, p, nil)
	diagnostic(t, err, "map-kind")
}

func TestUnhandledEvent(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
	p.Events[0].Action = "nobody"
	if _, err := tryStart(t, p, nil); err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("error %v", err)
	}
}

// An ordinary user is told what to do, whatever comes first.
func TestUnprivileged(t *testing.T) {
	if os.Getenv("SONDE_TEST_UNPRIVILEGED") != "" {
		p := newPlan()
		add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
		_, err := tryStart(t, p, nil)
		d := diagnostic(t, err, "no-permission")
		if !strings.Contains(d.Msg, "CAP_BPF") || !strings.Contains(d.Hint, "sudo") {
			t.Errorf("%v, hint %q", d, d.Hint)
		}
		return
	}
	if os.Geteuid() == 0 {
		again(t, "SONDE_TEST_UNPRIVILEGED", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}})
		return
	}
	again(t, "SONDE_TEST_UNPRIVILEGED", nil)
}

// again runs the calling test in a process of its own.
func again(t *testing.T, env string, attr *syscall.SysProcAttr) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if attr != nil && attr.Credential != nil {
		path = publicCopy(t, path)
	}
	cmd := exec.Command(path, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env, cmd.SysProcAttr, cmd.Dir = append(os.Environ(), env+"=1"), attr, "/"
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v: %s", err, out)
	}
}

// publicCopy copies an executable to where anybody can run it.
func publicCopy(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sonde-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/test", data, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir + "/test"
}

// What finds no room is counted and reported, once while it happens and once at the end.
func TestLosses(t *testing.T) {
	needRoot(t)
	p := newPlan()
	p.Maps[0].MaxEntries = uint32(os.Getpagesize())
	p.Maps[1].MaxEntries = uint32(plan.FirstFree) + 1
	p.Losses = []plan.Loss{{Counter: plan.FirstFree, What: "no room in @x", Span: at}}
	body := asm.Instructions{asm.Mov.Imm(asm.R6, 500).WithSymbol("start")}
	body = append(body, asm.Sub.Imm(asm.R6, 1).WithSymbol("loop"))
	body = append(body, emit(0, 1)...)
	body = append(body, asm.JNE.Imm(asm.R6, 0, "loop"))
	body = append(body,
		asm.Mov.Imm(asm.R1, int32(plan.FirstFree)), asm.StoreMem(asm.R10, -4, asm.R1, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference(".counters"),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 12), asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"))
	add(p, ebpf.RawTracepoint, begin, body...)
	var warnings []string
	r := start(t, p, func(o *Options) {
		o.Report = func(d *source.Diagnostic) { warnings = append(warnings, d.Msg) }
	})
	r.ends(t)
	lost := 500 - len(r.values())
	if want := fmt.Sprintf("Lost %d events", lost); lost == 0 || !slices.Contains(r.out.messages, want) {
		t.Errorf("messages %q, want %q", r.out.messages, want)
	}
	if want := []string{fmt.Sprintf("Total lost event count: %d", lost), "no room in @x (12 times)"}; !slices.Equal(warnings, want) {
		t.Errorf("warnings %q, want %q", warnings, want)
	}
}

// Without somebody to report to, warnings are messages, with their place.
func TestWarn(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
	r := start(t, p, func(o *Options) {
		o.Handlers = map[string]event.Handler{"value": func(s event.Session, ev *plan.Event, _ []byte) {
			s.Warn(at, "%d things", 3)
			if _, ok, err := s.Map(&plan.Var{Name: "@none", Map: 0, Value: types.Uint64}).Lookup(nil); ok || err == nil {
				t.Error("a ring buffer can be read like a map")
			}
		}}
	})
	r.ends(t)
	if want := "test.bt:1:9-13: WARNING: 3 things"; !slices.Contains(r.out.messages, want) {
		t.Errorf("messages %q, want %q", r.out.messages, want)
	}
}

// A process that is killed leaves nothing attached.
func TestKilled(t *testing.T) {
	needRoot(t)
	if os.Getenv("SONDE_TEST_KILLED") != "" {
		p := newPlan()
		path, offset := place(t, traced)
		for _, how := range []struct {
			kind ebpf.ProgramType
			plan.Mechanism
		}{{ebpf.TracePoint, getpgid}, {ebpf.Kprobe, plan.Uprobe{Path: path, Offset: offset}}, {ebpf.RawTracepoint, plan.RawTracepoint{Name: "sys_enter"}}} {
			add(p, how.kind, how.Mechanism, count()...)
			p.Programs[len(p.Programs)-1].Name = "sonde_killed"
		}
		start(t, p, nil)
		// Kernels without uprobe_multi have one program twice.
		if n := programs(t, "sonde_killed"); n < 3 {
			t.Fatalf("%d programs, want 3", n)
		}
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		select {}
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-test.run", "^TestKilled$")
	cmd.Env = append(os.Environ(), "SONDE_TEST_KILLED=1")
	out, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != unix.SIGKILL {
		t.Fatalf("%v: %s", err, out)
	}
	gone(t, "sonde_killed")
}

// A session that has ended holds no descriptor and no program.
func TestLeaks(t *testing.T) {
	needRoot(t)
	path, offset := place(t, traced)
	session := func(change func(*plan.Plan)) {
		p := newPlan()
		add(p, ebpf.RawTracepoint, begin, emit(0, 1)...)
		add(p, ebpf.TracePoint, getpgid, ours(count())...)
		add(p, ebpf.Kprobe, plan.Uprobe{Path: path, Offset: offset}, ours(count())...)
		add(p, ebpf.RawTracepoint, end, emit(0, 2)...)
		for _, prog := range p.Programs {
			prog.Name = "sonde_leak"
		}
		if change != nil {
			change(p)
		}
		if r, err := tryStart(t, p, nil); err == nil {
			r.Stop()
			r.ends(t)
		}
	}
	session(nil) // what the Go runtime opens once is open now
	before := descriptors(t)
	session(nil)
	session(func(p *plan.Plan) { p.Attach[1].How = plan.RawTracepoint{Name: "nonsense"} })
	session(func(p *plan.Plan) { p.Programs[2].Instructions = asm.Instructions{asm.Return()} })
	session(func(p *plan.Plan) { p.Events[0].Action = "nobody" })
	session(func(p *plan.Plan) { p.Maps[2].Type = 1000 })
	if after := descriptors(t); !slices.Equal(before, after) {
		t.Errorf("open before: %q, after: %q", before, after)
	}
	gone(t, "sonde_leak")
}

// descriptors says what the process has open.
func descriptors(t *testing.T) (open []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open = append(open, e.Name()+" "+to)
		}
	}
	return open
}

// programs counts the loaded programs of a name.
func programs(t *testing.T, name string) (n int) {
	t.Helper()
	for id := ebpf.ProgramID(0); ; {
		var err error
		if id, err = ebpf.ProgramGetNextID(id); err != nil {
			return n
		}
		prog, err := ebpf.NewProgramFromID(id)
		if err != nil {
			continue
		}
		if info, err := prog.Info(); err == nil && info.Name == name {
			n++
		}
		prog.Close()
	}
}

// gone waits until no program of a name is loaded: the kernel frees them later.
func gone(t *testing.T, name string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); programs(t, name) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d programs %s are still loaded", programs(t, name), name)
		}
	}
}
