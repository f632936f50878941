package probe

import (
	"cmp"
	"strings"
	"testing"

	"sonde/lang/arch"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
)

// Every line of the list can be read, also without type information.
func TestSyscallList(t *testing.T) {
	last := ""
	for line := range strings.Lines(syscallArgs) {
		name, _, ok := strings.Cut(line, ":")
		if !ok || name <= last {
			t.Errorf("%q: not the next name", line)
		}
		last = name
		name, processor, _ := strings.Cut(name, "@")
		for _, btf := range []types.BTF{nil, hosttest.New().BTF()} {
			r := knownRecord("syscalls", "sys_enter_"+name, false, arch.Of(cmp.Or(processor, "amd64")), btf)
			if r == nil || !strings.HasSuffix(strings.TrimSpace(line), ":") && len(r.Fields()) < 6 {
				t.Errorf("%q: no arguments", line)
			}
		}
	}
	if knownRecord("syscalls", "sys_enter_no_such_call", false, arch.Of("amd64"), nil) != nil {
		t.Error("there is a record of a call that does not exist")
	}
}

// What the list says is what this kernel says, so that a script means the same
// whether or not tracefs can be read.
func TestSyscallsAgree(t *testing.T) {
	featuretest.NeedRoot(t)
	if listed := (feature.Version{Major: 6, Minor: 18}); featuretest.Version().Less(listed) {
		t.Skipf("needs Linux %s: older kernels declare some arguments otherwise than the list", listed)
	}
	h := host.New(host.Options{})
	names, err := h.Tracepoints("syscalls", "*")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range names {
		_, event, _ := strings.Cut(name, ":")
		known := knownRecord("syscalls", event, false, h.Arch(), h.BTF())
		if known == nil {
			t.Logf("%s is not in the list: newer than it", event)
			continue
		}
		real, _, err := h.TracepointFormat("syscalls", event)
		if err != nil {
			t.Errorf("%s: %v", event, err)
			continue
		}
		for _, want := range real.Fields() {
			for _, got := range known.Fields() {
				if got.Name != want.Name {
					continue
				}
				compared++
				if !types.Same(got.Type, want.Type) || got.Offset != want.Offset || got.Hidden != want.Hidden {
					t.Errorf("%s.%s: %v at %d, this kernel says %v at %d", event, got.Name, got.Type, got.Offset, want.Type, want.Offset)
				}
			}
		}
	}
	if compared < 3000 {
		t.Errorf("%d fields compared: names differ", compared)
	}
}
