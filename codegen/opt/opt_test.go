package opt

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/codegen/ssa/ssagen"
	"sonde/lang/source/golden"
)

// TestGolden runs the pass that a file is named after on each program of the
// file and compares with the section that follows it. The file run.txt is for
// all passes together.
func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	golden.Archives(t, "../../testdata/ssa/opt/*.txt", func(t *testing.T, a *golden.Archive) {
		pass := strings.ReplaceAll(a.Name, "_", " ")
		seen[pass] = true
		for _, in := range slices.Clone(a.Files) {
			if !strings.HasSuffix(in.Name, " → "+pass) {
				a.Expect(t, in.Name+" → "+pass, after(t, pass, in.Name, string(in.Data)))
			}
		}
	})
	for _, p := range passes {
		if !seen[p.name] && !strings.HasPrefix(p.name, "late ") && !strings.HasPrefix(p.name, "repeat ") {
			t.Errorf("pass %s has no golden file", p.name)
		}
	}
}

// after is a program as a pass leaves it.
func after(t *testing.T, pass, name, text string) string {
	t.Helper()
	p, err := ssa.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if pass != "unreachable" && pass != "functions" {
		if err := ssa.Verify(p); err != nil {
			t.Fatalf("%s before: %v", name, err)
		}
	}
	if pass == "run" {
		err = Run(p, Options{Verify: true})
	} else {
		_, err = RunPass(pass, p)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := ssa.Verify(p); err != nil {
		t.Errorf("%s after: %v\n%s", name, err, p)
	}
	return p.String()
}

// outcome is everything that can be seen of some runs of a program.
func outcome(t testing.TB, p *ssa.Program, seed uint64) string {
	var s strings.Builder
	m := interp.New(seed)
	for run := range uint64(3) {
		ctx := m.Memory.Kernel(seed*8+run, ssagen.ContextSize)
		if run == 1 {
			clear(ctx)
		}
		n, err := m.Run(p, ctx)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, p)
		}
		s.WriteString(strings.Join(append(m.Log, m.Contents()...), "\n"))
		fmt.Fprintf(&s, "\nreturn %#x\n", n)
	}
	return s.String()
}

// differ runs a pass, or all, on the program of a seed and compares outcomes.
func differ(t testing.TB, seed uint64, passes ...string) {
	p := ssagen.Program(seed, ssagen.Options{})
	before := p.String()
	want := outcome(t, p, seed)
	check := func(pass string) {
		if err := ssa.Verify(p); err != nil {
			t.Fatalf("seed %d, after %s: %v\nbefore\n%s\nafter\n%s", seed, pass, err, before, p)
		}
		if got := outcome(t, p, seed); got != want {
			t.Fatalf("seed %d: %s changed the outcome from\n%s\nto\n%s\nbefore\n%s\nafter\n%s", seed, pass, want, got, before, p)
		}
	}
	for _, pass := range passes {
		if _, err := RunPass(pass, p); err != nil {
			t.Fatal(err)
		}
		check(pass)
	}
	if len(passes) > 0 {
		return
	}
	if err := Run(p, Options{Verify: true}); err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, before)
	}
	check("all passes")
	text := p.String()
	if err := Run(p, Options{}); err != nil {
		t.Fatal(err)
	}
	q := ssagen.Program(seed, ssagen.Options{})
	if err := Run(q, Options{}); err != nil || q.String() != text {
		t.Fatalf("seed %d: the result differs from run to run: %v", seed, err)
	}
}

var programs = flag.Uint64("programs", 500, "generated programs for each pass, and thrice as many for all together")

// TestPasses runs each pass alone on generated programs.
func TestPasses(t *testing.T) {
	for i, ps := range passes {
		t.Run(ps.name, func(t *testing.T) {
			for seed := range *programs {
				differ(t, seed+*programs*uint64(i), ps.name)
			}
		})
	}
}

// TestRun runs all of them.
func TestRun(t *testing.T) {
	for seed := range 3 * *programs {
		differ(t, seed+1<<32)
	}
}

func FuzzRun(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { differ(t, seed) })
}

func BenchmarkRun(b *testing.B) {
	n := 0
	for i := range b.N {
		b.StopTimer()
		p := ssagen.Program(uint64(i), ssagen.Options{Statements: 30})
		n += p.Funcs[0].NumValues()
		b.StartTimer()
		if err := Run(p, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/float64(b.N), "values/op")
}
