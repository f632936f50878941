package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"time"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/runtime/render"
)

// trials are the tests and benchmarks of a session, which it runs instead of tracing.
type trials struct {
	tests, benchmarks []*plan.Attach
	// done is closed when they have run; nil: they are not going to.
	done chan struct{}
	// current is the one under way; only the loop touches it.
	current *trial
	failed  bool
}

// trial is a test or benchmark under way: what its program reports stays here.
type trial struct {
	text   bytes.Buffer
	output event.Output
	errors int
	code   int
}

// newTrials gives the trials of a plan, nil when there are none.
func newTrials(p *plan.Plan) *trials {
	t := &trials{}
	for _, a := range p.Attach {
		switch how, _ := a.How.(plan.TestRun); how.Stage {
		case plan.OnTest:
			t.tests = append(t.tests, a)
		case plan.OnBenchmark:
			t.benchmarks = append(t.benchmarks, a)
		}
	}
	if t.tests == nil && t.benchmarks == nil {
		return nil
	}
	return t
}

// running gives the one under way, or nil.
func (t *trials) running() *trial {
	if t == nil {
		return nil
	}
	return t.current
}

// try runs the trials one after another, and ends the session.
func (s *Session) try() {
	defer close(s.trials.done)
	// What happens on the way must not move the program to another processor's caches
	// more often than the kernel does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := s.runTests()
	if err == nil {
		err = s.runBenchmarks()
	}
	s.loop.call(func() {
		s.err = errors.Join(s.err, err)
		if s.trials.failed {
			s.code = 1
		}
	})
	s.Stop()
}

// trial runs something during which what programs report stays in a new trial.
func (s *Session) trial(run func() error) (*trial, error) {
	t := &trial{}
	t.output = render.NewText(render.Options{Out: &t.text, Err: &t.text, Buffering: render.Full, Env: s.opts.Env})
	s.loop.call(func() {
		s.loop.drain()
		s.trials.current = t
	})
	err := run()
	s.loop.call(func() {
		s.loop.drain()
		_ = t.output.Flush() // into memory
		s.trials.current = nil
	})
	return t, err
}

func (s *Session) runTests() error {
	list := s.trials.tests
	passed := make([]bool, 0, len(list))
	for i, a := range list {
		if s.stopping.Load() {
			return nil
		}
		var took time.Duration
		var result uint32
		t, err := s.trial(func() (err error) {
			start := time.Now()
			result, err = s.attached.RunOnce(a)
			took = time.Since(start)
			return err
		})
		if err != nil {
			return err
		}
		passed = append(passed, result == 0 && t.code == 0 && t.errors == 0)
		s.loop.call(func() {
			s.trials.failed = s.trials.failed || !passed[i]
			s.opts.Output.Result("test_result", resultFields(trialName(a),
				event.Field{Name: "duration", Value: took.Nanoseconds()},
				event.Field{Name: "passed", Value: passed[i]},
				event.Field{Name: "output", Value: t.text.String()},
			), s.testText(i, passed, took, t.text.Bytes()))
		})
	}
	return nil
}

func trialName(a *plan.Attach) string { return a.How.(plan.TestRun).Name }

func resultFields(name string, fields ...event.Field) []event.Field {
	return []event.Field{{Name: "data", Value: []event.Field{{Name: name, Value: fields}}}}
}

// testText is what is written for people about test i: the last one brings the sum.
func (s *Session) testText(i int, passed []bool, took time.Duration, output []byte) string {
	var b bytes.Buffer
	good, bad := paints(s.opts.Env)
	name, total := trialName(s.trials.tests[i]), len(s.trials.tests)
	if i == 0 {
		fmt.Fprintf(&b, "%s Running %d tests.\n", good("[==========]"), total)
	}
	fmt.Fprintf(&b, "%s %s\n", good("[ RUN      ]"), name)
	if passed[i] {
		fmt.Fprintf(&b, "%s %s (%s)\n", good("[       OK ]"), name, rounded(took))
	} else {
		for line := range bytes.Lines(output) {
			if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 {
				fmt.Fprintf(&b, "%s\n", line)
			}
		}
		fmt.Fprintf(&b, "%s %s (%s)\n", bad("[  FAILED  ]"), name, rounded(took))
	}
	if i < total-1 {
		return b.String()
	}
	ok := 0
	for _, p := range passed {
		if p {
			ok++
		}
	}
	fmt.Fprintf(&b, "%s %s ran.\n", good("[==========]"), plural(uint64(total), "test"))
	fmt.Fprintf(&b, "%s %s.\n", good("[  PASSED  ]"), plural(uint64(ok), "test"))
	if ok < total {
		fmt.Fprintf(&b, "%s %s, listed below:\n", bad("[  FAILED  ]"), plural(uint64(total-ok), "test"))
		for n, p := range passed {
			if !p {
				fmt.Fprintf(&b, "%s %s\n", bad("[  FAILED  ]"), trialName(s.trials.tests[n]))
			}
		}
	}
	return b.String()
}

// rounded gives a duration in whole units.
func rounded(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%d s", d/time.Second)
	case d >= time.Millisecond:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	case d >= time.Microsecond:
		return fmt.Sprintf("%d μs", d/time.Microsecond)
	}
	return fmt.Sprintf("%d ns", d)
}

// paints gives the colours of good and bad news, for terminals.
func paints(env types.Env) (good, bad func(string) string) {
	paint := func(color string) func(string) string {
		if t := types.ServiceOf[types.Terminal](env); t == nil || !t.Escape() {
			return func(s string) string { return s }
		}
		return func(s string) string { return "\x1b[" + color + "m" + s + "\x1b[0m" }
	}
	return paint("32"), paint("31")
}
