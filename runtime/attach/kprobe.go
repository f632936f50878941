package attach

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

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
	case how.Address != 0:
		e.Path, e.Number = "", how.Address
	case how.Module != "" && how.Module != "vmlinux":
		e.Path = how.Module + ":" + how.Symbol
	}
	if how.Return {
		e.Config |= returnProbe
	}
	event, err := s.open(&e)
	if err != nil {
		return err
	}
	return s.run(a, event, 1)
}

func kprobeName(k plan.Kprobe) string {
	if k.Symbol == "" {
		return fmt.Sprintf("address %#x", k.Address)
	}
	if k.Offset != 0 {
		return fmt.Sprintf("%s+%d", k.Symbol, k.Offset)
	}
	return k.Symbol
}

// kprobeReason says why the kernel refused a probe.
func kprobeReason(how plan.Kprobe, err error) string {
	name := kprobeName(how)
	switch {
	case how.Inlined != "" && errors.Is(err, unix.EINVAL):
		return name + " can not be probed: the kernel keeps probes away from it (notrace), or changes the instruction there itself (static branches)"
	case how.Symbol != "" && sys.KprobeBlacklisted(how.Symbol):
		return name + " can not be probed: handling a kprobe runs through it (" + sys.KprobeBlacklist + ")"
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESRCH):
		return name + " can not be probed: there is no such function, or it was inlined everywhere"
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return name + " names several functions; name the module, or give the address with --unsafe"
	case errors.Is(err, unix.EINVAL):
		return name + " can not be probed: there is no such function, or the kernel keeps probes away from it (notrace, as what is declared inline)"
	}
	return err.Error()
}
