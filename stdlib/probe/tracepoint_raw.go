package probe

import (
	"slices"
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/builtin"
)

// A tracepoint can run programs in two ways: by a perf event, which first writes the
// event's record, and raw, with what the kernel's code passes to the
// tracepoint. Raw costs less for each event, and to stop takes a third of a
// millisecond where closing a perf event takes 20 to 70. What is in the record can
// differ from what is passed, so the way is open to bodies that do not look at it, or
// only at what is known to be the same.

// rawArgument gives, for fields of a record, the arguments that they are copies of.
var rawArgument = map[string]map[string]int64{
	"raw_syscalls:sys_enter": {"id": 1},
	"raw_syscalls:sys_exit":  {"ret": 1},
}

// guarded are the categories of events that happen within programs, with locks held
// that programs take: perf keeps the programs of all its tracepoints from entering
// each other, while raw ones only do not enter themselves.
var guarded = []string{"lock", "preemptirq"}

// rawTracepointWay is the way for all events but those of single system calls, which
// see syscallWay.
func rawTracepointWay(t *check.Target, ctx *check.Context, use *lower.Use, host check.Host) *lower.Way {
	at := t.Data.(plan.PerfTracepoint)
	if at.Category == syscalls {
		return syscallWay(at.Event, ctx, use, host)
	}
	same := rawArgument[at.Category+":"+at.Event]
	if !use.Only(check.Members) || use.Whole || slices.Contains(guarded, at.Category) {
		return nil
	}
	for _, f := range use.Members {
		if _, ok := same[f.Name]; !ok {
			return nil
		}
	}
	btf, has := host.BTF(), host.Features().Has
	if btf == nil || !has(feature.RawTracepoints) || !has(feature.RawTPRecursion) {
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

// syscalls is the category of the events of single system calls. They are made of the
// tracepoints sys_enter and sys_exit, which all calls pass once one of them is traced: a
// test of the number tells them apart as well as perf does, which counts
// no calls of 32-bit programs.
const syscalls = "syscalls"

// offsetIn gives where a member of struct pt_regs lies, -1 when there is none.
func offsetIn(regs *types.Struct, m arch.Member) int64 {
	f, ok := regs.Field(m.Name)
	if !ok {
		return -1
	}
	return int64(f.Offset + wordSize*m.Index)
}

// syscallWay is a program of the tracepoint of all system calls that leaves all but one.
func syscallWay(event string, ctx *check.Context, use *lower.Use, host check.Host) *lower.Way {
	direction, name := "sys_enter", strings.TrimPrefix(event, "sys_enter_")
	if name == event {
		direction, name = "sys_exit", strings.TrimPrefix(event, "sys_exit_")
	}
	entry := host.Arch().Entry
	if !use.Only(check.Members) || use.Whole || name == event || entry == nil {
		return nil
	}
	number, ok := builtin.SyscallNumber(host.Arch(), nameOfCall(name))
	btf, has := host.BTF(), host.Features().Has
	if !ok || btf == nil || !has(feature.RawTracepoints) || !has(feature.TracingBTF) {
		return nil
	}
	regs, task := btf.Struct("struct", "pt_regs"), btf.Struct("struct", "task_struct")
	fn, ok := btf.RawTracepoint(direction)
	if !ok || regs == nil || regs.BTFID == 0 || !hasMember(task, "thread_info", entry.CompatWord) || offsetIn(regs, entry.Number) < 0 {
		return nil
	}
	for _, f := range use.Members {
		if passed(f, direction, entry, regs) == nil {
			return nil
		}
	}
	way := &lower.Way{How: plan.RawTracepoint{Name: direction}, Context: *ctx, Calm: true}
	way.Context.Program, way.Context.Bound = check.ProgTracingBTF, true
	way.Context.BindTo, way.Context.BindID = direction, fn.ID
	way.Enter = func(b *lower.Builder) {
		if direction == "sys_enter" {
			b.LeaveIf(ssa.NE, b.Load(64, b.Ctx(), wordSize), number)
		} else {
			b.LeaveIf(ssa.NE, b.Load(32, registers(b, regs), offsetIn(regs, entry.Number)), number)
		}
		word := b.Fetch(b.Member(b.CurrentTask(), "thread_info", entry.CompatWord))
		b.LeaveIf(ssa.NE, b.Bin(ssa.OpAnd, word.Val, b.Const(entry.Compat)), 0)
	}
	way.Member = func(b *lower.Builder, f types.Field, t types.Type) lower.Operand {
		return passed(f, direction, entry, regs)(b, t)
	}
	return way
}

// registers is the pointer to the registers that both tracepoints pass first.
func registers(b *lower.Builder, regs *types.Struct) *ssa.Value {
	v := b.Load(64, b.Ctx(), 0)
	v.Type = ssa.Type{Kind: ssa.BTF, BTFID: regs.BTFID}
	return v
}

// passed tells how to read a field of a system call's record from what the tracepoint passes;
// nil: it can not be. The record holds the arguments, or the result, in words.
func passed(f types.Field, direction string, entry *arch.Entry, regs *types.Struct) func(*lower.Builder, types.Type) lower.Operand {
	i, rest := (f.Offset-syscallArgsAt)/wordSize, f.Offset%wordSize
	if _, scalar := types.AsInt(f.Type); !scalar || f.Dynamic || f.BitSize > 0 || f.Offset < syscallArgsAt || rest != 0 {
		return nil
	}
	if direction == "sys_exit" {
		if i != 0 {
			return nil
		}
		return func(b *lower.Builder, t types.Type) lower.Operand {
			return lower.Value(b.Convert(b.Load(64, b.Ctx(), wordSize), types.Uint64, t), t)
		}
	}
	if i >= len(entry.Args) || offsetIn(regs, entry.Args[i]) < 0 {
		return nil
	}
	return func(b *lower.Builder, t types.Type) lower.Operand {
		v := b.Load(64, registers(b, regs), offsetIn(regs, entry.Args[i]))
		return lower.Value(b.Convert(v, types.Uint64, t), t)
	}
}

func hasMember(s *types.Struct, path ...string) bool {
	for i, name := range path {
		if s == nil {
			return false
		}
		f, ok := s.Field(name)
		if !ok {
			return false
		}
		if i < len(path)-1 {
			s, _ = f.Type.(*types.Struct)
		}
	}
	return true
}

// nameOfCall gives the name that programs know a call by. Events are named after the
// kernel's functions, which carry their history.
func nameOfCall(event string) string {
	if name, ok := map[string]string{
		"newstat": "stat", "newfstat": "fstat", "newlstat": "lstat", "newuname": "uname",
		"sendfile64": "sendfile", "umount": "umount2", "fadvise64_64": "fadvise64",
	}[event]; ok {
		return name
	}
	return event
}
