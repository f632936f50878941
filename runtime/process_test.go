package runtime

import (
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
	"sonde/lang/types"
	"sonde/runtime/event"
)

// The child does nothing before the probes are attached, and the session ends with it.
func TestChild(t *testing.T) {
	needRoot(t)
	file := t.TempDir() + "/ran"
	c, err := StartChild([]string{"sh", "-c", "echo x > " + file + "; exit 5"})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if _, err := os.Stat(file); err == nil {
		t.Error("the child runs before it is released")
	}
	p := newPlan()
	body := asm.Instructions{
		asm.FnGetCurrentPidTgid.Call(), asm.RSh.Imm(asm.R0, 32),
		asm.JNE.Imm(asm.R0, int32(c.PID), "other"),
	}
	body = append(append(body, emit(0, 1)...), asm.Mov.Imm(asm.R0, 0).WithSymbol("other"))
	add(p, ebpf.TracePoint, plan.PerfTracepoint{Category: "syscalls", Event: "sys_enter_exit_group"}, body...)
	r := start(t, p, func(o *Options) { o.Child = c })
	r.ends(t)
	r.want(t, 1)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if code, sig := c.Status(); code != 5 || sig != 0 {
		t.Errorf("status %d, %v", code, sig)
	}
}

// When the session ends first, it ends the child; also one that never ran.
func TestChildTerminated(t *testing.T) {
	needRoot(t)
	for _, fails := range []bool{false, true} {
		c, err := StartChild([]string{"sleep", "1000"})
		if err != nil {
			t.Fatal(err)
		}
		p := newPlan()
		add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
		if fails {
			p.Maps[2].Type = 1000
		}
		r, err := tryStart(t, p, func(o *Options) { o.Child = c })
		if fails == (err == nil) {
			t.Fatalf("error %v", err)
		}
		if err == nil {
			r.Stop()
			r.ends(t)
		}
		select {
		case <-c.Done():
		case <-time.After(20 * time.Second):
			t.Fatal("the child lives on")
		}
		if _, sig := c.Status(); sig != unix.SIGTERM {
			t.Errorf("the child ended by %v", sig)
		}
	}
}

func TestChildErrors(t *testing.T) {
	for _, args := range [][]string{nil, {"/does/not/exist"}, {"no-such-program"}, {"/dev/null"}} {
		if _, err := StartChild(args); err == nil {
			t.Errorf("%q runs", args)
		} else {
			diagnostic(t, err, "no-command")
		}
	}
}

// The child dies with the tracer.
func TestChildOfDeadTracer(t *testing.T) {
	if os.Getenv("SONDE_TEST_TRACER") != "" {
		c, err := StartChild([]string{"sleep", "1000"})
		if err != nil {
			t.Fatal(err)
		}
		c.Release()
		os.Stdout.WriteString("x")
		time.Sleep(time.Hour)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-test.run", "^TestChildOfDeadTracer$")
	cmd.Env = append(os.Environ(), "SONDE_TEST_TRACER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	// The pipe is also the child's standard output: it closes when both are gone.
	closed := make(chan struct{})
	go func() {
		_, _ = out.Read(make([]byte, 1))
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Error("the child lives on")
	}
	_ = cmd.Wait()
}

// The session ends with the process that it watches.
func TestPID(t *testing.T) {
	needRoot(t)
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(emit(0, 1))...)
	r := start(t, p, func(o *Options) { o.PID = cmd.Process.Pid })
	select {
	case <-r.Done():
		t.Error("the session ended before the process")
	case <-time.After(50 * time.Millisecond):
	}
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
	r.ends(t)

	_, err := tryStart(t, p, func(o *Options) { o.PID = cmd.Process.Pid })
	diagnostic(t, err, "no-process")
}

// Sessions of a store share maps by name, at the same time and one after another.
func TestStore(t *testing.T) {
	needRoot(t)
	store := NewStore()
	defer store.Close()
	session := func() *run {
		p := newPlan()
		add(p, ebpf.TracePoint, getpgid, ours(count())...)
		return start(t, p, func(o *Options) { o.Store = store })
	}
	one, two := session(), session()
	hit(2)
	one.Stop()
	one.ends(t)
	hit(1)
	two.Stop()
	two.ends(t)
	three := session()
	hit(1)
	three.Stop()
	three.ends(t)
	if got, want := three.out.maps["@n"], []uint64{6}; !slices.Equal(got, want) {
		t.Errorf("@n = %v, want %v", got, want)
	}

	if vars := store.Vars(); len(vars) != 1 || vars[0].Name != "@n" {
		t.Errorf("maps in the store: %v", vars)
	}
	v, m, err := store.Map("@n")
	if err != nil {
		t.Fatal(err)
	}
	out := &recorder{}
	if err := out.Map(v, m, 0, 0); err != nil || !slices.Equal(out.maps["@n"], []uint64{6}) {
		t.Errorf("%v, %v", out.maps, err)
	}
	if _, _, err := store.Map("@none"); err == nil {
		t.Error("there is a map @none")
	}

	// Another shape under the same name.
	p := newPlan()
	p.Vars[0].Value = types.Uint64
	add(p, ebpf.RawTracepoint, begin)
	_, err = tryStart(t, p, func(o *Options) { o.Store = store })
	if d := diagnostic(t, err, "map-differs"); d.Span != at {
		t.Errorf("blames %v", d.Span)
	}
	store.Drop("@n")
	// A session that does not start leaves nothing behind.
	p.Events[0].Action = "nobody"
	if _, err := tryStart(t, p, func(o *Options) { o.Store = store }); err == nil || len(store.Vars()) != 0 {
		t.Errorf("error %v, maps in the store: %v", err, store.Vars())
	}
	p.Events[0].Action = "value"
	start(t, p, func(o *Options) { o.Store = store }).ends(t)
}

// What the kernel may refuse is attached before begin programs run: those run once, and
// change what was in a store once. What fails later is no reason to try again.
func TestBeginOnce(t *testing.T) {
	needRoot(t)
	store := NewStore()
	defer store.Close()
	keep := func(o *Options) { o.Store = store }
	start(t, script(count()), keep).ends(t)

	const nowhere = "sonde_no_such_event"
	compiled := 0
	refused := func(first bool) *plan.Plan {
		p := script(count())
		add(p, ebpf.RawTracepoint, plan.RawTracepoint{Name: nowhere}).First = first
		p.Plainly = func() (*plan.Plan, error) {
			compiled++
			return script(count()), nil
		}
		return p
	}
	r := start(t, refused(true), keep)
	r.ends(t)
	if n := r.out.maps["@n"]; compiled != 1 || !slices.Equal(n, []uint64{2}) {
		t.Errorf("compiled again %d times, begin programs ran %v times, want 1 and 2", compiled, n)
	}
	_, err := tryStart(t, refused(false), keep)
	if d := diagnostic(t, err, "attach"); compiled != 1 || !strings.Contains(d.Msg, nowhere) {
		t.Errorf("compiled again %d times, %v", compiled, d)
	}
}

// script is a plan of one begin program.
func script(body asm.Instructions) *plan.Plan {
	p := newPlan()
	add(p, ebpf.RawTracepoint, begin, body...)
	return p
}

// A handler changes maps while programs do.
func TestClearFromHandler(t *testing.T) {
	needRoot(t)
	p := newPlan()
	add(p, ebpf.TracePoint, getpgid, ours(append(count(), emit(0, 1)...))...)
	n := 0
	r := start(t, p, func(o *Options) {
		o.Handlers = map[string]event.Handler{"value": func(s event.Session, _ *plan.Event, _ []byte) {
			n++
			if err := s.Map(s.Plan().Vars[0]).Clear(); err != nil {
				t.Error(err)
			}
		}}
	})
	hit(1000)
	r.Stop()
	r.ends(t)
	if n != 1000 {
		t.Errorf("%d events, want 1000", n)
	}
	if left := r.out.maps["@n"]; left != nil {
		t.Errorf("@n = %v after the last clear", left)
	}
}
