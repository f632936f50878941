package attach

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/sys"
)

// counter is a program that counts its runs in an array, and that array.
func counter(t *testing.T, kind ebpf.ProgramType) (prog *ebpf.Program, runs func() uint64) {
	t.Helper()
	return counterFor(t, kind, ebpf.AttachNone)
}

// counterFor is a counter to be attached as said.
func counterFor(t *testing.T, kind ebpf.ProgramType, as ebpf.AttachType) (prog *ebpf.Program, runs func() uint64) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loads BPF programs: needs root")
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	prog, err = ebpf.NewProgram(&ebpf.ProgramSpec{Type: kind, AttachType: as, License: "GPL", Instructions: asm.Instructions{
		asm.FnGetCurrentPidTgid.Call(),
		asm.RSh.Imm(asm.R0, 32),
		asm.JNE.Imm(asm.R0, int32(os.Getpid()), "out"),
		asm.LoadMapValue(asm.R1, m.FD(), 0),
		asm.LoadMem(asm.R2, asm.R1, 0, asm.DWord),
		asm.Add.Imm(asm.R2, 1),
		asm.StoreMem(asm.R1, 0, asm.R2, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); prog.Close() })
	return prog, func() (n uint64) {
		if err := m.Lookup(uint32(0), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// Without links, the perf event itself holds the program, until it is closed.
func TestWithoutLinks(t *testing.T) {
	prog, runs := counter(t, ebpf.TracePoint)
	id, err := eventID("syscalls", "sys_enter_getpgid")
	if err != nil {
		t.Fatal(err)
	}
	event, err := sys.OpenPerfEvent(&sys.PerfEvent{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Sample: 1, PID: -1, CPU: 0})
	if err != nil {
		t.Fatal(err)
	}
	if err := setProgram(prog.FD(), event); err != nil {
		t.Fatal(err)
	}
	s := New(&plan.Plan{}, nil)
	s.hold(event, -1, 1)
	_, _ = syscall.Getpgid(0)
	s.Detach()
	_, _ = syscall.Getpgid(0)
	if n := runs(); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
	if s.Count() != 0 {
		t.Errorf("%d are still attached", s.Count())
	}
}

// traced is a function to probe. It touches no memory: on arm64 Go may run the first
// instruction of what does twice, when it preempts a goroutine behind it.
//
//go:noinline
func traced(n int) int { return 3 * n }

// Without uprobe_multi links, each place has a perf event.
func TestPerfUprobes(t *testing.T) {
	prog, runs := counter(t, ebpf.Kprobe)
	path, offset := lies(t, traced)
	p := &plan.Plan{Programs: []*plan.Program{{Type: ebpf.Kprobe}}}
	bad := plan.Uprobe{Path: "/does/not/exist"}
	for _, how := range []plan.Uprobe{{Path: path, Offset: offset}, bad} {
		p.Attach = append(p.Attach, &plan.Attach{How: how, Name: "x"})
	}
	s := New(p, []int{prog.FD()})
	failures := s.Attach(t.Context())
	_ = traced(1)
	s.Detach()
	_ = traced(1)
	if n := runs(); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
	if len(failures) != 1 {
		t.Errorf("failures %v", failures)
	}
}

// Abandon detaches too, by and by.
func TestAbandon(t *testing.T) {
	prog, runs := counter(t, ebpf.TracePoint)
	p := &plan.Plan{Programs: []*plan.Program{{Type: ebpf.TracePoint}}, Attach: []*plan.Attach{
		{How: plan.PerfTracepoint{Category: "syscalls", Event: "sys_enter_getpgid"}},
	}}
	s := New(p, []int{prog.FD()})
	if failed := s.Attach(t.Context()); len(failed) > 0 {
		t.Fatal(failed[0])
	}
	_, _ = syscall.Getpgid(0)
	s.Abandon()
	s.Abandon()
	for last := uint64(0); ; {
		_, _ = syscall.Getpgid(0)
		n := runs()
		if n == last {
			break
		}
		last = n
	}
}

// With many perf attachments, programs stand behind gates, and run as before.
func TestGates(t *testing.T) {
	prog, runs := counter(t, ebpf.TracePoint)
	other, otherRuns := counter(t, ebpf.TracePoint)
	p := &plan.Plan{Programs: []*plan.Program{{Type: ebpf.TracePoint}, {Type: ebpf.TracePoint}}}
	for i, event := range []string{"sys_enter_getpgid", "sys_exit_getpgid", "sys_enter_getsid", "sys_exit_getsid", "sys_enter_getpgid"} {
		p.Attach = append(p.Attach, &plan.Attach{Program: i / 4, How: plan.PerfTracepoint{Category: "syscalls", Event: event}})
	}
	s := New(p, []int{prog.FD(), other.FD()})
	if failed := s.Attach(t.Context()); len(failed) > 0 {
		t.Fatal(failed[0])
	}
	if len(s.held.gates) != 2 || len(s.held.stops) != 0 || s.Count() != 5 {
		t.Errorf("%d gates, %d links, %d attached", len(s.held.gates), len(s.held.stops), s.Count())
	}
	act := func() {
		_, _ = syscall.Getpgid(0)
		_, _, _ = syscall.RawSyscall(unix.SYS_GETSID, 0, 0, 0)
	}
	act()
	s.Detach()
	act()
	if a, b := runs(), otherRuns(); a != 4 || b != 1 {
		t.Errorf("%d and %d runs, want 4 and 1", a, b)
	}
	if s.Missed(0) != 0 {
		t.Errorf("%d runs missed", s.Missed(0))
	}
}

// Attachments share a link where they can.
func TestMultis(t *testing.T) {
	p := &plan.Plan{Programs: []*plan.Program{
		{Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti}, {Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti},
	}}
	for _, a := range []struct {
		prog int
		how  plan.Uprobe
	}{
		{0, plan.Uprobe{Path: "a", Offset: 1}}, {0, plan.Uprobe{Path: "b", Offset: 1}}, {0, plan.Uprobe{Path: "a", Offset: 2}},
		{0, plan.Uprobe{Path: "a", Offset: 1, Return: true}}, {1, plan.Uprobe{Path: "a", Offset: 1}}, {0, plan.Uprobe{Path: "a", Offset: 3}},
	} {
		p.Attach = append(p.Attach, &plan.Attach{Program: a.prog, How: a.how})
	}
	var sizes []int
	for _, g := range New(p, nil).multis() {
		sizes = append(sizes, len(g.list))
	}
	if want := []int{1, 1, 1, 3}; len(sizes) != 4 || sizes[3] != want[3] {
		t.Errorf("links of %v places, want %v", sizes, want)
	}
}

func TestExplain(t *testing.T) {
	for _, test := range []struct {
		how  plan.Mechanism
		err  error
		want string
	}{
		{plan.PerfTracepoint{Category: "a", Event: "b"}, errNoTracefs, "tracefs is not mounted"},
		{plan.PerfTracepoint{Category: "a", Event: "b"}, fs.ErrNotExist, "there is no tracepoint a:b"},
		{plan.PerfTracepoint{}, unix.EMFILE, "no file descriptors left"},
		{plan.PerfTracepoint{}, unix.EACCES, "the kernel does not permit it"},
		{plan.PerfEvent{}, unix.EOPNOTSUPP, "this machine does not count such events"},
		{plan.Uprobe{Path: "f", Offset: 16}, unix.ENOEXEC, "f can not be probed at offset 0x10"},
		{plan.Kprobe{Symbol: "f", Offset: 4}, unix.EINVAL, "f+4 can not be probed"},
		{plan.Kprobe{Address: 0x1234}, unix.ENOENT, "address 0x1234 can not be probed"},
		{plan.Kprobe{Symbol: "f"}, errNoKprobes, "no kprobes"},
		{plan.TestRun{}, errNoTestRun, "5.10"},
		{plan.RawTracepoint{Name: "x"}, unix.ENOENT, "there is no raw tracepoint x"},
		{plan.RawTracepoint{Name: "x"}, errors.New("odd"), "odd"},
	} {
		d := explain(&plan.Attach{Name: "probe", How: test.how}, test.err)
		if !strings.HasPrefix(d.Msg, "Unable to attach probe: probe: ") || !strings.Contains(d.Msg, test.want) {
			t.Errorf("%v: %q, want %q", test.err, d.Msg, test.want)
		}
	}
	known := source.Errorf(source.Span{}, "x", "known")
	if d := explain(&plan.Attach{}, known); d != known {
		t.Errorf("%v is explained once more: %v", known, d)
	}
}
