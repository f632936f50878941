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
