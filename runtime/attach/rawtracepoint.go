package attach

import (
	"time"

	"github.com/cilium/ebpf"

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
		return err
	}
	s.hold(link, -1, 1)
	return nil
}
