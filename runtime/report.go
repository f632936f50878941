package runtime

import (
	"encoding/binary"
	"fmt"
	"time"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/event"
	"sonde/runtime/sys"
)

// reporter remembers what was reported.
type reporter struct {
	lostEvents uint64
}

// countFields are the members of messages that count something: the number, and
// once more by name.
func countFields(what string, n uint64) []event.Field {
	return []event.Field{{Name: "count", Value: n}, {Name: "data", Value: []event.Field{{Name: what, Value: n}}}}
}

// warn reports a warning.
func (s *Session) warn(d *source.Diagnostic) {
	if s.opts.Report != nil {
		s.opts.Report(d)
		return
	}
	s.record(d)
}

// record writes a warning as a message of the output.
func (s *Session) record(d *source.Diagnostic) {
	fields := []event.Field{{Name: "msg", Value: d.Msg}}
	if d.Span.IsValid() {
		at := d.Span.Start
		fields = append(fields, event.Field{Name: "filename", Value: at.Filename},
			event.Field{Name: "line", Value: at.Line}, event.Field{Name: "col", Value: at.Column})
	}
	s.opts.Output.Message("runtime_error", fields, d.Error())
}

// loss reports a warning that who reads the output must know of.
func (s *Session) loss(d *source.Diagnostic) {
	if s.opts.Report != nil && s.opts.Records {
		s.record(d)
	}
	s.warn(d)
}

// Warn implements event.Session.
func (s *Session) Warn(at source.Span, format string, args ...any) {
	s.warn(source.Warningf(at, "runtime", format, args...))
}

// counters reads the Counters map, summed over CPUs; nil when there is none.
func (s *Session) counters() []uint64 {
	i := s.kernel.kindOf(plan.Counters)
	if i < 0 {
		return nil
	}
	cpus, err := sys.PossibleCPUs()
	if err != nil {
		return nil
	}
	m := s.kernel.plan.Maps[i]
	sums := make([]uint64, m.MaxEntries)
	key, raw := make([]byte, 4), make([]byte, 8*cpus)
	for n := range sums {
		sums[n], _ = s.counter(s.kernel.maps[i], uint32(n), key, raw)
	}
	return sums
}

// counter reads one counter, summed over CPUs.
func (s *Session) counter(fd int, n uint32, key, raw []byte) (sum uint64, err error) {
	binary.NativeEndian.PutUint32(key, n)
	if err := sys.Lookup(fd, key, raw); err != nil {
		return 0, err
	}
	for at := 0; at < len(raw); at += 8 {
		sum += binary.NativeEndian.Uint64(raw[at:])
	}
	return sum, nil
}

// reportLostEvents tells how many events were lost since the last time.
func (s *Session) reportLostEvents() {
	i := s.kernel.kindOf(plan.Counters)
	cpus, err := sys.PossibleCPUs()
	if i < 0 || err != nil {
		return
	}
	lost, err := s.counter(s.kernel.maps[i], uint32(plan.LostEvents), make([]byte, 4), make([]byte, 8*cpus))
	if err == nil {
		s.lost(lost)
	}
}

func (s *Session) lost(total uint64) {
	if total <= s.report.lostEvents {
		return
	}
	n := total - s.report.lostEvents
	s.report.lostEvents = total
	s.opts.Output.Message("lost_events", countFields("events", n), "Lost "+plural(n, "event"))
}

// reportLosses tells at the end what was lost, and where.
func (s *Session) reportLosses() {
	p := s.kernel.plan
	if counts := s.counters(); counts != nil {
		count := func(c plan.Counter) uint64 {
			if int(c) < len(counts) {
				return counts[c]
			}
			return 0
		}
		s.lost(count(plan.LostEvents) + s.haste.unhandled)
		s.reportTotal()
		if n := count(plan.LostStacks); n > 0 {
			s.loss(source.Warningf(source.Span{}, "lost-stacks", "Lost %s: the table of stacks was full or two fell on one place", plural(n, "stack")))
		}
		for _, l := range p.Losses {
			if n := count(l.Counter); n > 0 {
				s.lose(l, n)
			}
		}
	}
	for _, a := range p.Attach {
		if n := s.attached.Throttled(a); n > 0 {
			s.loss(source.Warningf(a.Span, "throttled",
				"%s was held up %s, each up to the next tick of a processor's timer: more samples than the kernel allows", a.Name, plural(n, "time")).
				WithHint("a longer period or lower rate, or the setting kernel.perf_event_max_sample_rate (sysctl), loses less"))
		}
	}
	for i, prog := range p.Programs {
		if n := s.attached.Missed(i); n > 0 {
			s.loss(source.Warningf(firstSpan(prog.Spans), "missed-runs",
				"%s missed %s: the processor was running another program of a script at that moment", s.probesOf(i), plural(n, "time")))
		}
		if n := s.attached.Overlooked(i); n > 0 {
			s.loss(source.Warningf(firstSpan(prog.Spans), "missed-calls",
				"%s missed %s: more calls were under way than the kernel follows, or the processor was handling a probe", s.probesOf(i), plural(n, "call")))
		}
	}
}

// probesOf names a program by its probes.
func (s *Session) probesOf(program int) string {
	n := 0
	for _, a := range s.kernel.plan.Attach {
		if a.Program == program {
			n++
		}
	}
	name := s.kernel.plan.Programs[program].Probe
	if n > 1 {
		return fmt.Sprintf("%s and %d more", name, n-1)
	}
	return name
}

// lose reports what went wrong n times at one place.
func (s *Session) lose(l plan.Loss, n uint64) {
	text := l.What
	warn := func(format string, args ...any) *source.Diagnostic {
		d := source.Warningf(l.Span, "losses", format, args...)
		for _, call := range l.Calls {
			d.WithNote(call, "expanded from")
		}
		return d
	}
	if n > 1 {
		text += fmt.Sprintf(" (%d times)", n)
	}
	if l.Helper == "" {
		s.loss(warn("%s", text))
		return
	}
	if !s.opts.Records {
		s.warn(warn("%s\nAdditional Info - helper: %s, retcode: %d", text, l.Helper, l.Code))
		return
	}
	at := l.Span.Start
	fields := []event.Field{
		{Name: "msg", Value: l.What}, {Name: "helper", Value: l.Helper}, {Name: "retcode", Value: l.Code},
		{Name: "filename", Value: at.Filename}, {Name: "line", Value: at.Line}, {Name: "col", Value: at.Column},
	}
	if n > 1 {
		fields = append(fields, event.Field{Name: "count", Value: n})
	}
	s.opts.Output.Message("helper_error", fields, text)
}

// reportTotal tells how many events were lost in all, and to what.
func (s *Session) reportTotal() {
	n, unhandled := s.report.lostEvents, s.haste.unhandled
	if n == 0 {
		return
	}
	d := source.Warningf(source.Span{}, "lost-events", "Total lost event count: %d", n)
	if unhandled > 0 {
		d.WithNote(source.Span{}, "%d of them were waiting to be handled when the script was interrupted", unhandled)
	}
	if n > unhandled {
		d.WithHint("a larger buffer (config perf_rb_pages), fewer or shorter outputs, or counting in a map lose less")
	}
	s.warn(d)
}

// plural gives "1 event", "2 events".
func plural(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// WallTime implements event.Session.
func (s *Session) WallTime(bootNS uint64) time.Time { return s.kernel.clock.WallTime(bootNS) }
