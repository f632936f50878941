package runtest

import (
	"strings"
	"testing"

	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// trampolinePrograms is how many programs kernels bind to a function that have a limit
// (BPF_MAX_TRAMP_LINKS in linux/bpf.h; 7.3 has none).
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
