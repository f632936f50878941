package feature

import "testing"

func TestNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range All() {
		if Named(f.Name) != f || seen[f.Name] {
			t.Errorf("%s does not name one feature", f.Name)
		}
		seen[f.Name] = true
	}
	if Named("no such feature") != nil {
		t.Error("a feature was found that there is not")
	}
}
