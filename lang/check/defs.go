package check

import (
	"maps"
	"slices"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/lang/types/cdef"
)

// definitions are what a script's C text defines.
type definitions struct {
	*cdef.Definitions
	// at tells where a macro was defined, to place what is wrong with its text.
	at map[string]*ast.CDef
	// macros are the texts of macros, parsed.
	macros map[string]ast.Expr
	// headers are the constants of the C headers that the library knows.
	headers map[string]int64
	// expanding are the macros whose text is being looked at.
	expanding []string
}

// elsewhere finds types and constants for C text that does not define them.
type elsewhere struct{ c *checker }

func (o elsewhere) Type(keyword, name string) types.Type {
	btf := o.c.host.BTF()
	if btf == nil {
		return nil
	}
	switch keyword {
	case "struct", "union":
		if s := btf.Struct(keyword, name); s != nil {
			return s
		}
	case "enum":
		if e := btf.Enum(name); e != nil {
			return e
		}
	default:
		return btf.Typedef(name)
	}
	return nil
}

func (o elsewhere) Constant(name string) (int64, bool) {
	if btf := o.c.host.BTF(); btf != nil {
		_, v, ok := btf.EnumConst(name)
		return v, ok
	}
	return 0, false
}

// haveBTF is the macro by which scripts ask whether the kernel's types are known.
const haveBTF = "BPFTRACE_HAVE_BTF"

// define reads the script's C text.
func (c *checker) define() *definitions {
	c.final = true
	defer func() { c.final = false }()
	var pieces []*ast.CDef
	for _, item := range c.script.Items {
		if piece, ok := item.(*ast.CDef); ok {
			pieces = append(pieces, piece)
		}
	}
	defined := c.host.Arch().Macros
	// The kernel's types take time to load; most scripts have no C text.
	if len(pieces) > 0 && c.host.BTF() != nil {
		defined = append(slices.Clip(defined), haveBTF)
	}
	d := &definitions{
		Definitions: cdef.New(elsewhere{c}, defined...),
		at:          map[string]*ast.CDef{},
		macros:      map[string]ast.Expr{},
		headers:     map[string]int64{},
	}
	for i, piece := range pieces {
		err := d.Read(i, piece.Text)
		if e, ok := err.(*cdef.Error); ok {
			c.report(source.Errorf(within(piece, e.Offset), InvalidDefinition, "%s", e.Msg))
		}
		for name := range d.Macros {
			if d.at[name] == nil {
				d.at[name] = piece
			}
		}
	}
	if err := d.Close(); err != nil {
		c.errorf(pieces[len(pieces)-1], InvalidDefinition, "%s", err)
	}
	for _, name := range c.opt.Includes {
		if header := c.lib.Header(name, c.host.Arch()); header != nil {
			maps.Copy(d.headers, header)
			continue
		}
		c.report(source.Warningf(source.Span{}, InvalidDefinition, "%s is not included: no C headers are read", name))
	}
	for _, inc := range d.Includes {
		if header := c.lib.Header(strings.Trim(inc.Name, `<>"`), c.host.Arch()); header != nil {
			maps.Copy(d.headers, header)
			continue
		}
		if c.host.BTF() == nil || strings.HasPrefix(inc.Name, "\"") {
			c.warnf(pieces[inc.Piece], InvalidDefinition, "#include %s is ignored: no C headers are read", inc.Name).
				WithHint("types come from the kernel's type information; other structs can be defined in the script")
		}
	}
	return d
}

// within gives the place of an offset in a piece of C text, to its end.
func within(piece *ast.CDef, offset int) source.Span {
	at := piece.Pos
	for _, ch := range []byte(piece.Text[:min(offset, len(piece.Text))]) {
		at.Offset++
		at.Column++
		if ch == '\n' {
			at.Line++
			at.Column = 1
		}
	}
	return source.Span{Start: at, End: piece.EndPos}
}

// constant finds an enumeration constant of the script, or a constant of a header
// that it includes.
func (d *definitions) constant(name string) (operand, bool) {
	if v, ok := d.headers[name]; ok {
		return constant(v), true
	}
	e := d.Enums[name]
	if e == nil {
		return operand{}, false
	}
	for _, v := range e.Values {
		if v.Name == name {
			return enumConst(e, v.Value), true
		}
	}
	return operand{}, false
}

// names lists constants and macros, for suggestions.
func (d *definitions) names() []string {
	var out []string
	for n := range d.Macros {
		if n != haveBTF {
			out = append(out, n)
		}
	}
	for n := range d.Enums {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// lookup finds a type by keyword ("struct", "union", "enum" or "") and name.
func (d *definitions) lookup(keyword, name string) types.Type {
	if keyword != "" {
		name = keyword + " " + name
	}
	return d.Types[name]
}

func (d *definitions) typeNames(keyword string) []string {
	var out []string
	for n := range d.Types {
		if rest, ok := strings.CutPrefix(n, keyword+" "); ok {
			out = append(out, rest)
		} else if keyword == "" && !strings.Contains(n, " ") {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// cMacro checks a word that #define gives a meaning: its text is an expression
// of the script's language. ok is false when there is no such macro.
func (b *body) cMacro(e *ast.Ident) (x operand, ok bool) {
	m, ok := b.defs.Macros[e.Name]
	if !ok || slices.Contains(b.defs.expanding, e.Name) {
		return operand{}, false
	}
	if m.Params {
		b.errorf(e, InvalidMacro, "%s is defined with parameters, which is not supported", e.Name).
			WithHint("write it as: macro %s(…) { … }", e.Name)
		return operand{}, true
	}
	expr := b.defs.macros[e.Name]
	if expr == nil {
		var list source.List
		expr, list = parse.Expr(source.NewFile(e.Name, m.Text), parse.Options{IsValue: b.isValue})
		if list.HasErrors() || expr == nil {
			d := b.errorf(e, InvalidMacro, "the macro %s (%s) is no expression", e.Name, m.Text)
			if at := b.defs.at[e.Name]; at != nil {
				d.WithNote(at.Span(), "defined here")
			}
			return operand{}, true
		}
		b.defs.macros[e.Name] = expr
	}
	body := b.inline[e]
	if body == nil {
		copied := ast.Clone(expr)
		body = &ast.BlockExpr{At: e.At, Body: &ast.Block{At: e.At, Stmts: []ast.Stmt{&ast.ExprStmt{At: e.At, X: moved(copied, e.At), Last: true}}}}
		b.inline[e] = body
	}
	b.defs.expanding = append(b.defs.expanding, e.Name)
	x = b.say(body, b.blockValue(body.Body))
	b.defs.expanding = b.defs.expanding[:len(b.defs.expanding)-1]
	return x, true
}

// moved places all of a macro's text where the macro was used.
func moved(x ast.Expr, at ast.At) ast.Expr {
	ast.Walk(x, func(n ast.Node) bool {
		if m, ok := n.(interface{ SetAt(ast.At) }); ok {
			m.SetAt(at)
		}
		switch n := n.(type) {
		case *ast.Call:
			n.NameAt = at
		case *ast.Field:
			n.NameAt = at
		}
		return true
	})
	return x
}
