// Package check finds out what a script means: what each name stands for, what
// type each expression has, what maps hold, and which programs to compile for
// which targets. What does not make sense it rejects, at its place and once.
//
// Comes in: a syntax tree, the vocabulary (Library), and the machine that the
// script is for (Host). Goes out: a Program with side tables keyed by node; the
// tree itself is not changed. Guaranteed: it asks nothing of the machine but
// through Host, gives the same answer to the same question, and never panics on
// a tree that the parser made.
//
// A probe's body is checked once for each context that it can run in; such a
// pair is an Instance. Types of variables and maps are found by repeating the
// walk over all instances: each assignment joins the type of its value into that
// of the place (types.Join, under which types only grow), until a round changes
// nothing. Only then a last round fills the side tables and reports. An operand
// that is invalid, or not known yet, silences whatever is made of it.
package check

import (
	"slices"
	"sort"

	"sonde/lang/ast"
	"sonde/lang/config"
	"sonde/lang/source"
	"sonde/lang/types"
)

// maxRounds bounds inference; the longest chain of types that a place can climb
// is far shorter.
const maxRounds = 64

// checker is the state for one script.
type checker struct {
	script *ast.Script
	lib    Library
	host   Host
	opt    *Options
	cfg    config.Config
	defs   *definitions
	macros macros

	diags  source.List
	seen   map[said]*saying
	bodies []*body
	maps   map[string]*mapState
	order  []*mapState

	// asked are the named parameters that the script asks for, with what they are for.
	asked map[string]string

	// warned are the unstable functions that were warned of.
	warned map[*Func]bool

	// final: the round that reports. changed: a type grew in this round.
	final   bool
	changed bool
}

// said identifies what was said at a place: a body that is checked in many
// contexts says the same many times, in words that differ by types at most.
type said struct {
	code source.Code
	span source.Span
}

// saying is what was said there, by whom first, and by how many others since.
type saying struct {
	by     *body
	msgs   []string
	first  *source.Diagnostic
	others map[*body]bool
}

// Check checks a script. The Program is complete when the list has no errors;
// otherwise it holds what could be found out, for tools that look at unfinished
// scripts. opt may be nil.
func Check(s *ast.Script, lib Library, host Host, opt *Options) (*Program, source.List) {
	if opt == nil {
		opt = &Options{}
	}
	c := &checker{
		script: s, lib: lib, host: host, opt: opt, cfg: opt.Config,
		seen: map[said]*saying{},
		maps: map[string]*mapState{},
		// Settings and declarations may already ask for functions of the library.
		macros: macros{map[string][]*ast.Macro{}, map[string][]*ast.Macro{}, map[*ast.Macro]bool{}},
	}
	if c.cfg.MaxStrlen == 0 {
		c.cfg = config.Default()
	}
	c.settings()
	c.defs = c.define()
	c.declareMaps()
	c.final = true
	c.defineMacros()
	c.expand()
	c.final = false
	c.infer()

	p := &Program{Script: s, Config: c.cfg, Options: opt, AutoExit: len(c.bodies) > 0}
	for _, b := range c.bodies {
		in := b.finish()
		if !c.selected(in) {
			continue
		}
		p.Instances = append(p.Instances, in)
		for _, t := range b.inst.Targets {
			p.AutoExit = p.AutoExit && t.Point.Provider.Edge
		}
	}
	if len(p.Instances) == 0 && !c.diags.HasErrors() {
		c.nothingSelected()
	}
	for _, m := range c.order {
		if m.mentioned {
			p.Maps = append(p.Maps, m.finish())
		}
	}
	c.countOthers()
	c.unasked()
	sort.SliceStable(c.diags, func(i, j int) bool {
		a, b := c.diags[i].Span.Start, c.diags[j].Span.Start
		return a.Filename == b.Filename && a.Offset < b.Offset
	})
	return p, c.diags
}

// infer repeats the walk over all bodies until no type changes, and then once
// more to report.
func (c *checker) infer() {
	for round := 0; round < maxRounds; round++ {
		c.changed = false
		c.walk()
		if c.changed {
			continue
		}
		// Maps that only ever change themselves (@n++), or that nothing writes,
		// begin as zero.
		for _, m := range c.order {
			if m.val == nil && !m.assigned && (m.selfMade || m.read) {
				m.val, m.guessed = types.Flexible{Bits: 8}, !m.selfMade
				c.changed = true
			}
		}
		if !c.changed {
			break
		}
	}
	c.final = true
	c.walk()
	c.checkMaps()
}

func (c *checker) walk() {
	for _, b := range c.bodies {
		b.round()
	}
}

// report adds a diagnostic in the final round, unless the same was said before.
func (c *checker) report(d *source.Diagnostic) *source.Diagnostic { return c.reportBy(nil, d) }

func (c *checker) reportBy(b *body, d *source.Diagnostic) *source.Diagnostic {
	if !c.final {
		return d
	}
	key := said{d.Code, d.Span}
	s := c.seen[key]
	switch {
	case s == nil:
		c.seen[key] = &saying{by: b, msgs: []string{d.Msg}, first: d, others: map[*body]bool{}}
		c.diags.Add(d)
	case s.by != b:
		s.others[b] = true
	case !slices.Contains(s.msgs, d.Msg):
		s.msgs = append(s.msgs, d.Msg)
		c.diags.Add(d)
	}
	return d
}

// countOthers notes for how many more contexts a diagnostic goes.
func (c *checker) countOthers() {
	for _, s := range c.seen {
		if n := len(s.others); n > 0 {
			targets := 0
			for b := range s.others {
				targets += len(b.inst.Targets)
			}
			what := "targets"
			if targets == 1 {
				what = "target"
			}
			s.first.WithNote(source.Span{}, "the same goes for %d more %s", targets, what)
		}
	}
}

func (c *checker) errorf(at ast.Node, code source.Code, format string, args ...any) *source.Diagnostic {
	return c.report(source.Errorf(at.Span(), code, format, args...))
}

func (c *checker) warnf(at ast.Node, code source.Code, format string, args ...any) *source.Diagnostic {
	return c.report(source.Warningf(at.Span(), code, format, args...))
}

// suggest hints at the name that was meant, if there is one near.
func suggest(d *source.Diagnostic, word string, names []string) *source.Diagnostic {
	if near := source.Closest(word, names); near != "" {
		d.WithHint("did you mean `%s`?", near)
	}
	return d
}

// settings applies the script's config block.
func (c *checker) settings() {
	c.final = true
	for _, item := range c.script.Items {
		block, ok := item.(*ast.Config)
		if !ok {
			continue
		}
		for _, s := range block.Settings {
			err := c.cfg.SetFromScript(s.Name, s.Value)
			if err == nil {
				continue
			}
			d := c.errorf(s, InvalidSetting, "%s", err)
			if unknown, ok := err.(*config.UnknownError); ok && unknown.Close != "" {
				d.WithHint("did you mean `%s`?", unknown.Close)
			}
		}
	}
	c.final = false
}
