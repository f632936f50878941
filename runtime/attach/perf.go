package attach

import (
	"errors"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// run makes a program run at a perf event's occurrences, and keeps both. On failure
// the event is closed.
func (s *Set) run(a *plan.Attach, event, count int) error {
	link, err := sys.LinkPerfEvent(s.prog(a), event, a.Cookie)
	if err == nil {
		s.hold(link, event, count)
		return nil
	}
	if errors.Is(err, unix.EINVAL) {
		// Before 5.15: no links, no cookies.
		if a.Cookie != 0 {
			err = errNoCookies
		} else if err = sys.SetPerfEventProgram(s.prog(a), event); err == nil {
			if err = sys.EnablePerfEvent(event); err == nil {
				s.hold(-1, event, count)
				return nil
			}
		}
	}
	unix.Close(event)
	return err
}

// perfEvent attaches to a software or hardware event, on each CPU by itself: an
// event that is not bound to a process has to be.
func (s *Set) perfEvent(a *plan.Attach, how plan.PerfEvent) error {
	cpus, err := sys.OnlineCPUs()
	if err != nil {
		return err
	}
	pid := -1
	if how.PID != 0 {
		pid = how.PID
	}
	if how.OneCPU {
		cpus = cpus[:1]
	}
	for i, cpu := range cpus {
		event, err := sys.OpenPerfEvent(&sys.PerfEvent{
			Type: how.Type, Config: how.Config, Sample: how.Period, Freq: how.Freq, PID: pid, CPU: cpu,
		})
		if errors.Is(err, unix.ENODEV) && i > 0 {
			continue // the CPU went offline
		}
		if err != nil {
			return err
		}
		count := 0
		if i == 0 {
			count = 1
		}
		if err := s.run(a, event, count); err != nil {
			return err
		}
	}
	return nil
}
