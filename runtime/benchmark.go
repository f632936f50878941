package runtime

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/attach"
	"sonde/runtime/event"
	"sonde/runtime/sys"
)

// A benchmark runs in batches until it has run for benchmarkTime, or benchmarkLimit has
// passed with all that is around it.
const (
	benchmarkTime  = 10 * time.Millisecond
	benchmarkLimit = time.Second
	benchmarkBatch = 1000
)

// benchmarked is how often a program ran, and for how long in all, ns.
type benchmarked struct{ ns, runs uint64 }

// mean is the time of one run, ns.
func (b benchmarked) mean() float64 {
	if b.runs == 0 {
		return 0
	}
	return float64(b.ns) / float64(b.runs)
}

// runBenchmarks measures with the kernel's own statistics, which leave out the system call
// that runs a program. What measuring takes itself is what a program takes that
// does nothing.
func (s *Session) runBenchmarks() error {
	if len(s.trials.benchmarks) == 0 {
		return nil
	}
	stats, err := sys.EnableStats()
	if err != nil {
		return source.Errorf(s.trials.benchmarks[0].Span, "benchmark", "the kernel does not measure BPF programs: %v", err)
	}
	defer unix.Close(stats)
	idle, err := s.measureEmpty()
	if err != nil {
		return err
	}
	first := true
	for _, a := range s.trials.benchmarks {
		if s.stopping.Load() {
			return nil
		}
		var took benchmarked
		skip := false
		t, err := s.trial(func() (err error) {
			took, skip, err = s.measure(a)
			return err
		})
		switch {
		case err != nil:
			return err
		case t.code != 0 || t.errors > 0:
			s.loop.call(func() {
				s.trials.failed = true
				s.warn(source.Errorf(a.Span, "benchmark", "Benchmark '%s' failed.", trialName(a)))
			})
		case !skip && took.runs > 0:
			s.benchmarkResult(a, took, max(took.mean()-idle.mean(), 0), first)
			first = false
		}
	}
	return nil
}

// measure runs a benchmark; skip tells that it does not want to.
func (s *Session) measure(a *plan.Attach) (took benchmarked, skip bool, err error) {
	// The first run finds cold caches, and tells whether to go on.
	result, err := s.attached.RunOnce(a)
	if err != nil || result != 0 {
		return took, true, err
	}
	took, err = s.batches(func() (benchmarked, error) {
		ns, runs, err := s.attached.RunTime(a)
		return benchmarked{ns, runs}, err
	}, func() error {
		_, err := s.attached.RunOnce(a)
		return err
	})
	return took, false, err
}

// measureEmpty measures a program that does nothing.
func (s *Session) measureEmpty() (benchmarked, error) {
	var code bytes.Buffer
	nothing := asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}
	err := nothing.Marshal(&code, sys.ByteOrder())
	if err != nil {
		return benchmarked{}, err
	}
	fd, err := sys.LoadProgram(&sys.Program{
		Name: "empty", Type: uint32(ebpf.RawTracepoint), License: "GPL", Code: code.Bytes(),
	})
	if err != nil {
		return benchmarked{}, err
	}
	defer unix.Close(fd)
	return s.batches(func() (benchmarked, error) {
		ns, runs, err := sys.RunTime(fd)
		return benchmarked{ns, runs}, err
	}, func() error {
		_, err := attach.RunProgram(fd)
		return err
	})
}

// batches runs something and gives what it took by a count of the kernel's: the runs of
// all batches, and the time as if each had been as quick as the quickest, which
// nothing else on the machine held up.
func (s *Session) batches(count func() (benchmarked, error), run func() error) (took benchmarked, err error) {
	before, err := count()
	best := math.Inf(1)
	for start := time.Now(); err == nil; {
		for range benchmarkBatch {
			if err = run(); err != nil {
				return benchmarked{}, err
			}
		}
		var now benchmarked
		if now, err = count(); err != nil {
			break
		}
		batch := benchmarked{now.ns - before.ns, now.runs - before.runs}
		before = now
		took.ns, took.runs = took.ns+batch.ns, took.runs+batch.runs
		best = min(best, batch.mean())
		if took.ns >= uint64(benchmarkTime) || time.Since(start) >= benchmarkLimit || s.stopping.Load() {
			took.ns = uint64(best * float64(took.runs))
			return took, nil
		}
	}
	return benchmarked{}, err
}

// Widths of the columns of results, characters.
const (
	nameWidth = 40
	timeWidth = 15
)

// benchmarkResult writes a line of the table, the first time with its head.
func (s *Session) benchmarkResult(a *plan.Attach, took benchmarked, ns float64, first bool) {
	width := nameWidth
	for _, other := range s.trials.benchmarks {
		width = max(width, utf8.RuneCountInString(trialName(other)))
	}
	var b bytes.Buffer
	line := func(name, ns, runs string) {
		fmt.Fprintf(&b, "%-*s%-*s%s\n", width+1, name, timeWidth, ns, runs)
	}
	if first {
		line("Benchmark", "Time(ns)", "Iterations")
		b.Write(slices.Concat(bytes.Repeat([]byte("-"), width+1+timeWidth+len("Iterations")), []byte("\n")))
	}
	average := uint64(ns + 0.5)
	line(trialName(a), fmt.Sprint(average), fmt.Sprint(took.runs))
	s.loop.call(func() {
		s.opts.Output.Result("benchmark_result", resultFields(trialName(a),
			event.Field{Name: "average", Value: average},
			event.Field{Name: "iters", Value: took.runs},
		), b.String())
	})
}
