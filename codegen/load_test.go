package codegen_test

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/tools/txtar"

	"sonde/codegen"
	"sonde/codegen/alloc"
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/runtime"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
	"sonde/stdlib"
)

// compile compiles a script for a machine; ok is false when it was refused.
func compile(t *testing.T, name, text string, h check.Host, o codegen.Options) (p *plan.Plan, ok bool) {
	t.Helper()
	p, refusal := compileOr(t, name, text, h, o)
	if refusal != "" {
		t.Log(refusal)
	}
	return p, refusal == ""
}

// compileOr compiles a script for a machine, or says why it was refused.
func compileOr(t *testing.T, name, text string, h check.Host, o codegen.Options) (p *plan.Plan, refusal string) {
	t.Helper()
	lib := stdlib.Default()
	f := source.NewFile(name, text)
	script, diags := parse.Parse(f, parse.Options{IsValue: func(n string) bool {
		fn := lib.Func(n)
		return fn != nil && fn.Shape == check.Value
	}})
	settings, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	var program *check.Program
	if !diags.HasErrors() {
		program, diags = check.Check(script, lib, h, &check.Options{Config: settings, Unsafe: true, Offline: true})
	}
	for _, d := range diags {
		if d.Severity == source.Error {
			refusal += d.Error() + "\n"
		}
	}
	if refusal != "" {
		return nil, refusal
	}
	o.File, o.Verify = f, true
	p, err = codegen.Compile(program, lib, h, o)
	var d *source.Diagnostic
	if errors.As(err, &d) && (d.Code == "no-lowering" || d.Code == check.MissingFeature) {
		return nil, err.Error()
	}
	var full *alloc.FrameError
	if o.Plain && errors.As(err, &full) {
		return nil, "" // a place in memory for each value is too much for the stack
	}
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return p, ""
}

var extra = flag.String("scripts", "", "a folder of further scripts (*.bt) that must load if they check")

// scripts of the golden files, by name.
func scripts(t *testing.T) map[string]string {
	paths, err := filepath.Glob("../testdata/lower/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	out := map[string]string{}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".bt") {
				out[strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+f.Name] = string(f.Data)
			}
		}
	}
	more, _ := filepath.Glob(filepath.Join(*extra, "*.bt"))
	for _, path := range more {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(path)] = string(text)
	}
	return out
}

// Every script that the checker accepts must pass the kernel's verifier, also when
// the compiler makes do with what older kernels have.
func TestKernelAccepts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("loading programs needs root")
	}
	all := scripts(t)
	for _, version := range []feature.Version{{}, {Major: 6, Minor: 1}, {Major: 5, Minor: 15}, {Major: 5, Minor: 8}} {
		name, opt := "here", host.Options{}
		if version.Major > 0 {
			name, opt.Features = version.String(), feature.UpTo(version)
		}
		h := host.New(opt)
		t.Run(name, func(t *testing.T) {
			if running := featuretest.Version(); running.Less(version) {
				t.Skipf("needs Linux %s: this is %s", version, running)
			}
			for _, script := range slices.Sorted(maps.Keys(all)) {
				t.Run(script, func(t *testing.T) {
					p, refusal := compileOr(t, script, all[script], h, codegen.Options{})
					if p == nil {
						if version.Major == 0 {
							featuretest.Refused(t, refusal)
						}
						if !strings.Contains(refusal, "Missing required kernel feature") {
							t.Error(refusal)
						}
						t.Skipf("needs what this kernel or Linux %s lacks: %s", version, refusal)
					}
					verify(t, all[script], p)
				})
			}
		})
	}
}

func verify(t *testing.T, text string, p *plan.Plan) {
	t.Helper()
	err := runtime.Verify(p)
	var rejected *runtime.Rejected
	var refused *source.Diagnostic
	switch {
	case errors.As(err, &rejected):
		log := rejected.Log
		if n := 6000; len(log) > n {
			log = log[len(log)-n:]
		}
		t.Errorf("%s\n%v\n%s", text, err, log)
	case errors.As(err, &refused) && refused.Code == "map-size":
		t.Log(err) // kernels differ in how large they make maps
	case err != nil:
		if trampolines(p) {
			featuretest.Need(t, feature.Fentry)
		}
		t.Errorf("%s\n%v", text, err)
	}
}

// trampolines tells whether a plan has programs of fentry or fexit, which some
// machines refuse even to root.
func trampolines(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Programs, func(prog *plan.Program) bool {
		return prog.AttachType == ebpf.AttachTraceFEntry || prog.AttachType == ebpf.AttachTraceFExit
	})
}
