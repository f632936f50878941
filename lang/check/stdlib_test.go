package check_test

import (
	"slices"
	"testing"

	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/stdlib"
	"sonde/stdlib/record"
)

// TestExamples checks every example of the standard library: they are what the
// reference shows, so they must be without error or warning.
func TestExamples(t *testing.T) {
	lib := stdlib.Default()
	try := func(name string, examples []record.Example) {
		t.Run(name, func(t *testing.T) {
			for _, e := range examples {
				_, list := checkText(lib, e.Script)
				for _, d := range list {
					t.Errorf("%s\n%s", e.Script, d.Error())
				}
			}
		})
	}
	for _, b := range lib.Builtins() {
		try(b.Name, b.Examples)
	}
	for _, p := range lib.Probes() {
		try(p.Name, p.Examples)
	}
}

func checkText(lib *stdlib.Library, text string) (*check.Program, source.List) {
	script, list := parse.Parse(source.NewFile("example", text), parse.Options{IsValue: func(name string) bool {
		fn := lib.Func(name)
		return fn != nil && fn.Shape == check.Value
	}})
	if list.HasErrors() {
		return nil, list
	}
	p, more := check.Check(script, lib, hosttest.New(), &check.Options{Unsafe: true, Offline: true, ChildPID: 4242, Command: "x", Params: []string{"1"}})
	return p, slices.Concat(list, more)
}

// TestNoBTF checks the same on a kernel without type information: there may be
// errors, but no panic, and each has a place.
func TestNoBTF(t *testing.T) {
	lib, host := stdlib.Default(), hosttest.New()
	host.Types = nil
	for _, b := range lib.Builtins() {
		for _, e := range b.Examples {
			script, _ := parse.Parse(source.NewFile("example", e.Script), parse.Options{})
			_, list := check.Check(script, lib, host, nil)
			for _, d := range list {
				if !d.Span.IsValid() {
					t.Errorf("%s\n%s has no place", e.Script, d.Error())
				}
			}
		}
	}
}

// TestSessionMaps checks scripts of a session one after the other: maps live on,
// and their types do not change.
func TestSessionMaps(t *testing.T) {
	lib := stdlib.Default()
	var maps []*check.Map
	for _, c := range []struct{ script, err string }{
		{`begin { @n[comm] = count(); @v = (uint32)5; }`, ""},
		{`begin { @v = 7; print(@n); }`, ""},
		{`begin { @v = "text"; }`, "Type mismatch for @v: trying to assign value of type 'string[5]' when map already has a type 'uint32'"},
		{`begin { @v = nsecs; }`, "Type mismatch for @v: trying to assign value of type 'uint64' when map already has a type 'uint32'"},
		{`begin { @n[1] = count(); }`, "Argument mismatch for @n: trying to access with arguments: 'int8' when map expects arguments: 'string[16]'"},
		{`begin { print(@v + @new); @new = @v; }`, ""},
	} {
		script, _ := parse.Parse(source.NewFile("line", c.script), parse.Options{})
		p, list := check.Check(script, lib, hosttest.New(), &check.Options{Maps: maps})
		got := ""
		for _, d := range list {
			got = d.Msg
		}
		if got != c.err {
			t.Errorf("%s: got %q", c.script, got)
		}
		if c.err != "" {
			continue
		}
		for _, m := range p.Maps {
			if !slices.Contains(maps, m) {
				maps = append(maps, m)
			}
		}
	}
	if len(maps) != 3 {
		t.Errorf("%d maps in the session", len(maps))
	}
}
