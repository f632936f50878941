package sys

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// PossibleCPUs is how many CPUs the kernel keeps per-CPU map values for.
var PossibleCPUs = sync.OnceValues(func() (int, error) {
	cpus, err := cpuList("/sys/devices/system/cpu/possible")
	if err != nil {
		return 0, err
	}
	return cpus[len(cpus)-1] + 1, nil
})

// OnlineCPUs are the numbers of the CPUs that run now, ascending.
func OnlineCPUs() ([]int, error) { return cpuList("/sys/devices/system/cpu/online") }

func cpuList(path string) ([]int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	cpus, err := parseCPUs(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cpus, nil
}

// parseCPUs reads the kernel's form of a CPU set: "0-3,8,10-11".
func parseCPUs(list string) (cpus []int, err error) {
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(low)
		if err != nil {
			return nil, err
		}
		b := a
		if isRange {
			if b, err = strconv.Atoi(high); err != nil {
				return nil, err
			}
		}
		for ; a <= b; a++ {
			cpus = append(cpus, a)
		}
	}
	return cpus, nil
}

// PerfType gives the number of a kind of perf event that has no fixed one
// ("uprobe", "kprobe"). An error: the kernel has no such kind.
func PerfType(name string) (uint32, error) {
	text, err := os.ReadFile("/sys/bus/event_source/devices/" + name + "/type")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	return uint32(n), err
}

// RaiseLimits lifts the limit of locked memory, which kernels before 5.11
// charge maps to, and that of open files to at least files. Failing is no error: what then
// does not fit fails with its own message.
func RaiseLimits(files uint64) {
	infinite := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &infinite)
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &now) != nil || now.Cur >= files {
		return
	}
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: max(files, now.Max)})
}
