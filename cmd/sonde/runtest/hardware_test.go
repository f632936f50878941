package runtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"sonde/runtime/feature/featuretest"
)

// rawCycles is the processor's own number for cycles (Arm Architecture Reference Manual,
// PMU events).
var rawCycles = map[string]string{"arm64": "r11"}

// TestHardwareCounter: samples of a counter, times its period, are what the counter itself
// counts for the workload. Most virtual machines have no such counter.
func TestHardwareCounter(t *testing.T) {
	featuretest.NeedRoot(t)
	const period = 20_000_000 // seldom enough for an emulated processor
	least, rate, attempts := 0.75, 20.0, 1
	if testing.Short() {
		// An emulated processor's interrupts are late, or get lost, when what emulates it has not
		// enough time; when the first one does, there is none in that run.
		least, rate, attempts = 0.01, 1, 5
	}
	probes := []string{fmt.Sprint("hardware:cycles:", period)}
	if raw, ok := rawCycles[runtime.GOARCH]; ok {
		probes = append(probes, fmt.Sprintf("hardware:%s:%d", raw, period))
	}
	agree := func(probe string, good func(samples, cycles float64) bool) {
		for range attempts {
			samples, cycles := sampled(t, probe)
			t.Logf("%s: %.0f samples, the counter says %.1f periods", probe, samples, cycles/period)
			if good(samples, cycles) {
				return
			}
		}
		t.Errorf("%s: that is not what the counter says", probe)
	}
	for _, probe := range probes {
		agree(probe, func(samples, cycles float64) bool {
			want := cycles / period
			return want >= 10 && samples >= least*want && samples <= 1.25*want
		})
	}
	// 100 in two seconds; until the kernel has found the period there are fewer, or more.
	agree("hardware:cycles:hz:50", func(samples, _ float64) bool { return samples >= rate && samples <= 300 })
}

// sampled counts the runs of a probe while a workload keeps a processor busy for two seconds, and
// the processor's cycles in it.
func sampled(t *testing.T, probe string) (samples, cycles float64) {
	t.Helper()
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
	r := trace(t, "-e", fmt.Sprintf("%s /tid == %d/ { @ = count(); }", probe, pid))
	<-r.attached
	w.run(t)
	r.interrupt(t)
	status, out, errs := r.wait(t)
	if status != 0 {
		t.Fatalf("%s: status %d, printed %s%s", probe, status, out, errs)
	}
	if m := regexp.MustCompile(`(?m)^@: (\d+)$`).FindStringSubmatch(out); m != nil {
		if samples, err = strconv.ParseFloat(m[1], 64); err != nil {
			t.Fatal(err)
		}
	}
	var count [8]byte
	if _, err := unix.Read(counter, count[:]); err != nil {
		t.Fatal(err)
	}
	return samples, float64(binary.NativeEndian.Uint64(count[:]))
}
