package featuretest

import (
	"testing"

	"sonde/lang/feature"
)

// TestFeatures finds out about every feature and checks each against the kernel's
// version. Its log is where docs/kernels.md comes from.
func TestFeatures(t *testing.T) {
	NeedRoot(t)
	for _, f := range feature.All() {
		has := "no"
		if running().Features().Has(f) {
			has = "yes"
		} else if !Version().Less(f.Since) && withheld(f) == "" {
			t.Errorf("%s was not found, but kernel %s has it since %s", f.Name, Version(), f.Since)
		}
		t.Logf("feature: %s %s %s", f.Name, has, f.Since)
	}
}
