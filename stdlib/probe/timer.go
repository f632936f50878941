package probe

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// timeUnits gives the nanoseconds of each unit; hz is a rate.
var timeUnits = map[string]uint64{"s": 1e9, "ms": 1e6, "us": 1e3, "hz": 0}

// minPeriod is the shortest period in ns; below it the timer would leave no time
// for anything else.
const minPeriod = 1000

// timer makes the record of a probe that fires by time, on one CPU or all.
func timer(name, alias string, oneCPU bool, doc string, examples ...record.Example) *record.Probe {
	forms := []string{name + ":hz:99", name + ":s:1", name + ":ms:100", name + ":us:500", name + ":1s"}
	return &record.Probe{
		Provider: check.Provider{
			Name:    name,
			Aliases: []string{alias},
			Parse: func(p *check.Point) *source.Diagnostic {
				if d := wantParts(p, 1, 2, forms[0], forms[4]); d != nil {
					return d
				}
				ev := plan.PerfEvent{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, OneCPU: oneCPU}
				d := readPeriod(p, &ev)
				p.Data = ev
				return d
			},
			Expand: func(p *check.Point, _ check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
				return expandClock(p, opt)
			},
			Context:    eventContext,
			Cookie:     feature.AttachCookie,
			Unfiltered: oneCPU,
		},
		Attach:   mechanism,
		List:     listOnly(name+":hz:", name+":ms:", name+":s:", name+":us:"),
		Syntax:   forms,
		Doc:      doc,
		Examples: examples,
	}
}

// Periods of clocks, ns. What is shorter than steadyClock can keep a processor from
// everything else where setting a timer costs much, as in virtual machines: one of two
// processors did nothing but that for minutes at 10 µs. Shorter ones than shortestClock the
// kernel makes that long (perf_swevent_start_hrtimer).
const (
	steadyClock   = 100_000
	shortestClock = 10_000
)

// expandClock gives the target of an event. A clock without --unsafe is as slow as it must be
// to leave the machine usable; that it is slower than asked for is said.
func expandClock(p *check.Point, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	found := single(p, p.Provider.Name+":"+joined(p.Parts))
	ev := p.Data.(plan.PerfEvent)
	clock := ev.Config == unix.PERF_COUNT_SW_CPU_CLOCK || ev.Config == unix.PERF_COUNT_SW_TASK_CLOCK
	if ev.Type != unix.PERF_TYPE_SOFTWARE || !clock {
		return found, nil
	}
	period := ev.Period
	if ev.Freq {
		period = uint64(time.Second) / ev.Period
	}
	least, why, hint := uint64(steadyClock), "more often could leave a processor no time for anything else", "--unsafe allows once in 10 µs"
	if opt.Unsafe {
		least, why, hint = shortestClock, "the kernel's clocks have no shorter period", ""
	}
	if period >= least {
		return found, nil
	}
	ev.Freq, ev.Period = false, least
	found[0].Data = ev
	d := source.Warningf(p.Node.Span(), codeValue, "this runs once in %d µs: %s", least/1000, why)
	if hint != "" {
		d.WithHint("%s", hint)
	}
	return found, d
}

// Interval fires on one CPU.
var Interval = timer("interval", "i", true, `Runs at a fixed interval, on one CPU.
The parts are a unit (s, ms, us, or hz for a rate) and a number, or one duration
such as 250ms. A number alone is nanoseconds. Periods below 100 µs are made that long,
with a warning, unless --unsafe is given.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @syscalls = count(); } interval:s:1 { print(@syscalls); clear(@syscalls); }`})

// Profile fires on every CPU.
var Profile = timer("profile", "p", false, `Runs at a fixed interval on every CPU, to sample what runs there.
The parts are as for interval. Rates that are no divisor of other timers' (99 Hz
rather than 100) keep samples from falling in step with them.`,
	record.Example{Script: `profile:hz:99 { @[kstack] = count(); }`})

// readPeriod reads unit and number, or one duration, into the event.
func readPeriod(p *check.Point, ev *plan.PerfEvent) *source.Diagnostic {
	name := p.Provider.Name
	text, unit := p.Parts[len(p.Parts)-1], uint64(1)
	if len(p.Parts) == 2 {
		ns, ok := timeUnits[p.Parts[0]]
		if !ok {
			return bad(p, codeValue, "%s is not an accepted unit of time", p.Parts[0]).
				WithHint("the units are s, ms, us and hz (a rate)")
		}
		unit = ns
	}
	n, err := readDuration(text)
	if err != nil {
		return bad(p, codeValue, "%s is not a %s period: %v", text, name, err).
			WithHint("write a whole number, or a duration such as 250ms")
	}
	switch {
	case n == 0:
		return bad(p, codeValue, "%s frequency should be a positive integer", name).
			WithHint("write %s:s:1 for once a second", name)
	case unit == 0:
		ev.Freq, ev.Period = true, n
		return nil
	case n > math.MaxInt64/unit:
		return bad(p, codeValue, "%s:%s is longer than the kernel can time", p.Parts[0], text).
			WithHint("the longest period is 292 years")
	case n*unit < minPeriod:
		return bad(p, codeValue, "Invalid rate of %s probe. Minimum is 1000 or 1us. Found: %d nanoseconds", name, n*unit).
			WithHint("a number without a unit is in nanoseconds: write %s:s:%s for seconds", name, text)
	}
	ev.Period = n * unit
	return nil
}

// suffixes are the duration literals' units in ns, longest suffix first.
var suffixes = []struct {
	text string
	ns   uint64
}{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}

// readDuration reads a number, with or without a duration's suffix, or in
// scientific form, in ns when there is a suffix.
func readDuration(text string) (uint64, error) {
	digits := 0
	for digits < len(text) && (text[digits] >= '0' && text[digits] <= '9' || text[digits] == '_') {
		digits++
	}
	unit := uint64(0)
	switch rest := text[digits:]; rest {
	case "":
		unit = 1
	default:
		for _, s := range suffixes {
			if s.text == rest {
				unit = s.ns
			}
		}
	}
	if unit == 0 {
		return readCount(text)
	}
	n, err := strconv.ParseUint(stripUnderscores(text[:digits]), 10, 64)
	if err != nil || n > math.MaxUint64/unit {
		return 0, fmt.Errorf("not a number in range")
	}
	return n * unit, nil
}

// eventContext is that of perf event programs.
func eventContext(t *check.Target, _ check.Host) (*check.Context, *source.Diagnostic) {
	return &check.Context{
		Key:       t.Name,
		Provider:  t.Point.Provider,
		Program:   check.ProgPerfEvent,
		Space:     types.Kernel,
		Regs:      true,
		Interrupt: true,
	}, nil
}
