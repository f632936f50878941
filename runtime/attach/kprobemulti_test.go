package attach

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// moduleFunction finds a function of a module, as module and name.
func moduleFunction(t *testing.T) (module, name string) {
	t.Helper()
	f, err := os.Open("/sys/kernel/tracing/available_filter_functions")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, rest, ok := strings.Cut(lines.Text(), " ")
		if ok && !strings.Contains(name, ".") && !strings.HasPrefix(name, "__") {
			return strings.Trim(rest, "[]"), name
		}
	}
	t.Skip("needs a module: this kernel has none loaded")
	return "", ""
}

// What a link to many functions does not reach gets a kprobe of its own, and the rest have the
// link.
func TestSingleKprobe(t *testing.T) {
	prog, _ := counter(t, ebpf.Kprobe)
	featuretest.Need(t, feature.KprobeMulti)
	multi, _ := counterFor(t, ebpf.Kprobe, ebpf.AttachTraceKprobeMulti)
	// Links take no module before the name; perf events do.
	module, name := moduleFunction(t)
	p := &plan.Plan{Programs: []*plan.Program{{Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeMulti}}}
	for _, symbol := range []string{"vfs_read", module + ":" + name, "vfs_write", "no_such_function"} {
		p.Attach = append(p.Attach, &plan.Attach{How: plan.Kprobe{Symbol: symbol}, Name: symbol})
	}
	s := New(p, []int{multi.FD()})
	reloads := 0
	s.Reload = func(program int, as ebpf.AttachType) (int, error) {
		reloads++
		if program != 0 || as != ebpf.AttachNone {
			t.Errorf("program %d is loaded again as %v", program, as)
		}
		return prog.FD(), nil
	}
	failed := s.Attach(t.Context())
	if len(failed) != 1 || !strings.Contains(failed[0].Msg, "no_such_function can not be probed") {
		t.Errorf("failures %v", failed)
	}
	if s.Count() != 3 || s.Tried() != 4 || reloads != 1 {
		t.Errorf("%d attached of %d, %d reloads", s.Count(), s.Tried(), reloads)
	}
	s.Detach()
	if s.Count() != 0 {
		t.Errorf("%d are still attached", s.Count())
	}
}
