package codegen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/source/golden"
	"sonde/lang/types"
	"sonde/stdlib"
)

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
	golden.Archives(t, "../testdata/plan/mechanisms.txtar", func(t *testing.T, a *golden.Archive) {
		for name, script := range a.Scripts() {
			got := mechanisms(t, name+".bt", script, "amd64")
			a.Expect(t, name+".plan", got)
			if arm := mechanisms(t, name+".bt", script, "arm64"); arm != got {
				t.Errorf("%s on arm64:\n%s\nwant what amd64 gets:\n%s", name, arm, got)
			}
		}
	})
}

func mechanisms(t *testing.T, name, text, arch string) string {
	t.Helper()
	host := hosttest.New()
	host.Machine, host.Types = arch, moreFunctions{host.Types}
	for c := 'a'; c <= 'p'; c++ {
		host.Funcs = append(host.Funcs, "vmlinux:wide_"+string(c))
	}
	host.Debug = map[string][]check.KernelPlace{"inlined": {
		{Function: "vfs_read", Offset: 16, Address: 0xffffffff81200010},
		{Function: "inlined.isra.0", Address: 0xffffffff81200800},
		{Function: "rcu_read_lock", Offset: 4, Address: 0xffffffff81200a04},
	}}
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
