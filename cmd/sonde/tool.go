package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"sonde/codegen"
	"sonde/codegen/plan"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/runtime"
	"sonde/runtime/host"
	"sonde/stdlib"
)

// tool is one run of a script, from text to exit status.
type tool struct {
	args  *arguments
	file  *source.File
	lib   *stdlib.Library
	host  *host.Host
	child *runtime.Child
	color bool
	// interrupts are signals to end.
	interrupts chan os.Signal
	// usualGC is the garbage collector's setting for the time after starting up.
	usualGC int
	// stderr is where diagnostics go.
	stderr io.Writer
}

// vmlinuxVariable names a file to take the kernel's debugging information from instead of
// where distributions install it.
const vmlinuxVariable = "BPFTRACE_VMLINUX"

// btfVariable names a file to take type information from instead of the kernel's.
const btfVariable = "BPFTRACE_BTF"

// newHost makes the host that the options and environment describe.
func newHost(a *arguments) *host.Host {
	return host.New(host.Options{
		BTF:                os.Getenv(btfVariable),
		TraceableFunctions: a.traceable,
		Without:            a.noFeature,
		Vmlinux:            os.Getenv(vmlinuxVariable),
		Watch:              watch(a),
	})
}

func newTool(a *arguments, f *source.File) *tool {
	h := newHost(a)
	// All but scripts of begin and end alone need types: for fields, and for what is
	// read from the task instead of asking a helper.
	if strings.ContainsAny(f.Text, ":.") {
		h.Prefetch()
	}
	return &tool{args: a, file: f, lib: stdlib.Default(), host: h, color: colored(), stderr: os.Stderr}
}

// errReported stands for errors that have been printed in full.
var errReported = errors.New("")

// startupGC lets the heap grow to 16 MiB before the first collection, while the runtime's
// default is 4: what starting up allocates it needs until the probes are attached,
// and a collection in the middle only delays that, by milliseconds.
const startupGC = 400

// run takes the script as far as the command line asks, and gives the exit status.
func (t *tool) run() int {
	t.usualGC = debug.SetGCPercent(startupGC)
	code, err := t.stages()
	if t.child != nil && err != nil {
		t.child.Terminate()
	}
	switch {
	case err == nil:
		return code
	case !errors.Is(err, errReported):
		t.report(err)
	}
	return 1
}

func (t *tool) stages() (int, error) {
	script, err := t.parse()
	if err != nil {
		return 1, err
	}
	if t.args.fmt {
		return 0, t.write(ast.Format(script))
	}
	if os.Getenv(btfVariable) != "" && t.host.BTFError() != nil {
		return 1, fmt.Errorf("%s: %w", btfVariable, t.host.BTFError())
	}
	if t.stage("ast") {
		fmt.Print(ast.Dump(script, false))
	}
	if t.only("ast") {
		return 0, nil
	}
	program, err := t.check(script)
	if err != nil {
		return 1, err
	}
	if t.args.list {
		l := newLister(os.Stdout, t.host, t.args.verbose, t.args.pid)
		l.script(program, t.mechanisms(program))
		return 0, l.out.Flush()
	}
	if t.args.probeFilter != "" && !t.filter(program) {
		return 1, errors.New("No probes to attach")
	}
	if t.stage("types") {
		fmt.Print(check.Dump(program))
	}
	if t.only("types") {
		return 0, nil
	}
	p, err := codegen.Compile(program, t.lib, t.host, t.codegenOptions())
	if err != nil {
		return 1, err
	}
	if len(t.args.stages) > 0 {
		return 0, nil
	}
	return t.trace(p)
}

// writeMechanisms tells what each probe is attached with, all of a program's in one line when they
// are alike.
func writeMechanisms(w io.Writer, p *plan.Plan) {
	for i := 0; i < len(p.Attach); {
		a, how := p.Attach[i], p.Describe(p.Attach[i])
		n := i + 1
		for n < len(p.Attach) && p.Attach[n].Program == a.Program && p.Describe(p.Attach[n]) == how {
			n++
		}
		more := ""
		if n > i+1 {
			more = fmt.Sprintf(" and %d more", n-i-1)
		}
		fmt.Fprintf(w, "INFO: %s%s: %s\n", a.Name, more, how)
		i = n
	}
}

// mechanisms gives what each probe of a script would be attached with by its name, for a
// verbose listing.
func (t *tool) mechanisms(program *check.Program) map[string]string {
	found := map[string]string{}
	if !t.args.verbose {
		return found
	}
	p, err := codegen.Compile(program, t.lib, t.host, codegen.Options{})
	if err != nil {
		return found // it is said when the script is run
	}
	for _, a := range p.Attach {
		found[a.Name] = p.Describe(a)
	}
	return found
}

// stage tells whether -d asks for a stage; only, whether for none beyond the ones
// that come up to it.
func (t *tool) stage(name string) bool {
	for _, s := range t.args.stages {
		if s == name || s == "all" || strings.HasPrefix(s, name+":") {
			return true
		}
	}
	return false
}

// order of the stages.
var stageOrder = []string{"ast", "types", "ssa", "alloc", "asm", "none", "all"}

func (t *tool) only(name string) bool {
	last := -1
	for _, s := range t.args.stages {
		for i, known := range stageOrder {
			if known == s || strings.HasPrefix(s, known+":") {
				last = max(last, i)
			}
		}
	}
	return last >= 0 && stageOrder[last] == name
}

func (t *tool) parse() (*ast.Script, error) {
	script, diags := parse.Parse(t.file, parse.Options{IsValue: t.isValue})
	return script, t.diagnose(diags)
}

// isValue tells the parser which bare names are values.
func (t *tool) isValue(name string) bool {
	f := t.lib.Func(name)
	return f != nil && f.Shape == check.Value
}

func (t *tool) check(script *ast.Script) (*check.Program, error) {
	settings, err := config.Load(os.Environ())
	if err != nil {
		return nil, err
	}
	opt := &check.Options{
		Params:           t.args.words,
		Named:            t.args.named,
		Includes:         t.args.includes,
		PID:              t.args.pid,
		Command:          t.args.command,
		Unsafe:           t.args.unsafe,
		Traceable:        t.args.traceable != "",
		Offline:          len(t.args.stages) > 0,
		Config:           settings,
		KernelWarnings:   t.args.warnings,
		NoWarnings:       t.args.noWarnings,
		Mode:             t.args.runMode(),
		DisabledFeatures: t.args.noFeature,
	}
	if t.args.command != "" && !opt.Offline && !t.args.list {
		if t.child, err = runtime.StartChild(words(t.args.command)); err != nil {
			return nil, err
		}
		opt.ChildPID = t.child.PID
	}
	program, diags := check.Check(script, t.lib, t.host, opt)
	return program, t.diagnose(diags)
}

// filter leaves out the targets whose names do not match --probe-filter; false when none
// are left.
func (t *tool) filter(p *check.Program) bool {
	for _, in := range p.Instances {
		in.Targets = slices.DeleteFunc(in.Targets, func(target check.Target) bool {
			return !target.Point.Provider.Edge && !t.args.filter.MatchString(target.Name)
		})
	}
	p.Instances = slices.DeleteFunc(p.Instances, func(in *check.Instance) bool { return len(in.Targets) == 0 })
	return len(p.Instances) > 0
}

func (t *tool) codegenOptions() codegen.Options {
	return codegen.Options{
		File: t.file,
		Dump: func(stage, program, text string) {
			if stage != "asm" { // which names its functions
				fmt.Printf("%s:\n", program)
			}
			fmt.Printf("%s\n", text)
		},
		Stages: t.args.stages,
	}
}

// diagnose prints what a layer had to say; errors end the run.
func (t *tool) diagnose(diags source.List) error {
	var shown source.List
	for _, d := range diags {
		if d.Severity == source.Error || !t.args.noWarnings {
			shown = append(shown, d)
		}
	}
	if err := shown.Render(t.stderr, []*source.File{t.file}, t.color); err != nil {
		return err
	}
	if diags.HasErrors() {
		return errReported
	}
	return nil
}

// report prints an error, at its place in the script if it has one.
func (t *tool) report(err error) {
	var d *source.Diagnostic
	if !errors.As(err, &d) {
		t.complain(err)
		return
	}
	if renderErr := source.Render(t.stderr, d, []*source.File{t.file}, t.color); renderErr != nil {
		t.complain(err)
	}
	var log interface{ VerifierLog() string }
	if t.args.verbose && errors.As(err, &log) {
		fmt.Fprintln(t.stderr, log.VerifierLog())
	}
}

// complain prints an error that has no place in the script.
func (t *tool) complain(err error) { fmt.Fprintf(t.stderr, "ERROR: %s\n", err) }

// write writes text to -o's file, or standard output.
func (t *tool) write(text string) error {
	if t.args.output == "" {
		_, err := io.WriteString(os.Stdout, text)
		return err
	}
	return os.WriteFile(t.args.output, []byte(text), 0o644)
}
