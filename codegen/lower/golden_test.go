package lower_test

import (
	"fmt"
	"strings"
	"testing"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/source/golden"
)

// compile lowers a script, and fails the test on anything that goes wrong.
func compile(t *testing.T, name, text string, host *hosttest.Host, opt check.Options) *lower.Result {
	t.Helper()
	f := source.NewFile(name, text)
	script, diags := parse.Parse(f, parse.Options{})
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags[0])
	}
	settings, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	settings.MaxStrlen = 64
	opt.Config = settings
	opt.Unsafe = true
	lib := newLibrary()
	program, diags := check.Check(script, lib, host, &opt)
	for _, d := range diags {
		if d.Severity == source.Error {
			t.Fatalf("%s: %v", text, d)
		}
	}
	res, err := lower.Lower(program, lib, host, lower.Options{FrameLimit: 32})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for _, p := range res.Programs {
		if err := ssa.Verify(p); err != nil {
			t.Errorf("%s:\n%v\n%s", text, err, p)
		}
	}
	return res
}

// A golden file holds scripts; behind each, under the same name with .ssa, is what
// it becomes. Lines of the comment say "kernel 5.15" or "pid 7".
func TestGolden(t *testing.T) {
	golden.Archives(t, "../../testdata/lower/*.txtar", func(t *testing.T, a *golden.Archive) {
		host := hosttest.New()
		host.Types = kernelTypes{host.Types}
		var opt check.Options
		for _, line := range strings.Split(string(a.Comment), "\n") {
			switch word, rest, _ := strings.Cut(line, " "); word {
			case "kernel":
				host.Set = kernel(t, rest)
			case "warnings":
				opt.KernelWarnings = true
			case "pid":
				opt.PID = 7
			}
		}
		for name, script := range a.Scripts() {
			t.Run(name, func(t *testing.T) {
				var text strings.Builder
				for _, p := range compile(t, name+".bt", script, host, opt).Programs {
					text.WriteString(p.String())
				}
				a.Expect(t, name+".ssa", text.String())
			})
		}
	})
}

func kernel(t *testing.T, version string) feature.Set {
	var v feature.Version
	if _, err := fmt.Sscanf(version, "%d.%d", &v.Major, &v.Minor); err != nil {
		t.Fatalf("no kernel version: %q", version)
	}
	return feature.UpTo(v)
}
