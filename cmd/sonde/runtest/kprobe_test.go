package runtest

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// trampolinePrograms is how many programs kernels bind to a function that have a limit
// (BPF_MAX_TRAMP_LINKS in linux/bpf.h); 7.3 takes more.
const trampolinePrograms = 38

// TestTrampolineFull: a kprobe on a function that takes no more bound programs is attached
// all the same, and counts.
func TestTrampolineFull(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Fentry, feature.Kprobes)
	const calls = 7
	w := prepareWorkload(t, []string{"reads", "1", "2", "3", "4", "5", "6", "7"})
	pid := itoa(w.cmd.Process.Pid)
	full := trace(t, "-e", strings.Repeat("fentry:vfs_read { @ = count(); } ", trampolinePrograms))
	<-full.attached
	more := trace(t, "-e", "fentry:vfs_read { @ = count(); } interval:ms:10 { exit(); }")
	status, out, errs := more.wait(t)
	limited := status == 1 && out == ""
	t.Logf("the function takes no more than %d programs: %v, %s", trampolinePrograms, limited, errs)
	if limited && !strings.Contains(errs, "as many programs are bound to the function as the kernel takes") {
		t.Errorf("it is refused with %s", errs)
	}
	r := trace(t, "-v", "-e", "kprobe:vfs_read /pid == "+pid+"/ { @ = count(); }")
	<-r.attached
	w.run(t)
	r.interrupt(t)
	status, out, errs = r.wait(t)
	if status != 0 || !strings.Contains(out, "@: "+itoa(calls)+"\n") {
		t.Errorf("status %d, printed %s%s", status, out, errs)
	}
	if tried := strings.Contains(errs, "INFO: the kernel refused that: "); tried != (limited && featuretest.Has(feature.FentryCalm)) ||
		limited && !strings.Contains(errs, "INFO: kprobe:vfs_read: perf event of a kprobe\n") {
		t.Errorf("fentry was tried: %v; said %s", tried, errs)
	}
	full.interrupt(t)
	full.wait(t)
}

// TestMissedReturns: the kernel follows some calls of a function at a time; of returns that a
// kretprobe misses for that, it is told how many (Linux 6.7).
func TestMissedReturns(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Kprobes)
	const sleepers = 60
	// By a kprobe proper, for which there are twice as many places as processors, at least 10.
	r := trace(t, "--no-feature", "fentry,kprobe_multi", "-e", `kretprobe:hrtimer_nanosleep /comm == "sleep"/ { @ = count(); }`)
	<-r.attached
	shell := exec.Command("sh", "-c", "for i in $(seq "+itoa(sleepers)+"); do sleep 10 & done; wait")
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.interrupt(t)
	status, out, errs := r.wait(t)
	number := func(in, pattern string) (n int) {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(in); m != nil {
			n, _ = strconv.Atoi(m[1])
		}
		return n
	}
	seen := number(out, `@: (\d+)`)
	missed := number(errs, `kretprobe:hrtimer_nanosleep missed (\d+) calls?: `)
	counts := !featuretest.Version().Less(feature.Version{Major: 6, Minor: 7})
	// Others sleep, too.
	if status != 0 || seen == 0 || counts && seen+missed < sleepers || counts && seen < sleepers && missed == 0 {
		t.Errorf("of %d returns %d were seen and %d said to be missed: status %d, %s%s", sleepers, seen, missed, status, out, errs)
	}
	t.Logf("of %d returns, %d were seen and %d said to be missed", sleepers, seen, missed)
}

// TestKprobeAddress: a probe at an address, of a function and of an instruction in it.
func TestKprobeAddress(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Kprobes)
	symbols, err := os.ReadFile("/proc/kallsyms")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^([0-9a-f]+) [Tt] vfs_read$`).FindSubmatch(symbols)
	if m == nil {
		t.Fatal("the kernel has no vfs_read")
	}
	at := "kprobe:0x" + string(m[1])
	w := prepareWorkload(t, []string{"reads", "1", "20", "300"})
	r := trace(t, "--unsafe", "-e", fmt.Sprintf("%s /pid == %d/ { @[func] = count(); @bytes = sum(arg2); }", at, w.cmd.Process.Pid))
	<-r.attached
	w.run(t)
	r.interrupt(t)
	status, out, errs := r.wait(t)
	if status != 0 || !strings.Contains(out, "@[vfs_read]: 3\n") || !strings.Contains(out, "@bytes: 321\n") {
		t.Errorf("status %d, printed %s%s", status, out, errs)
	}
	safe := trace(t, "-e", at+" { }")
	if status, _, errs := safe.wait(t); status != 1 || !strings.Contains(errs, "--unsafe") {
		t.Errorf("without --unsafe: status %d, %s", status, errs)
	}
}
