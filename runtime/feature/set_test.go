package feature

import (
	"testing"

	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/lang/types/btftest"
)

func TestParseVersion(t *testing.T) {
	for release, want := range map[string]feature.Version{
		"6.18.44-fc-v769":              {Major: 6, Minor: 18},
		"5.14.0-427.13.1.el9_4.x86_64": {Major: 5, Minor: 14},
		"6.1":                          {Major: 6, Minor: 1},
		"7.0-rc3":                      {Major: 7, Minor: 0},
		"":                             {},
	} {
		if got := parseVersion(release); got != want {
			t.Errorf("%q is %v, want %v", release, got, want)
		}
	}
}

// kernel makes a Set of a version whose tests all answer a, and counts them.
func kernel(v feature.Version, a answer, asked *int, disabled ...string) *Kernel {
	k := New(btftest.Kernel, disabled)
	k.version = v
	k.ask = func(*Kernel, test) answer {
		*asked++
		return a
	}
	return k
}

func TestFind(t *testing.T) {
	before, after := feature.Version{Major: 5, Minor: 0}, feature.Version{Major: 6, Minor: 18}
	tests := []struct {
		f       *feature.Feature
		version feature.Version
		answer  answer
		has     bool
		asked   int
	}{
		{feature.Ringbuf, after, no, true, 0},            // the version says it all
		{feature.Ringbuf, before, yes, true, 1},          // brought to an old kernel
		{feature.Ringbuf, before, no, false, 1},          //
		{feature.Ringbuf, before, unknown, false, 1},     //
		{feature.KprobeMulti, after, no, false, 1},       // configured away
		{feature.KprobeMulti, after, yes, true, 1},       //
		{feature.KprobeMulti, after, unknown, true, 1},   // not permitted to test
		{feature.KprobeMulti, before, unknown, false, 1}, //
	}
	for _, tt := range tests {
		asked := 0
		k := kernel(tt.version, tt.answer, &asked)
		for range 3 {
			if got := k.Has(tt.f); got != tt.has {
				t.Errorf("%s on %s, test says %d: %v", tt.f, tt.version, tt.answer, got)
			}
		}
		if asked != tt.asked {
			t.Errorf("%s on %s: asked %d times, want %d", tt.f, tt.version, asked, tt.asked)
		}
	}
}

func TestDisabled(t *testing.T) {
	asked := 0
	k := kernel(feature.Version{Major: 6, Minor: 18}, yes, &asked, "uprobe_multi")
	if k.Has(feature.UprobeMulti) || !k.Has(feature.KprobeMulti) {
		t.Error("--no-feature is not heeded")
	}
}

func TestBTFFeatures(t *testing.T) {
	with := New(btftest.Kernel, nil)
	without := New(func() types.BTF { return nil }, nil)
	with.version, without.version = feature.Version{Major: 6, Minor: 18}, feature.Version{Major: 6, Minor: 18}
	if !with.Has(feature.RdonlyCast) || with.Has(feature.IterNum) {
		t.Error("functions in the type information are not found, or too many")
	}
	if without.Has(feature.RdonlyCast) || without.Has(feature.TracingBTF) || without.Has(feature.Fentry) {
		t.Error("there are features that need type information, without it")
	}
}

// Every feature can be asked for, so that a kernel can be measured.
func TestAllHaveTests(t *testing.T) {
	for _, f := range feature.All() {
		if tests[f].test == nil {
			t.Errorf("there is no test for %s", f)
		}
	}
}
