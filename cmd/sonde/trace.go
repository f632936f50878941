package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"sonde/codegen/plan"
	"sonde/lang/config"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime"
	"sonde/runtime/event"
	"sonde/runtime/render"
	"sonde/runtime/services"
	"sonde/runtime/sym"
)

// notifyVariable, when set, asks for its own name on a line of standard output
// once all probes are attached: test harnesses wait for it.
const notifyVariable = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

// exitInterrupted is the exit status when the tool is interrupted before all probes are
// attached: that of bpftrace.
const exitInterrupted = 255

// trace runs a plan to its end.
func (t *tool) trace(p *plan.Plan) (int, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, close, err := t.openOutput(ctx)
	if err != nil {
		return 1, err
	}
	defer close()
	t.stderr = render.NewPatient(ctx, os.Stderr)
	env := runtime.NewEnv(t.services(&p.Config))
	output, err := t.newOutput(out, env)
	if err != nil {
		return 1, err
	}
	opts := runtime.Options{
		Output:   output,
		Handlers: t.lib.Handlers(),
		Env:      env,
		Report:   t.warn,
		Records:  t.args.format == "json",
		PID:      t.args.pid,
		Child:    t.child,
		Quiet:    t.args.quiet,
		DryRun:   t.args.dryRun,
		Attached: t.attached,
	}
	signal.Notify(t.interrupts, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // under nohup(1) it stays ignored
		signal.Notify(t.interrupts, syscall.SIGHUP)
	}
	started := make(chan *runtime.Session, 1)
	go interruptible(t.interrupts, cancel, started)
	opts.Progress = progress(t.args)
	if t.args.verbose {
		writeMechanisms(os.Stderr, p)
		opts.Retried = func(p *plan.Plan, why error) {
			fmt.Fprintf(os.Stderr, "INFO: the kernel refused that: %v\n", why)
			writeMechanisms(os.Stderr, p)
		}
	}
	session, err := runtime.Start(ctx, p, opts)
	if errors.Is(err, context.Canceled) {
		return exitInterrupted, nil
	}
	if err != nil {
		return 1, err
	}
	started <- session
	code, err := session.Wait()
	if t.args.verbose {
		fmt.Fprintf(os.Stderr, "%s\n", session.Cost())
	}
	return code, err
}

// listen gives the channel for interrupts. Until the script is compiled an interrupt ends the
// process by itself, unless that was started with interrupts ignored, as scripts of the shell do
// with what they run in the background: then it is kept for the session, which ends by it.
func listen() chan os.Signal {
	interrupts := make(chan os.Signal, 2)
	if signal.Ignored(os.Interrupt) {
		signal.Notify(interrupts, os.Interrupt)
	}
	return interrupts
}

// echo is how long a further interrupt counts as the same one: timeout(1) and
// terminals signal the process and its group, which is twice.
const echo = time.Second

// interruptible ends the session at the first interrupt, and leaves at once at the
// second.
func interruptible(interrupts <-chan os.Signal, cancel func(), started <-chan *runtime.Session) {
	<-interrupts
	cancel()
	for first := time.Now(); time.Since(first) < echo; {
		<-interrupts
	}
	select {
	case s := <-started:
		s.Abandon()
	default:
	}
	os.Exit(1)
}

// attached is called when all probes are.
func (t *tool) attached(int) {
	if os.Getenv(notifyVariable) != "" {
		fmt.Println(notifyVariable)
	}
	debug.SetGCPercent(t.usualGC)
}

// openOutput gives what the script's output goes to, which does not hold up the tool's
// end once the context is done.
func (t *tool) openOutput(hurry context.Context) (io.Writer, func(), error) {
	if t.args.output == "" {
		return render.NewPatient(hurry, os.Stdout), func() {}, nil
	}
	// Not for reading as well: the tool must see the reader of a named pipe leave.
	f, err := os.OpenFile(t.args.output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, nil, fmt.Errorf("Failed to open output file: \"%s\": %w", t.args.output, cause(err))
	}
	return render.NewPatient(hurry, f), func() {
		if err := f.Close(); err != nil {
			t.complain(err)
		}
	}, nil
}

func (t *tool) newOutput(out io.Writer, env *runtime.Env) (event.Output, error) {
	mode, err := render.ParseBuffering(t.args.buffering)
	if err != nil {
		return nil, err
	}
	opts := render.Options{Out: out, Err: t.stderr, Buffering: mode, Env: env}
	if t.args.format == "json" {
		return render.NewJSON(opts), nil
	}
	return render.NewText(opts), nil
}

// services gives rendering what it needs of this machine.
func (t *tool) services(c *config.Config) types.Env {
	return services.New(services.Options{
		Kernel:  t.host.Kernel,
		User:    sym.Options{Mode: sym.Mode(c.CacheUserSymbols), Demangle: c.CppDemangle},
		Escape:  t.escapes(),
		Trailer: c.StrTruncTrailer,
	})
}

// escapes tells that output goes to a terminal as text, which traced strings must
// not be able to steer.
func (t *tool) escapes() bool {
	return t.args.output == "" && t.args.format == "text" && term.IsTerminal(int(os.Stdout.Fd()))
}

// warn prints what a running session has to say.
func (t *tool) warn(d *source.Diagnostic) {
	if t.args.noWarnings && d.Severity == source.Warning {
		return
	}
	if err := source.Render(t.stderr, d, []*source.File{t.file}, t.color); err != nil {
		t.complain(err)
	}
}

// colored tells whether diagnostics are coloured: BPFTRACE_COLOR, or by the
// terminal.
func colored() bool {
	switch os.Getenv("BPFTRACE_COLOR") {
	case "always":
		return true
	case "never":
		return false
	}
	return term.IsTerminal(int(os.Stdout.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))
}
