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
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/lang/feature"
)

// generated is how many programs to compare: SONDE_GENERATED, or this many. The
// kernel gets one in ten of them.
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

// agree compares the SSA interpreter with the code of both allocators on the
// model of the machine.
func agree(p *ssa.Program, ctx []byte) error {
	m := interp.New(1)
	ret, err := m.Run(p, ctx)
	if err != nil {
		return fmt.Errorf("interpreter: %w", err)
	}
	want := outcome(ret, nil, m)
	for i, opt := range bothISAs {
		for name, allocate := range map[string]allocator{"trivial": alloc.Trivial, "real": alloc.Allocate} {
			code, funcs, err := compile(p, allocate, opt)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			var frame int32
			for _, f := range funcs {
				frame = max(frame, f.Frame)
			}
			m := interp.New(1)
			ret, err := machine.New(m, p, code, frame).Run(ctx)
			if got := outcome(ret, err, m); got != want {
				return fmt.Errorf("%s allocator, instruction set %d:\n%s\nwant\n%s\ncode\n%s", name, 3+i, got, want, dump(code, funcs))
			}
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

func TestGoldensAgree(t *testing.T) {
	for _, g := range goldens(t) {
		if err := agree(g.program(t), testContext); err != nil {
			t.Errorf("%s: %v", g.path, err)
		}
	}
}

func TestStressAgrees(t *testing.T) {
	spills, frames := 0, int32(0)
	for seed := range generated(t, 3000) {
		p := stressProgram(randomChoices(uint64(seed)))
		if diags := ssa.Verify(p); seed < 200 && diags != nil {
			t.Fatalf("seed %d: the generator's program does not verify: %v\n%s", seed, diags, p)
		}
		if err := agree(p, testContext); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, p)
		}
		if r, err := alloc.Allocate(p.Funcs[0]); err == nil {
			spills += r.Spills
			frames = max(frames, r.Frame)
		}
	}
	t.Logf("%d values spilled, frames up to %d bytes", spills, frames)
}

// TestStressInKernel compares the interpreter with the kernel.
func TestStressInKernel(t *testing.T) {
	needRoot(t)
	var ran, trivial int
	for seed := range max(generated(t, 3000)/10, 1) {
		p := stressProgram(randomChoices(uint64(seed)))
		m := interp.New(1)
		m.Helpers["get_smp_processor_id"] = func(*interp.Machine, *ssa.Value, []uint64) (uint64, error) { return 0, nil }
		ret, err := m.Run(p, testContext)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := fmt.Sprint(uint32(ret), " ", m.Contents())
		for name, allocate := range map[string]allocator{"real": alloc.Allocate, "trivial": alloc.Trivial} {
			code, funcs, err := compile(p, allocate, emit.Options{})
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, name, err)
			}
			if name == "trivial" && funcs[0].Frame > alloc.FrameLimit {
				continue
			}
			got, err := runInKernel(p, code)
			if err != nil {
				t.Fatalf("seed %d: %s: %+v\n%s\n%s", seed, name, err, p, dump(code, funcs))
			}
			if got != want {
				t.Fatalf("seed %d: %s: got\n%s\nwant\n%s\n%s\n%s", seed, name, got, want, p, dump(code, funcs))
			}
			ran++
			if name == "trivial" {
				trivial++
			}
		}
	}
	t.Logf("%d programs, %d of them by the trivial allocator", ran, trivial)
}

func runInKernel(p *ssa.Program, code *emit.Code) (string, error) {
	l, err := load(p, code)
	if err != nil {
		return "", err
	}
	defer l.close()
	return l.run(p, testContext)
}

// FuzzAlloc steers the stress generator.
func FuzzAlloc(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomChoices(seed))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		p := stressProgram(choices)
		if err := agree(p, testContext); err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
	})
}
