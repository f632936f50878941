package attach

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// threadRounds bounds how often a process is looked at for threads that are new.
const threadRounds = 100

// breakpoint watches memory: on all processors, or for a process.
func (s *Set) breakpoint(a *plan.Attach, how plan.Breakpoint) error {
	e := sys.PerfEvent{
		Type: unix.PERF_TYPE_BREAKPOINT, Breakpoint: how.Type, Address: how.Address, Number: how.Length, Sample: 1, PID: -1,
	}
	if how.PID != 0 {
		return s.breakpointThreads(a, e, how.PID)
	}
	cpus, err := s.cpus()
	if err != nil {
		return err
	}
	for i, cpu := range cpus {
		e.CPU = cpu
		err := s.watch(a, &e, i == 0)
		if err != nil && !(i > 0 && errors.Is(err, unix.ENODEV)) { // went offline
			return err
		}
	}
	return nil
}

// breakpointThreads watches for each thread of a process. Those that they start
// inherit that. A thread may start one before it is watched, so it looks again until
// there is none that it has not seen.
func (s *Set) breakpointThreads(a *plan.Attach, e sys.PerfEvent, pid int) error {
	e.CPU, e.Inherit = -1, true
	seen := map[string]bool{}
	watched := false
	for range threadRounds {
		threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			return unix.ESRCH
		}
		found := false
		for _, t := range threads {
			if seen[t.Name()] {
				continue
			}
			seen[t.Name()], found = true, true
			if e.PID, err = strconv.Atoi(t.Name()); err != nil {
				return err
			}
			switch err := s.watch(a, &e, !watched); {
			case errors.Is(err, unix.ESRCH): // it ended
			case err != nil:
				return err
			default:
				watched = true
			}
		}
		if !found {
			break
		}
	}
	if !watched {
		return unix.ESRCH
	}
	return nil
}

// watch sets one watchpoint.
func (s *Set) watch(a *plan.Attach, e *sys.PerfEvent, first bool) error {
	event, err := s.open(e)
	if err != nil {
		return err
	}
	count := 0
	if first {
		count = 1
	}
	if err := s.run(a, event, count); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched[e.Address] = append(s.watched[e.Address], event)
	return nil
}

// Unset implements event.Watchpoints. The descriptors are closed with the others.
func (s *Set) Unset(address uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, event := range s.watched[address] {
		_ = sys.DisablePerfEvent(event) // can't fail for an event
	}
	return len(s.watched[address]) > 0
}

func breakpointReason(how plan.Breakpoint, err error) (reason, hint string) {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return "No more HW registers left", "processors have about four watchpoints, which debuggers use, too"
	case errors.Is(err, unix.ESRCH):
		return "the process " + strconv.Itoa(how.PID) + " is not there", ""
	case errors.Is(err, unix.EINVAL):
		return "the kernel does not let it be watched: it may lie in code that handles watchpoints, or across a border", ""
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV):
		return "this machine has no watchpoints", ""
	}
	return err.Error(), ""
}
