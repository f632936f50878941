package codegen_test

import (
	"fmt"
	"strings"
	"testing"

	"sonde/codegen"
	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/source/golden"
	"sonde/stdlib"
)

// The same scripts, compiled for every processor, wherever this runs.
func TestConventions(t *testing.T) {
	golden.Archives(t, "../testdata/arch/conventions.txtar", func(t *testing.T, a *golden.Archive) {
		for name, script := range a.Scripts() {
			for _, processor := range arch.Names() {
				a.Expect(t, name+"."+processor, assembly(t, name+".bt", script, processor))
			}
		}
	})
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
