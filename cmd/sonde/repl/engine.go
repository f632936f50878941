// Package repl is the interactive prompt: scripts typed at it run in the
// background while more are typed, and share their maps.
//
// Comes in: lines, and what an answer is made of: the vocabulary, the host, the
// runtime. Goes out: whole lines of text. Guaranteed: an error leaves the session
// as it was; maps keep their types and contents until they are cleared; nothing
// stays attached when the Engine is closed or the process ends.
//
// The Engine answers one input at a time and knows no terminal; the front end
// (Run) reads lines and shows output around the line that is being edited.
package repl

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"sonde/codegen"
	"sonde/codegen/plan"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime"
	"sonde/stdlib"
)

// Options are what the prompt works with.
type Options struct {
	Library *stdlib.Library
	Host    check.Host
	// Env gives the services that printing needs, see runtime.NewEnv.
	Env types.Env
	// Check is what the command line and environment say. Its Maps are ignored.
	Check check.Options
	// Out takes whole lines, one or more at a time, from one goroutine at a time.
	Out io.Writer
	// Color: diagnostics are coloured.
	Color bool
	// Start runs a plan; nil: runtime.Start.
	Start func(context.Context, *plan.Plan, runtime.Options) (*runtime.Session, error)
	// Describe gives the reference text of a name.
	Describe func(name string) (text string, ok bool)
	// List writes the probes that match a pattern.
	List func(w io.Writer, pattern string) error
}

// Engine is an interactive session.
type Engine struct {
	opt   Options
	out   *output
	store *runtime.Store
	// ctx ends with the engine.
	ctx    context.Context
	cancel context.CancelFunc
	// maps are those that exist, with their types.
	maps []*check.Map
	defs definitions
	// inputs counts what was typed: each has a name in diagnostics.
	inputs int
	lists  map[string][]string

	mu   sync.Mutex
	runs []*run
	last int
}

// New makes a session in which nothing runs.
func New(opt Options) *Engine {
	if opt.Start == nil {
		opt.Start = runtime.Start
	}
	e := &Engine{opt: opt, out: &output{w: opt.Out}, store: runtime.NewStore(), lists: map[string][]string{}}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e
}

// Close detaches everything, lets end probes run, and forgets the maps.
func (e *Engine) Close() {
	e.Detach()
	e.cancel()
	e.store.Close()
}

// Answer says what an input came to.
type Answer uint8

const (
	// Done: the input was dealt with, one way or another.
	Done Answer = iota
	// More: it is not complete; call again with more lines behind it.
	More
	// Quit: the session is over.
	Quit
)

// Eval deals with an input: a command, an expression, statements or a script. It
// returns when what was typed has been answered, or runs in the background. ctx
// ends what is being done.
func (e *Engine) Eval(ctx context.Context, text string) Answer {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, ":") {
		return e.command(ctx, trimmed)
	}
	if trimmed == "" {
		return Done
	}
	in, answer := e.read(fmt.Sprintf("#%d", e.inputs+1), text)
	if answer == More {
		return More
	}
	e.inputs++
	e.perform(ctx, in)
	return Done
}

// perform runs an input and reports what is wrong with it.
func (e *Engine) perform(ctx context.Context, in *input) {
	if in == nil {
		return
	}
	if !in.diags.HasErrors() && len(in.script.Items) > 0 {
		e.execute(ctx, in)
		return
	}
	e.report(in, in.diags...)
}

// execute checks, compiles and runs an input without mistakes in its syntax.
func (e *Engine) execute(ctx context.Context, in *input) {
	if m, ok := in.value.(*ast.Map); ok && m.Keys == nil && e.has(m.Name) {
		e.complain(e.print(m.Name))
		return
	}
	in.script.Items = append(e.defs.before(in.script.Items), in.script.Items...)
	program, diags := e.check(in.script)
	if diags.HasErrors() && e.valueless(in) {
		program, diags = e.check(in.script)
	}
	e.report(in, diags...)
	if diags.HasErrors() {
		return
	}
	if len(program.Instances) == 0 {
		e.defs.keep(in)
		return
	}
	if text, ok := constant(program, in.value); ok {
		e.out.printf("%s\n", text)
		return
	}
	p, err := codegen.Compile(program, e.opt.Library, e.opt.Host, codegen.Options{File: in.parsed})
	if err == nil {
		err = e.launch(ctx, in, program, p)
	}
	if err != nil {
		e.reportError(in, err)
		return
	}
	e.remember(program.Maps)
}

// check checks a script in the light of the maps there are. Numbers and short
// strings in new maps get more room than the first of them need, since the types are final.
func (e *Engine) check(script *ast.Script) (*check.Program, source.List) {
	opt := e.opt.Check
	opt.Maps = slices.Clone(e.maps)
	program, diags := check.Check(script, e.opt.Library, e.opt.Host, &opt)
	if diags.HasErrors() {
		return program, e.hints(diags)
	}
	wider := false
	for _, m := range program.Maps {
		if slices.Contains(e.maps, m) || m.Decl != nil {
			continue
		}
		w := *m
		w.Key, w.Value = roomy(m.Key), roomy(m.Value)
		wider = wider || !types.Same(w.Key, m.Key) || !types.Same(w.Value, m.Value)
		opt.Maps = append(opt.Maps, &w)
	}
	if wider {
		program, diags = check.Check(script, e.opt.Library, e.opt.Host, &opt)
	}
	return program, e.hints(diags)
}

// hints leaves out what is of no use at a prompt, and adds how to get rid of the types
// of a map.
func (e *Engine) hints(diags source.List) source.List {
	diags = slices.DeleteFunc(diags, func(d *source.Diagnostic) bool { return d.Code == check.UnusedMap })
	for _, d := range diags {
		i := slices.IndexFunc(e.maps, func(m *check.Map) bool { return slices.Contains(strings.FieldsFunc(d.Msg, isSeparator), m.Name) })
		if i >= 0 && d.Severity == source.Error {
			d.WithHint("%s", e.forgetting(e.maps[i].Name))
		}
	}
	return diags
}

// forgetting says how to get rid of the types of a map.
func (e *Engine) forgetting(name string) string {
	hint := fmt.Sprintf(":clear %s forgets the map and its types", name)
	if users := e.users(name); users != "" {
		hint += fmt.Sprintf(", once it is no longer used by %s (:detach)", users)
	}
	return hint
}

func isSeparator(r rune) bool { return r == ' ' || r == ':' || r == ',' }

// remember notes the maps that exist now.
func (e *Engine) remember(maps []*check.Map) {
	for _, m := range maps {
		if !slices.Contains(e.maps, m) {
			e.maps = append(e.maps, m)
		}
	}
	slices.SortFunc(e.maps, func(a, b *check.Map) int { return strings.Compare(a.Name, b.Name) })
}

// report writes diagnostics with the lines that were typed.
func (e *Engine) report(in *input, diags ...*source.Diagnostic) {
	var text strings.Builder
	list := make(source.List, len(diags))
	for i, d := range diags {
		list[i] = in.place(d)
	}
	if err := list.Render(&text, append([]*source.File{in.file}, e.defs.files...), e.opt.Color); err != nil {
		text.WriteString(err.Error() + "\n")
	}
	e.out.printf("%s", text.String())
}

// complain writes an error that has no place in an input.
func (e *Engine) complain(err error) {
	if err != nil {
		e.out.printf("ERROR: %s\n", err)
	}
}
