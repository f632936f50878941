package attach

import (
	"errors"
	"io/fs"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// returnProbe is the bit of a probe event's config that asks for the function's return
// (/sys/bus/event_source/devices/{kprobe,uprobe}/format/retprobe); the same on all
// kernels.
const returnProbe = 1 << 0

// kprobe attaches to a kernel function through the perf event kind of that name
// (kernel 4.17).
func (s *Set) kprobe(a *plan.Attach, how plan.Kprobe) error {
	kind, err := s.kprobeKind()
	if errors.Is(err, fs.ErrNotExist) {
		return errNoKprobes
	}
	if err != nil {
		return err
	}
	cpu, err := s.firstCPU()
	if err != nil {
		return err
	}
	e := sys.PerfEvent{Type: kind, Path: how.Symbol, Number: how.Offset, PID: -1, CPU: cpu}
	switch {
	case how.Symbol == "":
		e.Number = how.Address
	case how.Module != "" && how.Module != "vmlinux":
		e.Path = how.Module + ":" + how.Symbol
	}
	if how.Return {
		e.Config |= returnProbe
	}
	event, err := sys.OpenPerfEvent(&e)
	if err != nil {
		return err
	}
	return s.run(a, event, 1)
}
