package emit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/emit/machine"
	"sonde/codegen/opt"
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/codegen/ssa/ssagen"
	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// generated is how many programs to compare: SONDE_GENERATED, or this many.
func generated(t testing.TB, n int) int {
	if s := os.Getenv("SONDE_GENERATED"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("SONDE_GENERATED: %v", err)
		}
		return n
	}
	return n
}

var testContext = func() []byte {
	ctx := make([]byte, 64)
	for i := range ctx {
		ctx[i] = byte(i*37 + i/8)
	}
	return ctx
}()

// outcome is all that a run shows to the outside.
func outcome(ret uint64, err error, m *interp.Machine) string {
	return fmt.Sprintf("%#x %v\n%s\n%s", ret, err, strings.Join(m.Log, "\n"), strings.Join(m.Contents(), "\n"))
}

var bothISAs = []emit.Options{{}, {Features: feature.Only{feature.ISAv4: true}}}

var bothAllocators = []struct {
	name     string
	allocate allocator
}{{"real", alloc.Allocate}, {"trivial", alloc.Trivial}}

// agree compares the SSA interpreter with the code of both allocators on the
// model of the machine.
func agree(p *ssa.Program, isa int, ctx []byte) error {
	m := interp.New(1)
	ret, err := m.Run(p, ctx)
	if err != nil {
		return fmt.Errorf("interpreter: %w", err)
	}
	want := outcome(ret, nil, m)
	for _, a := range bothAllocators {
		opt := bothISAs[isa]
		opt.StackLimit = 1 << 20
		code, funcs, err := compile(p, a.allocate, opt)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		var frame int32
		for _, f := range funcs {
			frame = max(frame, f.Frame)
		}
		m := interp.New(1)
		ret, err := machine.New(m, p, code, frame).Run(ctx)
		if got := outcome(ret, err, m); got != want {
			return fmt.Errorf("%s allocator, instruction set %d:\n%s\nwant\n%s\ncode\n%s", a.name, 3+isa, got, want, dump(code, funcs))
		}
	}
	return nil
}

func dump(code *emit.Code, funcs []*alloc.Result) string {
	var b strings.Builder
	for _, f := range funcs {
		b.WriteString(f.String())
	}
	code.Print(&b, nil)
	return b.String()
}

func randomChoices(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	choices := make([]byte, 20+r.IntN(800))
	for i := range choices {
		choices[i] = byte(r.Uint32())
	}
	return choices
}

// shrink drops choices as long as the program they make still fails.
func shrink(choices []byte, fails func([]byte) bool) []byte {
	for size := len(choices) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(choices); {
			less := append(append([]byte(nil), choices[:i]...), choices[i+size:]...)
			if fails(less) {
				choices = less
			} else {
				i += size
			}
		}
	}
	return choices
}

func TestGoldensAgree(t *testing.T) {
	featuretest.NeedTime(t)
	programs(t, func(t *testing.T, g *program) {
		for isa := range bothISAs {
			if err := agree(g.parse(t), isa, testContext); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestStressAgrees(t *testing.T) {
	featuretest.NeedTime(t)
	spills, frames := 0, int32(0)
	for seed := range generated(t, 600) {
		choices := randomChoices(uint64(seed))
		p := stressProgram(choices)
		if diags := ssa.Verify(p); seed < 200 && diags != nil {
			t.Fatalf("seed %d: the generator's program does not verify: %v\n%s", seed, diags, p)
		}
		if isa := seed % 2; agree(p, isa, testContext) != nil {
			p = stressProgram(shrink(choices, func(c []byte) bool { return agree(stressProgram(c), isa, testContext) != nil }))
			t.Fatalf("seed %d: %v\n%s", seed, agree(p, isa, testContext), p)
		}
		if r, err := alloc.Allocate(p.Funcs[0]); err == nil {
			spills += r.Spills
			frames = max(frames, r.Frame)
		}
	}
	t.Logf("%d values spilled, frames up to %d bytes", spills, frames)
}

// TestGeneratedAgree takes the optimiser's generator, before and after
// optimisation.
func TestGeneratedAgree(t *testing.T) {
	featuretest.NeedTime(t)
	for seed := range uint64(generated(t, 2000)) {
		p := ssagen.Program(seed, ssagen.Options{})
		if seed%2 == 1 {
			if err := opt.Run(p, opt.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := agree(p, int(seed/2%2), testContext); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, p)
		}
	}
}

// FuzzAlloc steers the stress generator.
func FuzzAlloc(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomChoices(seed))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		p := stressProgram(choices)
		if err := agree(p, len(choices)%2, testContext); err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
	})
}
