package parse

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/lang/ast"
	"sonde/lang/source"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/parse")

// testOptions know a few names of values, as the real library would.
var testOptions = Options{IsValue: func(name string) bool {
	return name == "pid" || name == "tid" || name == "arg0" || name == "args"
}}

// TestGolden runs the archives of testdata/parse. A file "name" is a script; a
// file "name: kind" after it is what comes of it: its tree (ast), its tree with
// places (places), what is wrong with it (errors), its canonical form (format).
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/parse/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { golden(t, path) })
	}
}

func golden(t *testing.T, path string) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{}
	for i := range a.Files {
		f := &a.Files[i]
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
			got := render(t, kind, source.NewFile("stdin", script))
			if *update {
				f.Data = []byte(got)
			} else if got != string(f.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, f.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
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
