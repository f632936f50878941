package emit_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	"sonde/codegen/alloc"
	"sonde/codegen/codegentest"
	"sonde/codegen/emit"
	"sonde/codegen/emit/machine"
	"sonde/codegen/lower"
	"sonde/codegen/opt"
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/stdlib"
)

// allScripts gives every script of the repository that may be compiled: those of
// the golden files and examples, and the examples of all records.
func allScripts(t testing.TB) map[string]string {
	all := codegentest.Scripts(t)
	lib := stdlib.Default()
	for _, b := range lib.Builtins() {
		for i, e := range b.Examples {
			all[fmt.Sprintf("stdlib/%s/%d", b.Name, i+1)] = e.Script
		}
	}
	for _, p := range lib.Probes() {
		for i, e := range p.Examples {
			all[fmt.Sprintf("stdlib/%s/%d", p.Name, i+1)] = e.Script
		}
	}
	return all
}

// checked checks a script; ok is false when it is refused.
func checked(t testing.TB, name, text string, h check.Host) (*check.Program, bool) {
	lib := stdlib.Default()
	script, diags := parse.Parse(source.NewFile(name, text), parse.Options{IsValue: func(n string) bool {
		fn := lib.Func(n)
		return fn != nil && fn.Shape == check.Value
	}})
	if diags.HasErrors() {
		return nil, false
	}
	settings, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, diags := check.Check(script, lib, h, &check.Options{Config: settings, Unsafe: true, Offline: true})
	return p, !diags.HasErrors()
}

// contextBytes are as many as the context of any program has.
var contextBytes = func() []byte {
	ctx := make([]byte, 4096)
	for i := range ctx {
		ctx[i] = byte(i*37 + i/8)
	}
	return ctx
}()

// TestScriptsAgree runs every script on the model of the kernel, several times over,
// as lowered and as optimised, by the SSA interpreter and by the code of both
// allocators. All must do the same.
func TestScriptsAgree(t *testing.T) {
	oldest := hosttest.New()
	oldest.Set = feature.UpTo(feature.Version{Major: 5, Minor: 10})
	for name, h := range map[string]*hosttest.Host{"newest": hosttest.New(), "oldest": oldest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran, endless := 0, 0
			all := allScripts(t)
			for _, script := range slices.Sorted(maps.Keys(all)) {
				p, ok := checked(t, script, all[script], h)
				if !ok {
					continue
				}
				switch err := scriptAgrees(p, h); {
				case errors.Is(err, interp.ErrSteps):
					endless++
				case err != nil:
					t.Errorf("%s: %v\n%s", script, err, all[script])
				}
				ran++
			}
			t.Logf("%d of %d scripts ran, %d of them would not end", ran, len(all), endless)
			if ran < 300 || endless > 8 {
				t.Error("far too few scripts ran to their end")
			}
		})
	}
}

// scriptAgrees lowers a script as the compiler does, with less and less on the stack
// until it fits.
func scriptAgrees(p *check.Program, h check.Host) error {
	for _, limit := range []int{32, 8, -1} {
		err := attempt(p, h, limit)
		var full *alloc.FrameError
		if !errors.As(err, &full) {
			return err
		}
	}
	return nil
}

// attempt compares a script's programs, unless they do not fit the stack.
func attempt(p *check.Program, h check.Host, limit int) error {
	var want string
	for _, optimised := range []bool{false, true} {
		low, err := lower.Lower(p, stdlib.Default(), h, lower.Options{FrameLimit: limit})
		var d *source.Diagnostic
		if errors.As(err, &d) {
			return nil // the machine can't
		}
		if err != nil {
			return err
		}
		if optimised {
			o := opt.Options{}
			if limit < 0 {
				o.Disable = []string{"loads"}
			}
			for _, prog := range low.Programs {
				if err := opt.Run(prog, o); err != nil {
					return err
				}
			}
		}
		got, err := sequence(low, func(m *interp.Machine, prog *ssa.Program) (uint64, error) { return m.Run(prog, contextBytes) })
		if err != nil {
			return fmt.Errorf("optimised %v: interpreter: %w", optimised, err)
		}
		if want == "" {
			want = got
		} else if got != want {
			return fmt.Errorf("optimised: %s", difference(got, want))
		}
		for _, a := range bothAllocators {
			got, err := sequence(low, func(m *interp.Machine, prog *ssa.Program) (uint64, error) {
				code, funcs, err := compile(prog, a.allocate, emit.Options{Features: h.Features(), StackLimit: 1 << 20})
				if err != nil {
					return 0, err
				}
				var frame int32
				for _, f := range funcs {
					frame = max(frame, f.Frame)
				}
				return machine.New(m, prog, code, frame).Run(contextBytes)
			})
			if err != nil {
				return fmt.Errorf("optimised %v: %s allocator: %w", optimised, a.name, err)
			}
			if got != want {
				return fmt.Errorf("optimised %v: %s allocator: %s", optimised, a.name, difference(got, want))
			}
		}
	}
	return nil
}

// sequence runs all programs of a script on one machine, and all once more, so that
// they find in maps what they left there.
func sequence(low *lower.Result, run func(*interp.Machine, *ssa.Program) (uint64, error)) (string, error) {
	m := interp.New(1)
	m.Arrays = map[string]bool{}
	m.Steps *= 16
	for _, km := range low.Plan.Maps {
		m.Arrays[km.Name] = km.Type == ebpf.Array || km.Type == ebpf.PerCPUArray
	}
	var out strings.Builder
	for range 2 {
		for _, prog := range low.Programs {
			ret, err := run(m, prog)
			if err != nil {
				return "", fmt.Errorf("%s: %w", prog.Name, err)
			}
			fmt.Fprintf(&out, "%s gives %#x\n", prog.Name, ret)
		}
	}
	out.WriteString(strings.Join(m.Log, "\n") + "\n" + strings.Join(m.Contents(), "\n"))
	return out.String(), nil
}

// difference shows the first line in which two outcomes differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is\n%s\nwant\n%s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}
