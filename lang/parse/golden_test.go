package parse

import (
	"strings"
	"testing"

	"sonde/lang/ast"
	"sonde/lang/source"
	"sonde/lang/source/golden"
)

// testOptions know a few names of values, as the real library would.
var testOptions = Options{IsValue: func(name string) bool {
	return name == "pid" || name == "tid" || name == "arg0" || name == "args"
}}

// TestGolden runs the archives of testdata/parse. A file "name" is a script; a
// file "name: kind" after it is what comes of it: its tree (ast), its tree with
// places (places), what is wrong with it (errors), its canonical form (format).
func TestGolden(t *testing.T) {
	golden.Archives(t, "../../testdata/parse/*.txtar", func(t *testing.T, a *golden.Archive) {
		scripts := map[string]string{}
		for _, f := range a.Files {
			name, kind, ok := strings.Cut(f.Name, ": ")
			if !ok {
				scripts[name] = string(f.Data)
				continue
			}
			script, ok := scripts[name]
			if !ok {
				t.Fatalf("%q has no script", f.Name)
			}
			t.Run(name, func(t *testing.T) {
				a.Expect(t, f.Name, render(t, kind, source.NewFile("stdin", script)))
			})
		}
	})
}

func render(t *testing.T, kind string, f *source.File) string {
	t.Helper()
	script, list := Parse(f, testOptions)
	var b strings.Builder
	if err := list.Render(&b, []*source.File{f}, false); err != nil {
		t.Fatal(err)
	}
	if (len(list) > 0) != (kind == "errors") {
		t.Errorf("%d errors\n%s", len(list), b.String())
	}
	switch kind {
	case "ast":
		return ast.Dump(script, false)
	case "places":
		return ast.Dump(script, true)
	case "format":
		return ast.Format(script)
	case "errors":
		return b.String()
	}
	t.Fatalf("unknown kind %q", kind)
	return ""
}
