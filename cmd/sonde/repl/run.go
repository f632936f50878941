package repl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/runtime"
	"sonde/runtime/render"
)

// run is a script that runs in the background.
type run struct {
	number  int
	in      *input
	plan    *plan.Plan
	session *runtime.Session
	lines   *lines
	// detached: the user ended it, and knows.
	detached bool
	// over is closed when all was said about its end.
	over chan struct{}
}

// launch runs a plan: in the background if it waits for something, else to its end.
func (e *Engine) launch(ctx context.Context, in *input, program *check.Program, p *plan.Plan) error {
	p.Config.PrintMapsOnExit = false
	r := &run{in: in, plan: p, lines: &lines{w: e.out}, over: make(chan struct{})}
	env := runtime.NewEnv(e.opt.Env)
	opt := runtime.Options{
		Output: scriptOutput{render.NewText(render.Options{
			Out: r.lines, Err: r.lines, Buffering: render.Line, Env: env,
		})},
		Handlers: e.opt.Library.Handlers(),
		Env:      env,
		Store:    e.store,
		PID:      e.opt.Check.PID,
		Quiet:    true,
		Report:   func(d *source.Diagnostic) { e.report(in, d) },
	}
	if !program.AutoExit {
		e.mu.Lock()
		e.last++
		r.number = e.last
		e.mu.Unlock()
		opt.Attached = func(probes int) { e.out.printf("[%d] attached %s\n", r.number, count(probes, "probe")) }
	}
	err := e.start(ctx, r, opt)
	if err != nil {
		e.forgetUnborn()
		return err
	}
	if !program.AutoExit && ctx.Err() == nil {
		e.add(r)
		go e.attend(r)
		return nil
	}
	stop := context.AfterFunc(ctx, r.session.Stop)
	defer stop()
	_, err = r.session.Wait()
	r.lines.finish()
	return errors.Join(err, ctx.Err())
}

// start starts a run. While it starts, ctx can end it; from then on only the
// engine's end does, and Stop.
func (e *Engine) start(ctx context.Context, r *run, opt runtime.Options) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	own, cancel := context.WithCancel(e.ctx)
	stop := context.AfterFunc(ctx, cancel)
	session, err := e.opt.Start(own, r.plan, opt)
	if err != nil {
		cancel()
		return err
	}
	stop()
	r.session = session
	go func() {
		<-session.Done()
		cancel()
	}()
	return nil
}

func (e *Engine) add(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs = append(e.runs, r)
}

// attend sees a run to its end.
func (e *Engine) attend(r *run) {
	defer close(r.over)
	code, err := r.session.Wait()
	r.lines.finish()
	e.mu.Lock()
	e.runs = slices.DeleteFunc(e.runs, func(o *run) bool { return o == r })
	detached := r.detached
	e.mu.Unlock()
	switch {
	case err != nil:
		e.out.printf("[%d] ended: %s\n", r.number, err)
	case detached:
		e.out.printf("[%d] detached\n", r.number)
	case code != 0:
		e.out.printf("[%d] ended with exit code %d\n", r.number, code)
	default:
		e.out.printf("[%d] ended\n", r.number)
	}
}

// Detach ends the runs with the numbers given, all when there are none, and waits for
// them; it gives how many there were.
func (e *Engine) Detach(numbers ...int) int {
	var ending []*run
	for _, r := range e.running() {
		if len(numbers) == 0 || slices.Contains(numbers, r.number) {
			ending = append(ending, r)
		}
	}
	var wg sync.WaitGroup
	for _, r := range ending {
		e.mu.Lock()
		r.detached = true
		e.mu.Unlock()
		r.session.Stop()
		wg.Go(func() { <-r.over })
	}
	wg.Wait()
	return len(ending)
}

// running gives the runs, oldest first.
func (e *Engine) running() []*run {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.runs)
}

// summary is the probes of a run, as they were written.
func (r *run) summary() string {
	var points []string
	for _, item := range r.in.script.Items {
		points = append(points, attachPoints(item)...)
	}
	text := strings.Join(points, ", ")
	if len(text) > summaryWidth {
		text = text[:summaryWidth] + "…"
	}
	return text
}

// summaryWidth bounds the length of a summary, bytes.
const summaryWidth = 100

// reportError writes an error of compiling or running.
func (e *Engine) reportError(in *input, err error) {
	var d *source.Diagnostic
	switch {
	case errors.Is(err, context.Canceled):
		e.out.printf("interrupted\n")
	case errors.As(err, &d):
		e.report(in, d)
	default:
		e.complain(err)
	}
}

// count is a number of things in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
