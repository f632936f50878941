package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSkips: which skips of a machine's log count as failures.
func TestSkips(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	const mark = "\x16" // before each line of the test's frame
	text := "=== kernel 6.1.0\n=== package p\n"
	for _, test := range [][2]string{
		{"TestOld", "needs kprobe_multi: kernel 6.1 has none"},
		{"TestThere", "needs fentry: kernel 6.1 has none"},
		{"TestUser", "needs root: loads BPF programs"},
		{"TestModule", "needs the module loop"},
		{"TestLazy", "does not work yet"},
	} {
		text += mark + "=== RUN   " + test[0] + "\n    x_test.go:1: " + test[1] + "\n" + mark + "--- SKIP: " + test[0] + " (0.00s)\n"
	}
	text += mark + "=== RUN   TestFeatures\n    f_test.go:1: feature: fentry yes 5.5\n    f_test.go:1: feature: kprobe_multi no 5.18\n" +
		mark + "--- PASS: TestFeatures (0.00s)\nPASS\n=== status 0\n=== end\n"
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := readMachine("6.1", log)
	if err != nil {
		t.Fatal(err)
	}
	names := func(list []result) (names []string) {
		for _, s := range list {
			names = append(names, s.test)
		}
		return names
	}
	if got, want := names(r.skipped), []string{"p.TestOld"}; !slices.Equal(got, want) {
		t.Errorf("excused: %v, want %v; passed %d, broken %q", got, want, r.passed, r.broken)
	}
	if got, want := names(r.failed), []string{"p.TestThere", "p.TestUser", "p.TestModule", "p.TestLazy"}; !slices.Equal(got, want) {
		t.Errorf("failures: %v, want %v", got, want)
	}
}
