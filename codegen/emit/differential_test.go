package emit_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/emit/machine"
	"sonde/codegen/opt"
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/codegen/ssa/ssagen"
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
func agree(p *ssa.Program, isa int, ctx []byte) error {
	m := interp.New(1)
	ret, err := m.Run(p, ctx)
	if err != nil {
		return fmt.Errorf("interpreter: %w", err)
	}
	want := outcome(ret, nil, m)
	for name, allocate := range map[string]allocator{"trivial": alloc.Trivial, "real": alloc.Allocate} {
		opt := bothISAs[isa]
		opt.StackLimit = 1 << 20
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
			return fmt.Errorf("%s allocator, instruction set %d:\n%s\nwant\n%s\ncode\n%s", name, 3+isa, got, want, dump(code, funcs))
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
	for _, g := range goldens(t) {
		for isa := range bothISAs {
			if err := agree(g.program(t), isa, testContext); err != nil {
				t.Errorf("%s: %v", g.path, err)
			}
		}
	}
}

func TestStressAgrees(t *testing.T) {
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

// kernelAgrees compares the interpreter with the kernel. It skips what the trivial
// allocator makes when it does not fit the stack, and gives how many programs ran.
func kernelAgrees(p *ssa.Program, opt emit.Options) (ran int, err error) {
	want, err := kernelOutcome(p)
	if err != nil {
		return 0, err
	}
	for name, allocate := range map[string]allocator{"real": alloc.Allocate, "trivial": alloc.Trivial} {
		code, funcs, err := compile(p, allocate, opt)
		var full *alloc.FrameError
		if name == "trivial" && errors.As(err, &full) {
			continue
		}
		if err != nil {
			return ran, fmt.Errorf("%s: %w", name, err)
		}
		got, err := runInKernel(p, code)
		if errors.Is(err, unix.E2BIG) {
			continue // more paths than the verifier follows
		}
		if err != nil {
			return ran, fmt.Errorf("%s: %+v\n%s", name, err, dump(code, funcs))
		}
		if got != want {
			return ran, fmt.Errorf("%s: got\n%s\nwant\n%s\n%s", name, got, want, dump(code, funcs))
		}
		ran++
	}
	return ran, nil
}

// kernelOutcome is what the interpreter says that the kernel will do.
func kernelOutcome(p *ssa.Program) (string, error) {
	m := interp.New(1)
	m.FullEvery = 0
	m.Helpers["get_smp_processor_id"] = func(*interp.Machine, *ssa.Value, []uint64) (uint64, error) {
		return uint64(pinnedTo), nil
	}
	ret, err := m.Run(p, testContext)
	if err != nil {
		return "", err
	}
	lines := m.Contents()
	for _, l := range m.Log {
		if record, ok := strings.CutPrefix(l, "submit "); ok {
			record, _, _ = strings.Cut(record, " ")
			lines = append(lines, "record "+record)
		}
	}
	sort.Strings(lines)
	return fmt.Sprint(uint32(ret), " ", lines), nil
}

// TestGeneratedAgree takes the optimiser's generator, before and after
// optimisation.
func TestGeneratedAgree(t *testing.T) {
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

// TestGeneratedInKernel does so in the kernel.
func TestGeneratedInKernel(t *testing.T) {
	needRoot(t)
	total := 0
	for seed := range uint64(max(generated(t, 2000)/10, 1)) {
		p := ssagen.Program(seed, ssagen.Options{Kernel: true})
		if seed%2 == 1 {
			if err := opt.Run(p, opt.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		ran, err := kernelAgrees(p, bothISAs[seed/2%2])
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, p)
		}
		total += ran
	}
	t.Logf("%d programs ran", total)
}

// TestStressInKernel compares the interpreter with the kernel.
func TestStressInKernel(t *testing.T) {
	needRoot(t)
	total := 0
	for seed := range max(generated(t, 2000)/10, 1) {
		choices := randomChoices(uint64(seed))
		ran, err := kernelAgrees(stressProgram(choices), emit.Options{})
		if err != nil {
			p := stressProgram(shrink(choices, func(c []byte) bool {
				_, err := kernelAgrees(stressProgram(c), emit.Options{})
				return err != nil
			}))
			_, err = kernelAgrees(p, emit.Options{})
			t.Fatalf("seed %d: %v\n%s", seed, err, p)
		}
		total += ran
	}
	t.Logf("%d programs ran", total)
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
		if err := agree(p, len(choices)%2, testContext); err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
	})
}
