package codegen_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/codegen"
	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/stdlib"
)

// The same scripts, compiled for every processor, wherever this runs.
func TestConventions(t *testing.T) {
	path := filepath.Join("..", "testdata", "arch", "conventions.txtar")
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
		out.Files = append(out.Files, f)
		for _, processor := range arch.Names() {
			file := name + "." + processor
			got := assembly(t, f.Name, string(f.Data), processor)
			out.Files = append(out.Files, txtar.File{Name: file, Data: []byte(got)})
			if !*update && got != want[file] {
				t.Errorf("%s:\n%s\nwant:\n%s", file, got, want[file])
			}
		}
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// registers is a Set under which kprobes stay what they are, with registers.
type registers struct{ feature.Set }

// Has implements feature.Set.
func (s registers) Has(f *feature.Feature) bool { return f != feature.FentryCalm && s.Set.Has(f) }

// assembly is the code of a script on a processor, or what is wrong with it.
func assembly(t *testing.T, name, text, processor string) string {
	t.Helper()
	host := hosttest.New()
	host.Machine = processor
	host.Set = registers{host.Set}
	call := host.Arch().Syscall + "getpgid"
	host.Funcs = append(host.Funcs, "vmlinux:"+call)
	host.Kallsyms[call] = 0xffffffff81300000
	lib := stdlib.Default()
	var b strings.Builder
	wrong := func(diags source.List) string {
		for _, d := range diags {
			fmt.Fprintf(&b, "%v\n", d)
			if d.Hint != "" {
				fmt.Fprintf(&b, "HINT: %s\n", d.Hint)
			}
		}
		return b.String()
	}
	file := source.NewFile(name, text)
	script, diags := parse.Parse(file, parse.Options{IsValue: func(n string) bool {
		f := lib.Func(n)
		return f != nil && f.Shape == check.Value
	}})
	if diags.HasErrors() {
		t.Fatal(diags[0])
	}
	program, diags := check.Check(script, lib, host, &check.Options{})
	if diags.HasErrors() {
		return wrong(diags)
	}
	_, err := codegen.Compile(program, lib, host, codegen.Options{
		Verify: true, Stages: []string{"asm"},
		Dump: func(_, program, text string) { fmt.Fprintf(&b, "%s:\n%s", program, text) },
	})
	if err != nil {
		t.Fatalf("%s on %s: %v", name, processor, err)
	}
	return b.String()
}
