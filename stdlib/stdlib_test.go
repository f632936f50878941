package stdlib

import (
	"testing"

	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/stdlib/record"
)

func TestLookup(t *testing.T) {
	family := &record.Builtin{Func: check.Func{Name: "argN"}, Indexed: "arg"}
	plain := &record.Builtin{Func: check.Func{Name: "plain", Aliases: []string{"other"}}}
	probe := &record.Probe{Provider: check.Provider{Name: "interval", Aliases: []string{"i"}}}
	l := New([]*record.Builtin{family, plain}, []*record.Probe{probe})

	for _, name := range []string{"arg0", "arg7", "arg255"} {
		if l.Func(name) == nil || l.Builtin(name) != family {
			t.Errorf("%s: not found", name)
		}
	}
	if l.Builtin("argN") != family {
		t.Error("argN: not found")
	}
	// The family's name is for people; in a script it has no number.
	for _, name := range []string{"argN", internal + "argN", "arg", "arg256", "arg00", "arg1x", "Plain", "args", ""} {
		if l.Func(name) != nil {
			t.Errorf("%q: found", name)
		}
	}
	if l.Builtin("other") != plain || l.Probe("INTERVAL") != probe || l.Probe("I") != probe || l.Probe("x") != nil {
		t.Error("aliases")
	}

	c := &check.Call{Node: &ast.Ident{Name: "arg12"}}
	l.Func("arg12").Check(c)
	if c.Data != 12 {
		t.Errorf("index %v, want 12", c.Data)
	}
}

func TestDefault(t *testing.T) {
	l := Default() // panics when two records share a name
	for _, b := range l.Builtins() {
		if b.Doc == "" {
			t.Errorf("%s: no reference text", b.Name)
		}
		set := 0
		for _, ok := range []bool{b.Operand != nil, b.Value != nil, b.Into != nil, b.Update != nil} {
			if ok {
				set++
			}
		}
		if set != 1 {
			t.Errorf("%s: %d lowerings, want 1", b.Name, set)
		}
	}
	for _, p := range l.Probes() {
		if p.Doc == "" || len(p.Syntax) == 0 {
			t.Errorf("%s: no reference text or syntax", p.Name)
		}
	}
}
