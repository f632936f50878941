// Package runtime runs a plan: it creates the maps, loads and attaches the
// programs, hands what they report to handlers, and takes everything down again.
// It is the only part of the project that touches the kernel.
//
// Comes in: a *plan.Plan and the handlers of its events, by name. Goes out: calls
// of the handlers and of the script's output, and an exit code; what goes wrong
// is a *source.Diagnostic at the script's place. Guaranteed: begin programs run
// once, before any other program does, end programs after everything is detached, what
// programs reported by then is handled, in order, and maps are printed last;
// nothing stays attached, however the process ends; what is lost is counted and
// reported.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/attach"
	"sonde/runtime/event"
)

// Options say how to run a plan.
type Options struct {
	// Output is where results go. It must not be used by others while the session
	// runs, other sessions of the same Store excepted.
	Output event.Output
	// Handlers are called with the records of their action.
	Handlers map[string]event.Handler
	// Env is the one that Output renders with; nil: rendering gets no services.
	Env *Env
	// Report takes warnings: what was lost, probes that are missing. nil: they
	// go to Output as messages.
	Report func(*source.Diagnostic)
	// Records: what was lost is reported as records of the output too, and helpers of the
	// kernel that failed only so.
	Records bool
	// Store keeps the script's maps over sessions; nil: they end with the session.
	Store *Store
	// PID ends the session when that process ends; 0: none.
	PID int
	// Child is released when the probes are attached, ends the session when it ends,
	// and is ended with it.
	Child *Child
	// Quiet leaves out the message that probes are attached.
	Quiet bool
	// Attached is called when they are, with their number.
	Attached func(probes int)
	// Progress, when not nil, is told how far Start has come, once that takes longer than
	// a second, and at last that it is over. It is never called when Start has returned.
	Progress func(Progress)
	// Retried is told of a plan that is tried in place of one that the kernel refused, and
	// why; nil: nobody asks.
	Retried func(p *plan.Plan, why error)
	// DryRun ends the session when everything is attached, without begin and end
	// programs and output.
	DryRun bool
}

// Session is a running plan.
type Session struct {
	opts     Options
	kernel   *kernel
	attached *attach.Set
	progress *progress
	services *services
	loop     *loop
	// output guards Options.Output.
	output *sync.Mutex
	report reporter

	// code is the exit code; exiting tells that the script asked to exit, so that
	// what programs report from then on is left alone.
	code    int
	exiting bool

	// begun tells that begin programs ran.
	begun bool

	// ready is closed when Start is through; failed tells how.
	ready  chan struct{}
	failed bool

	// listed is closed when iterators are through; nil when there are none.
	listed chan struct{}

	// trials are the tests and benchmarks; nil when there are none.
	trials *trials

	haste    *haste
	stop     sync.Once
	stopping atomic.Bool
	done     chan struct{}
	err      error
	signals  chan os.Signal
}

var _ event.Session = (*Session)(nil)

// Start runs p. It returns when all probes are attached, or with the reason why not, a
// *source.Diagnostic or *Rejected; then nothing is left behind. When ctx is done before
// all probes are attached, the error is that of ctx; what begin programs reported is
// dropped then, and no end program runs. When ctx is done later, the session is
// interrupted: it ends within a moment, whatever is still to be handled.
func Start(ctx context.Context, p *plan.Plan, opts Options) (*Session, error) {
	s, err := attempt(ctx, p, opts)
	if err != nil && p.Plainly != nil && !s.begun && ctx.Err() == nil {
		// A function may have no room for a further trampoline: what is asked for can be had
		// all the same. What can be refused so is attached before begin programs run: they
		// run once, in the plan that is attached.
		if plain, wrong := p.Plainly(); wrong == nil {
			if opts.Retried != nil {
				opts.Retried(plain, err)
			}
			s, err = attempt(ctx, plain, opts)
		}
	}
	if err != nil {
		if opts.Child != nil {
			opts.Child.Terminate()
		}
		return nil, err
	}
	return s, nil
}

// attempt tries to start p as it is. When that fails, the session only tells how far it came.
func attempt(ctx context.Context, p *plan.Plan, opts Options) (*Session, error) {
	s := &Session{opts: opts, ready: make(chan struct{}), done: make(chan struct{}), output: &sync.Mutex{}, haste: newHaste()}
	if opts.Store != nil {
		s.output = &opts.Store.output
	}
	s.progress = newProgress(opts.Progress)
	defer s.progress.stop()
	err := s.start(ctx, p)
	if err != nil {
		s.failed = true
		s.giveUp()
	}
	close(s.ready)
	return s, err
}

// giveUp takes down what start did before it failed. What begin programs reported is
// dropped.
func (s *Session) giveUp() {
	if s.attached != nil {
		s.attached.Detach()
	}
	if s.loop != nil {
		s.loop.call(func() { s.exiting = true })
		s.loop.finish()
		s.loop.close()
	}
	if s.kernel != nil {
		s.kernel.undo()
	}
}

func (s *Session) start(ctx context.Context, p *plan.Plan) error {
	context.AfterFunc(ctx, s.interrupt)
	var err error
	s.kernel, err = load(ctx, p, s.opts.Store, NewClock(), s.progress)
	if err != nil {
		return err
	}
	s.services = newServices(s.kernel)
	if s.opts.Env == nil {
		s.opts.Env = NewEnv(nil)
	}
	s.opts.Env.session.Store(s.services)
	s.attached = attach.New(p, s.kernel.progs)
	s.attached.Reload = s.kernel.reload
	if s.loop, err = newLoop(s); err != nil {
		return err
	}
	if s.iterates() && !s.opts.DryRun {
		s.listed = make(chan struct{})
	}
	s.trials = newTrials(p)
	s.loop.start()
	if failed := s.attached.AttachFirst(ctx); len(failed) > 0 {
		return failed[0]
	}
	if !s.opts.DryRun && ctx.Err() == nil {
		s.begun = true
		if d := s.attached.Run(plan.BeforeAttach, 0); d != nil {
			return d
		}
		if err := s.kernel.setStarted(); err != nil {
			return err
		}
	}
	if err := s.attach(ctx); err != nil {
		return err
	}
	s.loop.call(func() {
		if ctx.Err() == nil {
			s.announce()
		}
		s.loop.held = false
	})
	s.watch(ctx)
	return nil
}

// attach makes all attachments. Which failures stop the session is a setting.
func (s *Session) attach(ctx context.Context) error {
	if len(s.kernel.plan.Attach) == 0 {
		return source.Errorf(source.Span{}, "attach", "No probes to attach")
	}
	own := s.ownStage()
	s.progress.step("probes attached", len(s.kernel.plan.Attach)-own, s.attached.Tried)
	failed := s.attached.Attach(ctx)
	s.progress.stop()
	if own == len(s.kernel.plan.Attach) {
		return nil // nothing to attach
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	mode := s.kernel.plan.Config.MissingProbes
	if failed.HasErrors() && (mode == "" || mode == "error") {
		failed = slices.DeleteFunc(failed, func(d *source.Diagnostic) bool { return d.Severity == source.Warning })
		d := failed[0]
		if n := len(failed) - 1; n > 0 {
			d.WithNote(source.Span{}, "and %d more like it", n)
		}
		return d
	}
	for _, d := range failed {
		if mode != "ignore" {
			d.Severity, d.Hint = source.Warning, ""
			s.loop.call(func() { s.warn(d) })
		}
	}
	if s.probes() == 0 {
		return source.Errorf(source.Span{}, "attach", "Attachment failed for all probes.")
	}
	return nil
}

// ownStage counts the programs that the runtime runs itself.
func (s *Session) ownStage() int {
	n := 0
	for _, a := range s.kernel.plan.Attach {
		if _, ok := a.How.(plan.TestRun); ok {
			n++
		}
	}
	return n
}

// probes is how many probes are attached, those run by the runtime included.
func (s *Session) probes() int { return s.attached.Count() + s.ownStage() }

// announce tells that the probes are attached, before anything that they report.
func (s *Session) announce() {
	n := s.probes()
	if !s.opts.Quiet && s.trials == nil {
		text := fmt.Sprintf("Attached %d probes", n)
		if n == 1 {
			text = "Attached 1 probe"
		}
		s.opts.Output.Message("attached_probes", countFields("probes", uint64(n)), text)
	}
	if s.opts.Attached != nil {
		s.opts.Attached(n)
	}
}

// watch sees to it that the session ends.
func (s *Session) watch(ctx context.Context) {
	if c := s.opts.Child; c != nil {
		if symbols := types.ServiceOf[types.Symbols](s.opts.Env); symbols != nil && s.kernel.plan.KeepsStacks() {
			// It may end before its first stack trace is read; then at least the program's
			// own functions have names.
			c.Executed = func() { symbols.Preload(uint32(c.PID)) }
		}
		c.Release()
		go func() {
			<-c.Done()
			if err := c.Err(); err != nil {
				s.loop.call(func() { s.err = errors.Join(s.err, err) })
			}
			s.Stop()
		}()
	}
	s.watchSignals()
	if s.listed != nil {
		go s.iterate()
	}
	if s.opts.DryRun {
		s.loop.call(func() { s.exiting = true })
	}
	switch {
	case s.opts.DryRun:
		s.Stop()
	case s.trials != nil:
		s.trials.done = make(chan struct{})
		go s.try()
	case s.selfContained():
		s.Stop()
	}
}

// selfContained tells that nothing happens any more once the begin programs ran.
func (s *Session) selfContained() bool {
	return !slices.ContainsFunc(s.kernel.plan.Attach, func(a *plan.Attach) bool {
		run, ok := a.How.(plan.TestRun)
		return !ok || run.Stage == plan.OnSignal
	})
}

// iterates tells that the plan is about iterators: they run for all that there is, and
// then the session ends.
func (s *Session) iterates() bool {
	return slices.ContainsFunc(s.kernel.plan.Attach, func(a *plan.Attach) bool {
		_, ok := a.How.(plan.Iterator)
		return ok
	})
}

func (s *Session) iterate() {
	d := s.attached.Iterate(attach.Iterating{
		Stopped: s.stopping.Load,
		Drain:   func() { s.loop.call(func() { s.loop.drain() }) },
		Pinned: func(path string) {
			s.loop.call(func() {
				s.opts.Output.Line("pinned", []byte("Program pinned to "+path))
			})
		},
	})
	close(s.listed)
	if d != nil {
		s.loop.call(func() { s.err = errors.Join(s.err, d) })
	}
	s.Stop()
}

// watchSignals runs programs when their signals arrive.
func (s *Session) watchSignals() {
	var wanted []os.Signal
	for _, a := range s.kernel.plan.Attach {
		if run, ok := a.How.(plan.TestRun); ok && run.Stage == plan.OnSignal {
			wanted = append(wanted, syscall.Signal(run.Signal))
		}
	}
	if wanted == nil {
		return
	}
	s.signals = make(chan os.Signal, 16)
	signal.Notify(s.signals, wanted...)
	go func() {
		for sig := range s.signals {
			if d := s.attached.Run(plan.OnSignal, int(sig.(syscall.Signal))); d != nil {
				s.loop.call(func() { s.warn(d) })
			}
		}
	}()
}

// Stop ends the session: it detaches the probes, runs the end programs, and prints the maps.
// It returns at once; Wait waits. Later calls do nothing.
func (s *Session) Stop() {
	s.stop.Do(func() {
		s.stopping.Store(true)
		go s.end()
	})
}

// end takes the session down, while the loop goes on handling what programs report.
func (s *Session) end() {
	if <-s.ready; s.failed {
		return
	}
	if s.signals != nil {
		signal.Stop(s.signals)
		close(s.signals)
	}
	if s.listed != nil {
		<-s.listed
	}
	if s.trials != nil && s.trials.done != nil {
		<-s.trials.done
	}
	s.attached.Detach()
	// All that the probes reported is in the ring buffer now.
	s.loop.call(func() {
		s.loop.drain()
		s.haste.drained = true
		s.exiting = s.opts.DryRun
	})
	if !s.opts.DryRun {
		if d := s.attached.Run(plan.AfterDetach, 0); d != nil {
			s.loop.call(func() { s.warn(d) })
		}
	}
	s.loop.finish()
	s.finish()
}

// finish prints what is left to print and lets go of everything. The loop has ended.
func (s *Session) finish() {
	s.output.Lock()
	if !s.opts.DryRun {
		s.reportLosses()
		s.opts.Output.End()
		if s.kernel.plan.Config.PrintMapsOnExit && s.trials == nil {
			s.printMaps()
		}
	}
	if err := s.opts.Output.Flush(); err != nil {
		if s.err == nil || s.err.Error() != err.Error() { // a full disk is said once
			s.err = errors.Join(s.err, err)
		}
	}
	s.output.Unlock()
	s.loop.close()
	s.kernel.close()
	if s.opts.Child != nil {
		s.opts.Child.Terminate()
	}
	close(s.done)
}

// printMaps prints the maps that are not empty, by name.
func (s *Session) printMaps() {
	for _, v := range slices.SortedFunc(slices.Values(s.kernel.plan.Vars), byName) {
		m, err := s.kernel.access(v)
		if err == nil {
			err = s.opts.Output.Map(v, m, 0, 0)
		}
		if err != nil {
			s.warn(source.Warningf(v.Span, "map-unreadable", "%v", err))
		}
	}
}

func byName(a, b *plan.Var) int { return strings.Compare(a.Name, b.Name) }

// Wait waits for the end of the session and gives the exit code that the script asked for,
// and the first error of writing output.
func (s *Session) Wait() (int, error) {
	<-s.done
	return s.code, s.err
}

// Cost is what attaching and detaching took; it is known when Wait has returned.
func (s *Session) Cost() attach.Cost { return s.attached.Cost() }

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Abandon leaves everything to the kernel to take down, and returns at once; the
// process should exit then. End programs do not run, nothing is printed.
func (s *Session) Abandon() {
	s.attached.Abandon()
	if s.opts.Child != nil {
		s.opts.Child.Terminate()
	}
}

// Out implements event.Session.
func (s *Session) Out() event.Output {
	if t := s.trials.running(); t != nil {
		return t.output
	}
	return s.opts.Output
}

// Failed implements event.Session.
func (s *Session) Failed() {
	if t := s.trials.running(); t != nil {
		t.errors++
	}
}

// Plan implements event.Session.
func (s *Session) Plan() *plan.Plan { return s.kernel.plan }

// Exit implements event.Session. What programs report from then on is left alone,
// except by end programs.
func (s *Session) Exit(code int) {
	if t := s.trials.running(); t != nil {
		t.code = code
		return
	}
	s.code = code
	// What iterators list comes out whole.
	if !s.stopping.Load() && s.listed == nil {
		s.exiting = true
		s.Stop()
	}
}

// Env implements event.Session.
func (s *Session) Env() types.Env { return s.opts.Env }

// Resolve implements event.Session.
func (s *Session) Resolve(key any) any {
	if _, ok := key.(*event.Watchpoints); ok {
		return s.attached
	}
	return s.opts.Env.Service(key)
}

// Map implements event.Session.
func (s *Session) Map(v *plan.Var) event.Map {
	m, err := s.kernel.access(v)
	if err != nil {
		return unreadable{err}
	}
	return m
}

// unreadable is a map that gives the same error to all questions.
type unreadable struct{ err error }

func (u unreadable) Each(func(key, value []byte) error) error { return u.err }
func (u unreadable) Lookup([]byte) ([]byte, bool, error)      { return nil, false, u.err }
func (u unreadable) Clear() error                             { return u.err }
func (u unreadable) Zero() error                              { return u.err }
