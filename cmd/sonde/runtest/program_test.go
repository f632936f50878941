package runtest

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// TestNestedProgram: probes on a program of their own type, a typed raw tracepoint, work
// where the kernel nests them; elsewhere they are refused, and left out of lists.
func TestNestedProgram(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Fentry)
	traced := trace(t, "-e", "rawtracepoint:sched_switch { @ = args.preempt; }")
	<-traced.attached
	defer func() {
		traced.interrupt(t)
		traced.wait(t)
	}()
	list, err := exec.Command(tool, "-l", "fentry:bpf:*sched_switc*").CombinedOutput()
	nests := featuretest.Has(feature.FentryTracing)
	if nests != strings.Contains(string(list), "sched_switc") {
		t.Fatalf("the kernel nests: %v; the list is %q, %v", nests, list, err)
	}
	// The name is the kernel's, of 15 bytes at most.
	for _, name := range []string{"sched_switch", "*sched_switc*"} {
		r := trace(t, "-e", "fentry:bpf:"+name+" { @ = count(); }")
		if nests {
			<-r.attached
			r.interrupt(t)
		}
		status, out, errs := r.wait(t)
		if nests != (status == 0) || strings.Contains(errs, "internal error") {
			t.Errorf("%s, the kernel nests: %v; status %d, %s%s", name, nests, status, out, errs)
		}
	}
}

// TestProgramTarget: probes on another BPF program, here the tool's own, see it start and
// return as often as it runs, with what it is called with.
func TestProgramTarget(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Fentry, feature.FuncRet)
	const calls = 7
	w := prepareWorkload(t, []string{"getppid", itoa(calls)})
	pid := itoa(w.cmd.Process.Pid)
	traced := trace(t, "-e", "tracepoint:syscalls:sys_enter_getppid /pid == "+pid+"/ { @ = count(); }")
	<-traced.attached
	list, err := exec.Command(tool, "-lv", "fentry:bpf:*getpp*").Output()
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^fentry:bpf:(\d+):(\S+)\n    u64 a$`).FindStringSubmatch(string(list))
	if m == nil {
		t.Fatalf("the list is %q", list)
	}
	id, name := m[1], m[2]
	r := trace(t, "-e", fmt.Sprintf(`fentry:bpf:*getpp* /pid == %s/ { @[probe, func] = count(); @context = args.a != 0; }
		fexit:bpf:%s:%s /pid == %[1]s/ { @returned[retval] = count(); }`, pid, id, name))
	<-r.attached
	w.run(t)
	r.interrupt(t)
	status, out, errs := r.wait(t)
	want := fmt.Sprintf("@[fentry:bpf:%s:%s, %[2]s]: %d\n", id, name, calls)
	if status != 0 || !strings.Contains(out, want) || !strings.Contains(out, fmt.Sprintf("@returned[0]: %d\n", calls)) || !strings.Contains(out, "@context: ") {
		t.Errorf("status %d, printed %s%s, want %s", status, out, errs, want)
	}
	traced.interrupt(t)
	traced.wait(t)
	// Now there is none.
	gone := trace(t, "-e", fmt.Sprintf("fentry:bpf:%s:%s { }", id, name))
	if status, _, errs := gone.wait(t); status != 1 || !strings.Contains(errs, "there is no BPF program "+id) {
		t.Errorf("of a program that is gone: status %d, %s", status, errs)
	}
}
