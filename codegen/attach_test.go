package codegen_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib"
)

var update = flag.Bool("update", false, "rewrite golden files")

// moreFunctions adds to a machine's types what sessions need, and functions enough for a
// wide wildcard: wide_a, wide_b, ….
type moreFunctions struct{ types.BTF }

// Func implements types.BTF.
func (w moreFunctions) Func(module, name string) (*types.Func, bool) {
	switch {
	case name == "bpf_session_is_return":
		return &types.Func{Name: name, ID: 9100}, true
	case strings.HasPrefix(name, "wide_"):
		return &types.Func{Name: name, Module: "vmlinux", ID: 9200 + uint32(name[len("wide_")]), Result: types.Int32}, true
	}
	return w.BTF.Func(module, name)
}

// Which mechanism a probe gets, by the features of the kernel. The first line of a script
// is a comment with the kernel's version, and what --no-feature names.
func TestMechanisms(t *testing.T) {
	path := filepath.Join("..", "testdata", "plan", "mechanisms.txtar")
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := &txtar.Archive{Comment: archive.Comment}
	want := map[string]string{}
	for _, f := range archive.Files {
		want[f.Name] = string(f.Data)
	}
	for _, f := range archive.Files {
		name, isScript := strings.CutSuffix(f.Name, ".bt")
		if !isScript {
			continue
		}
		for _, arch := range []string{"amd64", "arm64"} {
			got := mechanisms(t, f.Name, string(f.Data), arch)
			if arch == "amd64" {
				out.Files = append(out.Files, f, txtar.File{Name: name + ".plan", Data: []byte(got)})
			}
			if !*update && got != want[name+".plan"] {
				t.Errorf("%s on %s:\n%s\nwant:\n%s", name, arch, got, want[name+".plan"])
			}
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func mechanisms(t *testing.T, name, text, arch string) string {
	t.Helper()
	host := hosttest.New()
	host.Machine, host.Types = arch, moreFunctions{host.Types}
	for c := 'a'; c <= 'p'; c++ {
		host.Funcs = append(host.Funcs, "vmlinux:wide_"+string(c))
	}
	first, _, _ := strings.Cut(text, "\n")
	var v feature.Version
	if _, err := fmt.Sscanf(first, "// %d.%d", &v.Major, &v.Minor); err != nil {
		t.Fatalf("%s: no kernel version: %q", name, first)
	}
	set := feature.Only{}
	for _, f := range feature.All() {
		set[f] = !v.Less(f.Since) && !slices.Contains(strings.Fields(first), f.Name)
	}
	host.Set = set
	lib := stdlib.Default()
	script, diags := parse.Parse(source.NewFile(name, text), parse.Options{})
	if diags.HasErrors() {
		t.Fatal(diags[0])
	}
	program, diags := check.Check(script, lib, host, &check.Options{})
	if diags.HasErrors() {
		t.Fatalf("%s: %v", name, diags[0])
	}
	p, err := codegen.Compile(program, lib, host, codegen.Options{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var b strings.Builder
	for i, prog := range p.Programs {
		fmt.Fprintf(&b, "%s: %v, %v", prog.Name, prog.Type, prog.AttachType)
		if prog.AttachTo != "" {
			fmt.Fprintf(&b, ", bound to %s", prog.AttachTo)
		}
		b.WriteString("\n")
		for _, a := range p.Attach {
			if a.Program == i {
				fmt.Fprintf(&b, "  %s %+v cookie %d\n", a.Name, a.How, a.Cookie)
			}
		}
	}
	return b.String()
}
