package attach

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// open opens a perf event.
func (s *Set) open(e *sys.PerfEvent) (int, error) {
	defer s.inKernel(time.Now())
	return sys.OpenPerfEvent(e)
}

// run makes a program run at a perf event's occurrences, and keeps both. On failure
// the event is closed.
func (s *Set) run(a *plan.Attach, event, count int) error {
	g := s.gateOf(a)
	link, err := s.link(a, g, event)
	if errors.Is(err, unix.EEXIST) {
		// A tracepoint takes a program once only, but a script may name it twice.
		if g, err = s.gate(a.Program, s.prog(a)); err == nil {
			link, err = s.link(a, g, event)
		}
	}
	if _, ok := a.How.(plan.Kprobe); ok && err == nil && link >= 0 {
		s.countsMisses(a, link)
	}
	switch {
	case err != nil:
		unix.Close(event)
		return err
	case g != nil:
		s.holdGated(link, event)
	case link < 0:
		s.hold(event, -1, count)
	default:
		s.hold(link, event, count)
	}
	return nil
}

// link attaches a program, or the gate before it, to an event. Where the kernel has no
// links (before 5.15) it gives -1, and the event holds the program.
func (s *Set) link(a *plan.Attach, g *gate, event int) (int, error) {
	prog := s.prog(a)
	if g != nil {
		prog = g.prog
	}
	defer s.inKernel(time.Now())
	link, err := sys.LinkPerfEvent(prog, event, a.Cookie)
	switch {
	case err == nil:
		return link, nil
	case !errors.Is(err, unix.EINVAL):
		return -1, err
	case a.Cookie != 0:
		return -1, errNoCookies
	}
	return -1, setProgram(prog, event)
}

// setProgram attaches without a link: the event holds the program.
func setProgram(prog, event int) error {
	if err := sys.SetPerfEventProgram(prog, event); err != nil {
		return err
	}
	return sys.EnablePerfEvent(event)
}

// perfEvent attaches to a software or hardware event, on each CPU by itself: an
// event that is not bound to a process has to be.
func (s *Set) perfEvent(a *plan.Attach, how plan.PerfEvent) error {
	cpus, err := s.cpus()
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
		event, err := s.open(&sys.PerfEvent{
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
		if throttles(how) {
			s.meter(a, event)
		}
	}
	return nil
}
