package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/source"
	"sonde/lang/types"
)

// command is something to ask of the prompt itself.
type command struct {
	name string
	// args shows its arguments, doc says what it does.
	args, doc string
	run       func(e *Engine, ctx context.Context, arg string) error
	// complete gives what the argument may be; nil: nothing is known.
	complete func(e *Engine, arg string) []string
}

// commands are all of them, in the order of :help. It is a function because :help
// is one of them.
func commands() []*command {
	return []*command{
		{"list", "[PATTERN]", "what runs here, or the probes that match PATTERN", (*Engine).list, (*Engine).probeNames},
		{"maps", "", "the maps, their types and who uses them",
			func(e *Engine, _ context.Context, _ string) error { return e.listMaps() }, nil},
		{"print", "[@MAP]", "print a map, or all of them", (*Engine).printMaps, (*Engine).mapNames},
		{"clear", "[@MAP]", "empty a map, or all; one that nothing uses is forgotten, types and all", (*Engine).clearMaps, (*Engine).mapNames},
		{"detach", "[N|all]", "end what runs as [N], or everything", (*Engine).detach, (*Engine).runNumbers},
		{"load", "FILE", "run a script from a file", (*Engine).load, fileNames},
		{"save", "FILE", "write what runs to a file, as a script", (*Engine).save, fileNames},
		{"type", "EXPR", "the type of an expression, or the definition of a struct, union or enum", (*Engine).showType, nil},
		{"doc", "NAME", "what is known of a builtin, function, probe type, option or setting", (*Engine).document, (*Engine).vocabulary},
		{"help", "", "this text", (*Engine).help, nil},
		{"quit", "", "detach everything and leave; so does Ctrl-D", nil, nil},
	}
}

// command runs ":name argument".
func (e *Engine) command(ctx context.Context, text string) Answer {
	name, arg, _ := strings.Cut(text[1:], " ")
	c, err := findCommand(name)
	switch {
	case err != nil:
	case c.run == nil:
		return Quit
	default:
		err = c.run(e, ctx, strings.TrimSpace(arg))
	}
	e.complain(err)
	return Done
}

// findCommand finds a command by its name or a beginning of it that fits no other.
func findCommand(name string) (*command, error) {
	var found []*command
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		if name != "" && strings.HasPrefix(c.name, name) {
			found = append(found, c)
		}
		names = append(names, c.name)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf(":%s can be :%s or :%s", name, found[0].name, found[1].name)
	}
	if near := source.Closest(name, names); near != "" {
		return nil, fmt.Errorf("there is no command :%s; did you mean :%s?", name, near)
	}
	return nil, fmt.Errorf("there is no command :%s; :help lists them", name)
}

func (e *Engine) help(_ context.Context, _ string) error {
	var text strings.Builder
	text.WriteString(`Type a probe and its block, and it runs in the background: tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }
Type statements (@x = 1), and they run once; an expression (@x, 1 << 20, curtask.comm), and it is printed.
An open block asks for more lines. Tab completes. Ctrl-C clears the line, or else ends what runs.

`)
	for _, c := range commands() {
		fmt.Fprintf(&text, "  %-18s %s\n", strings.TrimSpace(":"+c.name+" "+c.args), c.doc)
	}
	e.out.printf("%s", text.String())
	return nil
}

func (e *Engine) list(_ context.Context, pattern string) error {
	if pattern != "" {
		l := &lines{w: e.out}
		defer l.finish()
		return e.opt.List(l, pattern)
	}
	runs := e.running()
	if len(runs) == 0 {
		e.out.printf("nothing runs; :list PATTERN lists probes\n")
	}
	for _, r := range runs {
		e.out.printf("[%d] %s\n", r.number, r.summary())
	}
	return nil
}

func (e *Engine) printMaps(_ context.Context, name string) error {
	if name != "" {
		return e.print(name)
	}
	if len(e.maps) == 0 {
		e.out.printf("no maps yet\n")
	}
	for _, m := range e.maps {
		if err := e.print(m.Name); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) clearMaps(_ context.Context, name string) error {
	if name != "" {
		return e.clear(name)
	}
	var errs []error
	for _, m := range slices.Clone(e.maps) {
		errs = append(errs, e.clear(m.Name))
	}
	return errors.Join(errs...)
}

func (e *Engine) detach(_ context.Context, arg string) error {
	if arg == "" || arg == "all" {
		if e.Detach() == 0 {
			e.out.printf("nothing runs\n")
		}
		return nil
	}
	n, err := strconv.Atoi(strings.Trim(arg, "[]"))
	if err != nil || e.Detach(n) == 0 {
		return fmt.Errorf("nothing runs as %s; :list shows what does", arg)
	}
	return nil
}

func (e *Engine) load(ctx context.Context, name string) error {
	if name == "" {
		return errors.New(":load wants the name of a file")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return cause("read", name, err)
	}
	e.perform(ctx, e.asScript(source.NewFile(name, string(text))))
	return nil
}

func (e *Engine) save(_ context.Context, name string) error {
	if name == "" {
		return errors.New(":save wants the name of a file")
	}
	if len(e.running()) == 0 && len(e.defs.items) == 0 {
		return errors.New("there is nothing to save: nothing runs")
	}
	if err := os.WriteFile(name, []byte(e.script()), 0o666); err != nil {
		return cause("write", name, err)
	}
	e.out.printf("saved %s to %s\n", count(len(e.running()), "script"), name)
	return nil
}

// cause says what could not be done to a file, and why.
func cause(doing, name string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("can not %s %s: %w", doing, name, err)
}

func (e *Engine) showType(_ context.Context, text string) error {
	if text == "" {
		return errors.New(":type wants an expression")
	}
	if kind, name, ok := strings.Cut(text, " "); ok {
		if d, declares := e.opt.Host.BTF().(types.Declarer); declares && isTag(kind) {
			if c := d.Declare(kind, strings.TrimSpace(name)); c != "" {
				e.out.printf("%s\n", c)
				return nil
			}
		}
	}
	for _, item := range e.defs.items {
		if d, ok := item.(*ast.CDef); ok && defined(d) == text {
			e.out.printf("%s\n", d.Text)
			return nil
		}
	}
	for _, m := range e.maps {
		if m.Name == text {
			e.out.printf("%s\n", describeMap(m))
			return nil
		}
	}
	t, in := e.typeOf(text)
	if t == nil {
		e.report(in, in.diags...)
		return nil
	}
	e.out.printf("%s\n", t)
	return nil
}

func isTag(word string) bool { return word == "struct" || word == "union" || word == "enum" }

func (e *Engine) document(_ context.Context, name string) error {
	if name == "" {
		return errors.New(":doc wants a name")
	}
	text, ok := e.opt.Describe(name)
	if !ok {
		if near := source.Closest(name, e.vocabulary("")); near != "" {
			return fmt.Errorf("nothing is known of %s; did you mean %s?", name, near)
		}
		return fmt.Errorf("nothing is known of %s", name)
	}
	e.out.printf("%s", text)
	return nil
}
