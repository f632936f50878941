package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/check/hosttest"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib"
)

// FuzzCheck checks whatever parses: it must not panic, must say the same twice,
// and must leave no type of inference behind in an accepted script.
func FuzzCheck(f *testing.F) {
	files, _ := filepath.Glob("../../testdata/check/*.bt")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range chunks(string(text)) {
			f.Add(c)
		}
	}
	for _, b := range stdlib.Default().Builtins() {
		for _, e := range b.Examples {
			f.Add(e.Script)
		}
	}
	host := hosttest.New()
	f.Fuzz(func(t *testing.T, text string) {
		for _, lib := range []check.Library{checktest.New(), stdlib.Default()} {
			a := outcome(t, lib, host, text)
			if b := outcome(t, lib, host, text); a != b {
				t.Fatalf("two outcomes:\n%s\n---\n%s", a, b)
			}
		}
	})
}

func outcome(t *testing.T, lib check.Library, host check.Host, text string) string {
	file := source.NewFile("fuzz", text)
	script, list := parse.Parse(file, parse.Options{})
	if list.HasErrors() {
		return ""
	}
	p, list := check.Check(script, lib, host, &check.Options{Unsafe: true, Offline: true, Params: []string{"7", "word"}})
	out := ""
	for _, d := range list {
		out += d.Error() + "\n"
	}
	if list.HasErrors() {
		return out
	}
	for _, in := range p.Instances {
		for e, typ := range in.Info.Types {
			if !types.Same(typ, types.Settle(typ)) {
				t.Errorf("%s: %T has the type %#v", e.Span(), e, typ)
			}
		}
		for _, v := range in.Vars {
			if v.Type != nil && !types.Same(v.Type, types.Settle(v.Type)) {
				t.Errorf("%s has the type %#v", v.Name, v.Type)
			}
		}
	}
	return out + fmt.Sprint(check.Dump(p))
}
