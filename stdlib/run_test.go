package stdlib

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/source/golden"
	"sonde/runtime"
	"sonde/runtime/event"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
	"sonde/runtime/render"
	"sonde/runtime/services"
	"sonde/stdlib/record"
)

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loading programs needs root")
	}
}

var machine = sync.OnceValue(func() *host.Host { return host.New(host.Options{}) })

// run runs a script to its end on this machine, and gives what it wrote on
// standard output and standard error.
func run(t *testing.T, name, text string, json bool) (out, errs string) {
	t.Helper()
	l, file := Default(), source.NewFile(name, text)
	fail := func(d source.List, err error) {
		t.Helper()
		var msg strings.Builder
		_ = d.Render(&msg, []*source.File{file}, false)
		featuretest.Refused(t, fmt.Sprint(msg.String(), err))
		t.Fatalf("%s\n%s%v", text, msg.String(), err)
	}
	script, diags := parse.Parse(file, parse.Options{IsValue: func(name string) bool {
		f := l.Func(name)
		return f != nil && f.Shape == check.Value
	}})
	if diags.HasErrors() {
		fail(diags, nil)
	}
	settings, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	program, diags := check.Check(script, l, machine(), &check.Options{Unsafe: true, Config: settings})
	if diags.HasErrors() {
		fail(diags, nil)
	}
	p, err := codegen.Compile(program, l, machine(), codegen.Options{File: file, Verify: true})
	if err != nil {
		fail(nil, err)
	}
	env := runtime.NewEnv(services.New(services.Options{Kernel: machine().Kernel, Trailer: p.Config.StrTruncTrailer}))
	var stdout, stderr bytes.Buffer
	opts := render.Options{Out: &stdout, Err: &stderr, Env: env}
	var output event.Output = render.NewText(opts)
	if json {
		output = render.NewJSON(opts)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	session, err := runtime.Start(ctx, p, runtime.Options{
		Output: output, Handlers: l.Handlers(), Env: env, Quiet: true,
		Report: func(d *source.Diagnostic) { stderr.WriteString(d.Error() + "\n") },
	})
	if err != nil {
		fail(nil, err)
	}
	if _, err := session.Wait(); err != nil {
		fail(nil, err)
	}
	return stdout.String(), stderr.String()
}

// TestExamplesRun runs the examples whose output is certain.
func TestExamplesRun(t *testing.T) {
	needRoot(t)
	examples(Default(), func(name string, e record.Example) {
		if e.Output == "" {
			return
		}
		t.Run(name, func(t *testing.T) {
			out, errs := run(t, "example", e.Script, false)
			if got := strings.TrimSuffix(out, "\n\n"); got != e.Output {
				t.Errorf("%s\n got %q\nwant %q", e.Script, got, e.Output)
			}
			if errs != "" {
				t.Errorf("%s\non standard error: %s", e.Script, errs)
			}
		})
	})
}

// TestRun runs the scripts of testdata/run. An archive holds scripts NAME.bt, each
// followed by what it writes: NAME.txt as text, NAME.json with -f json, NAME.err
// on standard error; -update rewrites those that are there.
func TestRun(t *testing.T) {
	needRoot(t)
	golden.Archives(t, "../testdata/run/*.txtar", runArchive)
}

func runArchive(t *testing.T, a *golden.Archive) {
	scripts, reports := map[string]string{}, map[string]bool{}
	for _, f := range a.Files {
		if name, ok := strings.CutSuffix(f.Name, ".err"); ok {
			reports[name] = true
		}
	}
	for _, f := range a.Files {
		name, kind, _ := strings.Cut(f.Name, ".")
		if kind == "bt" {
			scripts[name] = string(f.Data)
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			script, ok := scripts[name]
			if !ok {
				t.Fatalf("no script %s.bt before it", name)
			}
			got, errs := run(t, name+".bt", script, kind == "json")
			if kind == "err" {
				got = errs
			}
			a.Expect(t, f.Name, got)
			if errs != "" && kind != "err" && !reports[name] {
				t.Errorf("%s on standard error: %s", script, errs)
			}
		})
	}
}
