package attach

import (
	"errors"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// rawTracepoint attaches to a tracepoint without perf. A program of the tracing type is
// bound to its tracepoint or function since it was loaded.
func (s *Set) rawTracepoint(a *plan.Attach, how plan.RawTracepoint) error {
	name := how.Name
	if s.plan.Programs[a.Program].Type == ebpf.Tracing {
		name = ""
	}
	begin := time.Now()
	link, err := sys.OpenRawTracepoint(s.prog(a), name, a.Cookie)
	s.inKernel(begin)
	if err != nil {
		if kind := s.kind(a); kind == ebpf.AttachTraceFEntry || kind == ebpf.AttachTraceFExit {
			err = trampolineRefusal(err)
		}
		return err
	}
	s.hold(link, -1, 1)
	return nil
}

// trampolineRefusal says why the kernel does not bind a program to a function, where that is
// known (kernel/bpf/trampoline.c).
func trampolineRefusal(err error) error {
	switch {
	case errors.Is(err, unix.E2BIG):
		return errors.New("as many programs are bound to the function as the kernel takes")
	case errors.Is(err, unix.EBUSY):
		return errors.New("the kernel keeps probes away from the function (notrace), or something else has patched it")
	}
	return err
}
