package plan

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
)

// Describe says in a few words what an attachment is made of, as the kernel's people call
// it.
func (p *Plan) Describe(a *Attach) string {
	kind := p.Programs[a.Program].AttachType
	switch how := a.How.(type) {
	case TestRun:
		return "run by the tracer itself"
	case PerfTracepoint:
		return "perf event of the tracepoint"
	case RawTracepoint:
		switch kind {
		case ebpf.AttachTraceRawTp:
			return "raw tracepoint " + how.Name + ", with BTF"
		case ebpf.AttachTraceFEntry:
			return "trampoline at the function's entry (fentry)"
		case ebpf.AttachTraceFExit:
			return "trampoline at the function's exit (fexit)"
		}
		return "raw tracepoint " + how.Name
	case PerfEvent:
		return "perf event"
	case Uprobe:
		if kind == ebpf.AttachTraceUprobeMulti {
			return "link to many places of the file (uprobe_multi)"
		}
		return "perf event of a uprobe"
	case Kprobe:
		switch kind {
		case ebpf.AttachTraceKprobeMulti:
			return "link to many functions (kprobe_multi)"
		case ebpf.AttachTraceKprobeSession:
			return "link to entry and return of the function (kprobe_session)"
		}
		if how.Inlined != "" {
			return fmt.Sprintf("perf event of a kprobe at %s+%d", how.Symbol, how.Offset)
		}
		return "perf event of a kprobe"
	case Breakpoint:
		return "hardware breakpoint"
	case Iterator:
		return "iterator " + how.Name
	}
	return fmt.Sprintf("%T", a.How)
}

// KeepsStacks tells that programs keep stack traces.
func (p *Plan) KeepsStacks() bool {
	return slices.ContainsFunc(p.Maps, func(m *Map) bool { return m.Kind == Stacks })
}
