package lower_test

import (
	"testing"

	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
)

// Hash tables that would take much memory before they have an element get it as they
// need it, where the kernel can do that in any program.
func TestPreallocation(t *testing.T) {
	const noPrealloc = 1 // BPF_F_NO_PREALLOC
	for _, test := range []struct {
		script string
		kernel feature.Version
		want   uint32
	}{
		{`begin { @[pid] = 1; }`, feature.Version{Major: 6, Minor: 1}, 0},
		{`let @ = hash(1000000); begin { @[pid] = 1; }`, feature.Version{Major: 6, Minor: 1}, noPrealloc},
		{`let @ = hash(1000000); begin { @[pid] = 1; }`, feature.Version{Major: 6, Minor: 0}, 0},
		{`let @ = lruhash(1000000); begin { @[pid] = 1; }`, feature.Version{Major: 6, Minor: 1}, 0},
		{`let @ = percpuhash(10000); begin { @[pid] = count(); }`, feature.Version{Major: 6, Minor: 1}, 0},
		{`let @ = percpuhash(10000000); begin { @[pid] = count(); }`, feature.Version{Major: 6, Minor: 1}, noPrealloc},
	} {
		host := hosttest.New()
		host.Set = feature.UpTo(test.kernel)
		p := compile(t, "x.bt", test.script, host, check.Options{}).Plan
		if got := p.Maps[p.Vars[0].Map].Flags; got != test.want {
			t.Errorf("%s on %v: flags %#x, want %#x", test.script, test.kernel, got, test.want)
		}
	}
}
