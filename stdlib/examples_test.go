package stdlib

import (
	"testing"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/config"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/runtime/feature/featuretest"
	"sonde/stdlib/record"
)

// examples calls f with every example of every record.
func examples(l *Library, f func(name string, e record.Example)) {
	for _, b := range l.Builtins() {
		for _, e := range b.Examples {
			f(b.Name, e)
		}
	}
	for _, p := range l.Probes() {
		for _, e := range p.Examples {
			f(p.Name, e)
		}
	}
	for _, name := range l.ScriptNames() {
		examples := l.Script(name).Examples
		for _, script := range examples {
			f(name, record.Example{Script: script})
		}
	}
}

// compile takes a script through all that needs no kernel.
func compile(t *testing.T, l *Library, host check.Host, text string) {
	t.Helper()
	file := source.NewFile("example", text)
	script, diags := parse.Parse(file, parse.Options{IsValue: func(name string) bool {
		f := l.Func(name)
		return f != nil && f.Shape == check.Value
	}})
	if len(diags) > 0 {
		t.Fatalf("%s\n%v", text, diags)
	}
	settings, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	opt := &check.Options{Offline: true, Unsafe: true, Config: settings, Command: "true", ChildPID: 1}
	program, diags := check.Check(script, l, host, opt)
	if len(diags) > 0 {
		t.Fatalf("%s\n%v", text, diags)
	}
	if _, err := codegen.Compile(program, l, host, codegen.Options{File: file, Verify: true}); err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
}

func TestExamplesCompile(t *testing.T) {
	featuretest.NeedTime(t)
	l := Default()
	examples(l, func(name string, e record.Example) {
		t.Run(name, func(t *testing.T) { compile(t, l, hosttest.New(), e.Script) })
	})
}

// TestEveryRecordHasAnExample keeps the reference useful.
func TestEveryRecordHasAnExample(t *testing.T) {
	l := Default()
	for _, b := range l.Builtins() {
		if len(b.Examples) == 0 {
			t.Errorf("%s has no example", b.Name)
		}
	}
	for _, p := range l.Probes() {
		if len(p.Examples) == 0 {
			t.Errorf("%s has no example", p.Name)
		}
	}
	for _, name := range l.ScriptNames() {
		if f := l.Script(name); f.Doc == "" || len(f.Examples) == 0 {
			t.Errorf("%s has no reference text or example", name)
		}
	}
}
