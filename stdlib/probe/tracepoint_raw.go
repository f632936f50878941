package probe

import (
	"slices"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// A tracepoint can run programs in two ways: by a perf event, which first writes the
// event's record, and raw, with what the kernel's code passes to the
// tracepoint. Raw costs less for each event, and to stop takes a third of a
// millisecond where closing a perf event takes 20 to 70. What is in the record can
// differ from what is passed, so the way is open to bodies that do not look at it, or
// only at what is known to be the same.
//
// The events of single system calls (category syscalls) stay with perf. Raw there are only
// sys_enter and sys_exit, where a program would have to tell its call from all others by
// the number, and run for each of them: measured on 6.18, that adds 100 ns to every other
// system call of the machine, where perf's test of a bit adds 15.

// rawArgument gives, for fields of a record, the arguments that they are copies of.
var rawArgument = map[string]map[string]int64{
	"raw_syscalls:sys_enter": {"id": 1},
	"raw_syscalls:sys_exit":  {"ret": 1},
}

// syscalls is the category of the events of single system calls.
const syscalls = "syscalls"

// guarded are the categories of events that happen within programs, with locks held
// that programs take: perf keeps the programs of all its tracepoints from entering
// each other, while raw ones only do not enter themselves.
var guarded = []string{"lock", "preemptirq"}

// rawTracepointWay is the raw way for an event.
func rawTracepointWay(t *check.Target, ctx *check.Context, use *lower.Use, host check.Host) *lower.Way {
	at := t.Data.(plan.PerfTracepoint)
	same := rawArgument[at.Category+":"+at.Event]
	if at.Category == syscalls || slices.Contains(guarded, at.Category) || !use.Only(check.Members) || use.Whole {
		return nil
	}
	for _, f := range use.Members {
		if _, ok := same[f.Name]; !ok {
			return nil
		}
	}
	btf, has := host.BTF(), host.Features().Has
	if btf == nil || !has(feature.RawTracepoints) || !has(feature.RawTPRecursion) || !has(feature.RawTPCalm) {
		return nil
	}
	// Users' own events (dynamic_events) may be called anything.
	if _, ok := btf.RawTracepoint(at.Event); !ok || host.DynamicEvent(at.Category, at.Event) {
		return nil
	}
	way := &lower.Way{How: plan.RawTracepoint{Name: at.Event}, Context: *ctx, Cookie: feature.RawTPCookie}
	way.Context.Program = check.ProgRawTracepoint
	way.Member = func(b *lower.Builder, f types.Field, t types.Type) lower.Operand {
		v := b.Load(64, b.Ctx(), wordSize*same[f.Name])
		return lower.Value(b.Convert(v, types.Uint64, t), t)
	}
	return way
}
