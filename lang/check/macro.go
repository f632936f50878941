package check

import (
	"fmt"
	"slices"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/parse"
	"sonde/lang/source"
)

// A macro, or a function of the script library, stands for its body: a call is
// replaced by a copy of it. Parameters are replaced by the arguments: a variable
// or map by the caller's, a word by the expression, evaluated as often as it
// stands there. Variables of the body get names that no caller's have; maps must
// be handed in.

const (
	// maxDepth bounds how deep copies nest, and maxCopies how many a body makes.
	maxDepth  = 64
	maxCopies = 4096
)

// libraryFile begins the names of the script library's files.
const libraryFile = "library:"

// OfLibrary tells whether a place is in the text of the script library, which users do
// not see.
func OfLibrary(at source.Span) bool { return strings.HasPrefix(at.Start.Filename, libraryFile) }

// macros are the definitions that a script can call, by name.
type macros struct {
	user    map[string][]*ast.Macro
	library map[string][]*ast.Macro
	// ofLibrary marks definitions of the library, whose text users do not see.
	ofLibrary map[*ast.Macro]bool
}

// defineMacros collects the script's macros.
func (c *checker) defineMacros() {
	for _, item := range c.script.Items {
		m, ok := item.(*ast.Macro)
		if !ok || !c.soundParams(m) {
			continue
		}
		if old := exact(c.macros.user[m.Name], m.Params); old != nil {
			c.errorf(m, Redeclared, "Redefinition of macro: %s", m.Name).
				WithNote(old.Span(), "This is the original definition.")
			continue
		}
		c.macros.user[m.Name] = append(c.macros.user[m.Name], m)
	}
}

func (c *checker) soundParams(m *ast.Macro) bool {
	var seen []string
	for _, p := range m.Params {
		name, what := "", ""
		switch p := p.(type) {
		case *ast.Var:
			name, what = p.Name, "Variable"
		case *ast.Map:
			name, what = p.Name, "Map"
		case *ast.Ident:
			name, what = p.Name, "Ident"
		}
		if slices.Contains(seen, name) {
			c.errorf(p, Redeclared, "%s for macro argument has already been used: %s", what, name)
			return false
		}
		seen = append(seen, name)
	}
	return true
}

// exact finds the definition that takes the arguments, preferring parameters
// that ask for a variable or map.
func exact(defs []*ast.Macro, args []ast.Expr) *ast.Macro {
	var best *ast.Macro
	score := -1
	for _, m := range defs {
		if s, ok := accepts(m, args); ok && s > score {
			best, score = m, s
		}
	}
	return best
}

// accepts tells whether m takes the arguments, and how many of its parameters
// say precisely what they are.
func accepts(m *ast.Macro, args []ast.Expr) (score int, ok bool) {
	if len(m.Params) != len(args) {
		return 0, false
	}
	for i, p := range m.Params {
		switch p.(type) {
		case *ast.Var:
			if _, ok := args[i].(*ast.Var); !ok {
				return 0, false
			}
			score++
		case *ast.Map:
			if a, ok := args[i].(*ast.Map); !ok || a.Keys != nil {
				return 0, false
			}
			score++
		}
	}
	return score, true
}

// definitionsOf lists all definitions of a name.
func (c *checker) definitionsOf(name string) []*ast.Macro {
	if defs := c.macros.user[name]; len(defs) > 0 {
		return defs
	}
	if c.lib.Func(name) != nil {
		return nil
	}
	return c.librarySource(name)
}

// librarySource reads a function of the script library when it is first asked for.
func (c *checker) librarySource(name string) []*ast.Macro {
	if defs, ok := c.macros.library[name]; ok {
		return defs
	}
	c.macros.library[name] = nil
	text := c.lib.Source(name)
	if text == "" {
		return nil
	}
	script, diags := parse.Parse(source.NewFile(libraryFile+name, text), parse.Options{IsValue: c.isValue})
	if diags.HasErrors() {
		c.diags = append(c.diags, diags...)
	}
	for _, item := range script.Items {
		if m, ok := item.(*ast.Macro); ok {
			c.macros.library[m.Name] = append(c.macros.library[m.Name], m)
			c.macros.ofLibrary[m] = true
		}
	}
	return c.macros.library[name]
}

func (c *checker) isValue(name string) bool {
	f := c.lib.Func(name)
	return f != nil && f.Shape == Value
}

// macro finds the script's own macro for a call. Inside library functions the
// script's macros do not count.
func (b *body) macro(name string, args []ast.Expr) *ast.Macro {
	if n := len(b.stack); n > 0 && b.macros.ofLibrary[b.stack[n-1]] {
		return nil
	}
	return exact(b.macros.user[name], args)
}

func (b *body) libraryMacro(name string, args []ast.Expr) *ast.Macro {
	return exact(b.librarySource(name), args)
}

func (b *body) isMacro(name string) bool { return len(b.definitionsOf(name)) > 0 }

func (b *body) macroNames() []string {
	var out []string
	for n := range b.macros.user {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// noSuchMacro says why no definition of a name takes the arguments.
func (b *body) noSuchMacro(e ast.Expr, name string, args []ast.Expr) {
	defs := b.definitionsOf(name)
	d := b.errorf(e, InvalidMacro, "Call to %s() has arguments that do not match any definition.", name)
	near := defs[0]
	for _, m := range defs {
		if len(m.Params) == len(args) {
			near = m
		}
	}
	why := fmt.Sprintf("The closest definition of %s() has a different number of arguments. Expected: %d but got %d",
		name, len(near.Params), len(args))
	if len(near.Params) == len(args) {
		for i, p := range near.Params {
			switch p := p.(type) {
			case *ast.Var:
				if _, ok := args[i].(*ast.Var); !ok {
					why = fmt.Sprintf("its parameter %s wants a scratch variable", p.Name)
				}
			case *ast.Map:
				if a, ok := args[i].(*ast.Map); !ok || a.Keys != nil {
					why = fmt.Sprintf("its parameter %s wants a map", p.Name)
				}
			}
		}
	}
	if b.macros.ofLibrary[near] {
		d.WithHint("%s", why)
	} else {
		d.WithNote(near.Span(), "%s", why)
	}
}

// inlined checks a call of a macro as the body that it stands for.
func (b *body) inlined(e ast.Expr, m *ast.Macro, args []ast.Expr) operand {
	if len(b.stack) >= maxDepth || len(b.inline) >= maxCopies {
		b.errorf(e, InvalidMacro, "the macro %s is recursive, or expands to too much", m.Name)
		return operand{}
	}
	body := b.inline[e]
	if body == nil {
		x := &expansion{id: len(b.inline) + 1, vars: map[string]string{}, maps: map[string]string{}, exprs: map[string]ast.Expr{}}
		for i, p := range m.Params {
			switch p := p.(type) {
			case *ast.Var:
				x.vars[p.Name] = args[i].(*ast.Var).Name
			case *ast.Map:
				x.maps[p.Name] = args[i].(*ast.Map).Name
			case *ast.Ident:
				x.exprs[p.Name] = args[i]
			}
		}
		body = &ast.BlockExpr{At: m.Body.At, Body: ast.Rewrite(m.Body, x.replace)}
		b.inline[e], b.unclean[body] = body, x.unclean
	}
	b.stack, b.calls = append(b.stack, m), append(b.calls, e)
	for _, use := range b.unclean[body] {
		b.errorf(use, InvalidMacro, "Unhygienic access to map: %s. Maps must be passed into the macro as arguments.", use.Name)
	}
	r := b.say(body, b.blockValue(body.Body))
	b.stack, b.calls = b.stack[:len(b.stack)-1], b.calls[:len(b.calls)-1]
	return r
}

// report places what is said about a library function's body at its call, and
// tells for a macro's body where it was called.
func (b *body) report(d *source.Diagnostic) *source.Diagnostic {
	if _, own := Codes[d.Code]; b.blind && (!own || d.Code == WrongContext) {
		return d
	}
	for i := len(b.stack) - 1; i >= 0; i-- {
		if b.macros.ofLibrary[b.stack[i]] {
			d.Span = b.calls[i].Span()
		} else {
			d.WithNote(b.calls[i].Span(), "expanded from")
		}
	}
	return b.reportBy(b, d)
}

func (b *body) errorf(at ast.Node, code source.Code, format string, args ...any) *source.Diagnostic {
	return b.report(source.Errorf(at.Span(), code, format, args...))
}

// warnf reports a warning, except about the library's own text, which users can't
// mend.
func (b *body) warnf(at ast.Node, code source.Code, format string, args ...any) *source.Diagnostic {
	d := source.Warningf(at.Span(), code, format, args...)
	if OfLibrary(d.Span) {
		return d
	}
	return b.report(d)
}
