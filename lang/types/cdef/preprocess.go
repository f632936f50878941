package cdef

import (
	"slices"
	"strconv"
	"strings"
)

// directive reads a line that begins with #.
func (p *parser) directive(piece int) {
	p.next()
	t := p.next()
	d := p.d
	switch t.text {
	case "ifdef", "ifndef":
		_, ok := d.Macros[p.name("a name").text]
		p.open(ok == (t.text == "ifdef"))
		return
	case "if":
		p.open(d.active() && p.constant() != 0)
		return
	case "elif", "else":
		n := len(d.skipping) - 1
		if n < 0 {
			p.fail(t, "#%s without #if", t.text)
		}
		c := &d.skipping[n]
		c.active = !c.done && c.outer && (t.text == "else" || p.constant() != 0)
		c.done = c.done || c.active
		return
	case "endif":
		n := len(d.skipping) - 1
		if n < 0 {
			p.fail(t, "#endif without #if")
		}
		d.skipping = d.skipping[:n]
		return
	}
	if !d.active() {
		return
	}
	switch t.text {
	case "define":
		p.define()
	case "undef":
		delete(d.Macros, p.name("a name").text)
	case "include":
		name := strings.TrimSpace(p.text[p.peek().off:])
		d.Includes = append(d.Includes, Include{name, piece})
	case "error":
		p.fail(t, "#error %s", strings.TrimSpace(p.text[t.off+len("error"):]))
	case "pragma", "warning", "line", "":
	default:
		p.fail(t, "unknown directive #%s", t.text)
	}
}

func (p *parser) open(active bool) {
	outer := p.d.active()
	p.d.skipping = append(p.d.skipping, condition{active, active, outer})
}

func (p *parser) define() {
	name := p.name("the name of a macro")
	after := name.off + len(name.text)
	if after < len(p.text) && p.text[after] == '(' {
		p.d.Macros[name.text] = Macro{Params: true}
		return
	}
	first := p.peek().off
	last := first
	for p.peek().kind != end {
		t := p.next()
		last = t.off + len(t.text)
	}
	// Comments at the end are gone; those within are blank to the script too.
	p.d.Macros[name.text] = Macro{Text: strings.ReplaceAll(p.text[first:last], "\\\n", "  "), Offset: first}
}

// binary operators of constant expressions, by how tightly they bind.
var levels = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6,
	"<": 7, "<=": 7, ">": 7, ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}

// constant reads a constant expression.
func (p *parser) constant() int64 {
	c := p.climb(1)
	if p.accept("?") {
		x := p.constant()
		p.expect(":")
		y := p.constant()
		if c != 0 {
			return x
		}
		return y
	}
	return c
}

func (p *parser) climb(least int) int64 {
	x := p.unary()
	for {
		op := p.peek()
		level := levels[op.text]
		if op.kind != sign || level == 0 || level < least {
			return x
		}
		p.next()
		x = p.apply(op, x, p.climb(level+1))
	}
}

func (p *parser) apply(op token, x, y int64) int64 {
	truth := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	switch op.text {
	case "||":
		return truth(x != 0 || y != 0)
	case "&&":
		return truth(x != 0 && y != 0)
	case "|":
		return x | y
	case "^":
		return x ^ y
	case "&":
		return x & y
	case "==":
		return truth(x == y)
	case "!=":
		return truth(x != y)
	case "<":
		return truth(x < y)
	case "<=":
		return truth(x <= y)
	case ">":
		return truth(x > y)
	case ">=":
		return truth(x >= y)
	case "<<":
		return x << (uint64(y) & 63)
	case ">>":
		return x >> (uint64(y) & 63)
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	if y == 0 {
		p.fail(op, "division by zero")
	}
	if op.text == "/" {
		return x / y
	}
	return x % y
}

func (p *parser) unary() int64 {
	t := p.next()
	switch {
	case t.kind == number:
		digits := strings.TrimRight(strings.ToLower(t.text), "ul")
		n, err := strconv.ParseUint(digits, 0, 64)
		if err != nil {
			p.fail(t, "'%s' is no integer", t.text)
		}
		return int64(n)
	case t.kind == str && t.text[0] == '\'':
		s, _, _, err := strconv.UnquoteChar(t.text[1:], '\'')
		if err != nil {
			p.fail(t, "%s is no character", t.text)
		}
		return int64(s)
	case t.kind == word:
		return p.named(t)
	}
	switch t.text {
	case "(":
		x := p.constant()
		p.expect(")")
		return x
	case "-":
		return -p.unary()
	case "+":
		return p.unary()
	case "~":
		return ^p.unary()
	case "!":
		if p.unary() == 0 {
			return 1
		}
		return 0
	}
	p.fail(t, "expected a constant%s", found(t))
	return 0
}

// named gives the value of defined(x), sizeof, a macro or an enum constant. As
// the preprocessor has it, other names are 0 in #if; elsewhere they are unknown.
func (p *parser) named(t token) int64 {
	switch t.text {
	case "defined":
		open := p.accept("(")
		_, ok := p.d.Macros[p.name("a name").text]
		if open {
			p.expect(")")
		}
		if ok {
			return 1
		}
		return 0
	case "sizeof":
		p.expect("(")
		base := p.specifiers()
		_, m := p.declarator(base)
		p.expect(")")
		return int64(m.size)
	}
	if m, ok := p.d.Macros[t.text]; ok && !m.Params && !slices.Contains(p.expanding, t.text) {
		toks, err := scan(m.Text)
		if err != nil {
			p.fail(t, "macro %s: %s", t.text, err)
		}
		inner := &parser{d: p.d, toks: toks, text: m.Text, expanding: append(slices.Clone(p.expanding), t.text)}
		return inner.constant()
	}
	if e := p.d.Enums[t.text]; e != nil {
		for _, v := range e.Values {
			if v.Name == t.text {
				return v.Value
			}
		}
	}
	if v, ok := p.d.outside.Constant(t.text); ok {
		return v
	}
	if strings.HasPrefix(strings.TrimSpace(p.text), "#") {
		return 0
	}
	p.fail(t, "unknown constant '%s'", t.text)
	return 0
}
