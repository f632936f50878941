package codegen_test

import (
	"os"
	"path/filepath"
	"testing"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/runtime/host"
	"sonde/stdlib"
)

// FuzzCompile compiles whatever checks, with both allocators, with and without
// optimisation, for old and new kernels: each must succeed with the SSA verified
// after every pass. As root the running kernel's verifier must take it too.
func FuzzCompile(f *testing.F) {
	for _, b := range stdlib.Default().Builtins() {
		for _, e := range b.Examples {
			f.Add(e.Script)
		}
	}
	paths, _ := filepath.Glob("../examples/*.bt")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	oldest := hosttest.New()
	oldest.Set = feature.UpTo(feature.Version{Major: 5, Minor: 10})
	hosts := []check.Host{hosttest.New(), oldest}
	here := host.New(host.Options{})
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range hosts {
			for _, o := range []codegen.Options{{}, {Plain: true}} {
				if _, ok := compile(t, "fuzz", text, h, o); !ok {
					return
				}
			}
		}
		if os.Geteuid() != 0 {
			return
		}
		p, ok := compile(t, "fuzz", text, here, codegen.Options{})
		if !ok {
			return
		}
		verify(t, text, p)
	})
}
