package emit_test

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/opt"
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/codegen/ssa/ssagen"
	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// TestKernel loads every golden with both allocators, and compares what they do.
func TestKernel(t *testing.T) {
	ctx := make([]byte, 64)
	for i := range ctx {
		ctx[i] = byte(i * 7)
	}
	programs(t, func(t *testing.T, g *program) {
		needRoot(t)
		featuretest.Need(t, g.needs...)
		r, err := newRig(0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.close()
		var first string
		for _, a := range bothAllocators {
			p := g.parse(t)
			code, _, err := compile(p, a.allocate, g.opt)
			if a.name == "trivial" && isTooBig(err) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.run(p, code, ctx)
			if err != nil {
				t.Fatalf("%s: %+v", a.name, err)
			}
			if first == "" {
				first = got
			} else if got != first {
				t.Errorf("%s: %s, the other %s", a.name, got, first)
			}
		}
	})
}

// isTooBig tells whether it is the stack that a program does not fit.
func isTooBig(err error) bool {
	var full *alloc.FrameError
	return errors.As(err, &full)
}

// tally counts what became of generated programs.
type tally struct {
	// agreed: both allocators' code ran and did what the interpreter did. real: so
	// did the real one's; the trivial one needs more stack than there is, or makes more
	// than the verifier follows.
	agreed, real atomic.Int64
	// endless programs have more paths than the verifier follows, either way.
	endless atomic.Int64
}

// kernelAgrees compares the interpreter with the kernel.
func (r *rig) kernelAgrees(p *ssa.Program, opt emit.Options, count *tally) error {
	if fetches(p) && !featuretest.Has(feature.AtomicFetch) {
		return nil // not a program for this kernel
	}
	want, err := r.interpret(p)
	if err != nil {
		return err
	}
	var ran int
	for _, a := range bothAllocators {
		code, funcs, err := compile(p, a.allocate, opt)
		if a.name == "trivial" && isTooBig(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		got, err := r.run(p, code, testContext)
		if errors.Is(err, unix.E2BIG) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %+v\n%s", a.name, err, dump(code, funcs))
		}
		if got != want {
			return fmt.Errorf("%s: got\n%s\nwant\n%s\n%s", a.name, got, want, dump(code, funcs))
		}
		ran++
	}
	switch ran {
	case 2:
		count.agreed.Add(1)
	case 1:
		count.real.Add(1)
	case 0:
		count.endless.Add(1)
	}
	return nil
}

// fetches tells whether a program has an atomic operation other than adding.
func fetches(p *ssa.Program) bool {
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				if v.Op == ssa.OpAtomicFetchAdd || v.Op == ssa.OpAtomicXchg || v.Op == ssa.OpAtomicOr {
					return true
				}
			}
		}
	}
	return false
}

// interpret gives what the interpreter says that the kernel will do.
func (r *rig) interpret(p *ssa.Program) (string, error) {
	m := interp.New(1)
	m.FullEvery = 0
	m.Helpers["get_smp_processor_id"] = func(*interp.Machine, *ssa.Value, []uint64) (uint64, error) {
		return uint64(r.cpu), nil
	}
	ret, err := m.Run(p, testContext)
	if err != nil {
		return "", fmt.Errorf("interpreter: %w", err)
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

// inKernel compares programs until this many have agreed with both allocators, on as
// many CPUs as Go may use. The numbers that next is given begin at 0.
func inKernel(t *testing.T, n int, next func(r *rig, seed uint64, count *tally) error) {
	needRoot(t)
	// The heap is so small that collecting it would take most of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(2000))
	var (
		count  tally
		seeds  atomic.Uint64
		failed atomic.Bool
		group  sync.WaitGroup
	)
	for i := range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			r, err := newRig(i)
			if err != nil {
				failed.Store(true)
				t.Error(err)
				return
			}
			defer r.close()
			for count.agreed.Load() < int64(n) && !failed.Load() {
				seed := seeds.Add(1) - 1
				if err := next(r, seed, &count); err != nil {
					failed.Store(true)
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d programs: %d agree with both allocators, %d run with the real one alone, %d are too much for the verifier",
		seeds.Load(), count.agreed.Load(), count.real.Load(), count.endless.Load())
}

// TestGeneratedInKernel takes the optimiser's generator, before and after
// optimisation.
func TestGeneratedInKernel(t *testing.T) {
	needRoot(t)
	featuretest.Need(t, feature.Loop) // they have callbacks
	isas := bothISAs
	if !featuretest.Has(feature.ISAv4) {
		isas = isas[:1]
	}
	inKernel(t, generated(t, 200), func(r *rig, seed uint64, count *tally) error {
		p := ssagen.Program(seed, ssagen.Options{Kernel: true, Statements: kernelStatements(seed)})
		if seed%2 == 1 {
			if err := opt.Run(p, opt.Options{}); err != nil {
				return err
			}
		}
		if err := r.kernelAgrees(p, isas[seed/2%uint64(len(isas))], count); err != nil {
			return fmt.Errorf("%w\n%s", err, p)
		}
		return nil
	})
}

// TestStressInKernel takes programs that are hard on an allocator.
func TestStressInKernel(t *testing.T) {
	inKernel(t, generated(t, 200), func(r *rig, seed uint64, count *tally) error {
		choices := randomChoices(seed)
		if seed%kernelLarge != 0 {
			choices = choices[:min(len(choices), 20+int(seed%128))]
		}
		if r.kernelAgrees(stressProgram(choices), emit.Options{}, count) == nil {
			return nil
		}
		p := stressProgram(shrink(choices, func(c []byte) bool {
			return r.kernelAgrees(stressProgram(c), emit.Options{}, &tally{}) != nil
		}))
		return fmt.Errorf("%w\n%s", r.kernelAgrees(p, emit.Options{}, &tally{}), p)
	})
}

// kernelLarge: one in so many programs may be long. The others are short enough for the
// trivial allocator, which has to put every value on the stack.
const kernelLarge = 16

// kernelStatements bounds the length of a program; 0: as the generator does.
func kernelStatements(seed uint64) int {
	if seed%kernelLarge == 0 {
		return 0
	}
	return 2 + int(seed%13)
}
