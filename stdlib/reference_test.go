package stdlib

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/source/golden"
	"sonde/stdlib/record"
)

// TestReference keeps the reference pages in docs equal to the records they are
// made from.
func TestReference(t *testing.T) {
	pages := map[string]string{
		"builtins.md": builtinPage(),
		"probes.md":   probePage(),
		"config.md":   configPage(),
	}
	for name, want := range pages {
		path := filepath.Join("..", "docs", name)
		if golden.Update() {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is not what the records say; make golden rewrites it", name)
		}
	}
}

const madeFrom = "<!-- Made from the records under stdlib by `make golden`; do not edit. -->\n\n"

var shapes = []struct {
	shape check.Shape
	title string
}{
	{check.Value, "Values"},
	{check.Function, "Functions"},
	{check.Aggregation, "Aggregations"},
}

func builtinPage() string {
	var b strings.Builder
	b.WriteString("# Builtin values, functions and aggregations\n\n" + madeFrom)
	for _, s := range shapes {
		fmt.Fprintf(&b, "## %s\n\n", s.title)
		for _, r := range Default().Builtins() {
			if r.Shape == s.shape {
				writeBuiltin(&b, r)
			}
		}
	}
	b.WriteString("## Functions written in the language\n\n")
	for _, name := range Default().ScriptNames() {
		writeScriptFunc(&b, name, Default().Script(name))
	}
	return b.String()
}

func writeScriptFunc(b *strings.Builder, name string, f *ScriptFunc) {
	fmt.Fprintf(b, "### %s\n\n", name)
	for _, form := range f.Forms {
		fmt.Fprintf(b, "    %s\n", form)
	}
	fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(f.Doc))
	var examples []record.Example
	for _, e := range f.Examples {
		examples = append(examples, record.Example{Script: e})
	}
	writeExamples(b, examples)
}

func writeBuiltin(b *strings.Builder, r *record.Builtin) {
	fmt.Fprintf(b, "### %s\n\n", r.Name)
	for _, form := range r.Forms() {
		fmt.Fprintf(b, "    %s\n", form)
	}
	fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(r.Doc))
	if r.Unsafe {
		b.WriteString("\nIt changes the system, and needs `--unsafe`.\n")
	}
	for _, f := range r.Needs {
		fmt.Fprintf(b, "\nNeeds %s.\n", f.Origin())
	}
	writeExamples(b, r.Examples)
}

func probePage() string {
	var b strings.Builder
	b.WriteString("# Probe types\n\n" + madeFrom)
	for _, p := range Default().Probes() {
		fmt.Fprintf(&b, "## %s\n\n", p.Name)
		for _, form := range p.Syntax {
			fmt.Fprintf(&b, "    %s\n", form)
		}
		if len(p.Aliases) > 0 {
			fmt.Fprintf(&b, "\nShort: %s.\n", strings.Join(p.Aliases, ", "))
		}
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(p.Doc))
		for _, f := range p.Needs {
			fmt.Fprintf(&b, "\nNeeds %s.\n", f.Origin())
		}
		writeExamples(&b, p.Examples)
	}
	return b.String()
}

func writeExamples(b *strings.Builder, examples []record.Example) {
	for _, e := range examples {
		fmt.Fprintf(b, "\n```\n%s\n```\n", strings.TrimSpace(e.Script))
		if e.Output != "" {
			fmt.Fprintf(b, "\nprints\n\n```\n%s\n```\n", strings.TrimSpace(e.Output))
		}
	}
	b.WriteString("\n")
}

func configPage() string {
	var b strings.Builder
	b.WriteString("# Settings\n\n" + madeFrom)
	b.WriteString("A script sets them in its `config = { … }` block; the environment variable wins over it.\n\n")
	defaults := config.Default()
	for _, s := range config.Settings {
		fmt.Fprintf(&b, "## %s\n\nEnvironment: `%s`. Default: `%s`.\n\n%s\n\n", s.Name, s.EnvName(), s.Get(&defaults), strings.TrimSpace(s.Doc))
	}
	return b.String()
}
