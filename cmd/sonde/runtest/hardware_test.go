package runtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"sonde/runtime/feature/featuretest"
)

// TestHardwareCounter: samples of a counter, times its period, are what the counter itself
// counts for the workload. Most virtual machines have no such counter.
func TestHardwareCounter(t *testing.T) {
	featuretest.NeedRoot(t)
	const period = 20_000_000 // seldom enough for an emulated processor
	w := prepareWorkload(t, []string{"spins", "2000"})
	pid := w.cmd.Process.Pid
	counter, err := unix.PerfEventOpen(&unix.PerfEventAttr{
		Type: unix.PERF_TYPE_HARDWARE, Config: unix.PERF_COUNT_HW_CPU_CYCLES, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
	}, pid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("needs a processor with counters: this machine counts no cycles")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(counter)
	r := trace(t, "-e", fmt.Sprintf("hardware:cycles:%d /tid == %d/ { @ = count(); }", period, pid))
	<-r.attached
	w.run(t)
	r.interrupt(t)
	status, out, errs := r.wait(t)
	m := regexp.MustCompile(`(?m)^@: (\d+)$`).FindStringSubmatch(out)
	if status != 0 || m == nil {
		t.Fatalf("status %d, printed %s%s", status, out, errs)
	}
	samples, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	var count [8]byte
	if _, err := unix.Read(counter, count[:]); err != nil {
		t.Fatal(err)
	}
	want := float64(binary.NativeEndian.Uint64(count[:])) / period
	t.Logf("%.0f samples, the counter says %.1f periods", samples, want)
	if want < 10 || samples < 0.75*want || samples > 1.25*want {
		t.Errorf("%.0f samples, but the counter says %.1f periods", samples, want)
	}
}
