package featuretest

import (
	"testing"

	"sonde/lang/feature"
)

// TestFeatures asks the kernel for every feature, those too that its version would
// decide, and compares what it says with its version and with what the tool goes by.
// The log is where docs/kernels.md comes from.
func TestFeatures(t *testing.T) {
	NeedRoot(t)
	kernel := running().Features().(interface {
		Ask(*feature.Feature) (has, told bool)
	})
	for _, f := range feature.All() {
		has, told := kernel.Ask(f)
		word := map[bool]string{true: "yes", false: "no"}[has]
		recent, why := !Version().Less(f.Since), withheld(f)
		switch {
		case !told:
			word = "unknown"
			if why == "" {
				t.Errorf("%s: the kernel does not say whether it has it", f.Name)
			}
		case recent && !has && why == "":
			t.Errorf("%s was not found, but kernel %s has it since %s", f.Name, Version(), f.Since)
		case has != Has(f):
			t.Errorf("%s: the kernel says %s, but the tool takes it for %v", f.Name, word, Has(f))
		case has && !recent:
			t.Logf("%s was brought to kernel %s from %s, or is there on this processor since before", f.Name, Version(), f.Since)
		}
		t.Logf("feature: %s %s %s", f.Name, word, f.Since)
	}
}
