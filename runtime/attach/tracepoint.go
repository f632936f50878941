package attach

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// tracefs are the places where tracefs is found, the second through debugfs.
var tracefs = []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}

// tracepoint attaches to an event of tracefs through perf. One perf event is
// enough for all CPUs: the kernel runs the program wherever the tracepoint is hit.
func (s *Set) tracepoint(a *plan.Attach, how plan.PerfTracepoint) error {
	id := how.ID
	if id == 0 {
		var err error
		if id, err = eventID(how.Category, how.Event); err != nil {
			return err
		}
	}
	cpu, err := s.firstCPU()
	if err != nil {
		return err
	}
	event, err := s.open(&sys.PerfEvent{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Sample: 1, PID: -1, CPU: cpu})
	if err != nil {
		return err
	}
	return s.run(a, event, 1)
}

// eventID reads an event's number from tracefs.
func eventID(category, event string) (uint64, error) {
	var first error
	for _, root := range tracefs {
		text, err := os.ReadFile(root + "/events/" + category + "/" + event + "/id")
		if err == nil {
			return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		}
		if first == nil {
			first = err
		}
	}
	if _, err := os.Stat(tracefs[0] + "/events"); errors.Is(err, fs.ErrNotExist) {
		return 0, errNoTracefs
	}
	return 0, first
}

// firstCPU is a CPU to open an event on that works anywhere; CPU 0 may be offline.
func (s *Set) firstCPU() (int, error) {
	cpus, err := s.cpus()
	if err != nil {
		return 0, err
	}
	return cpus[0], nil
}
