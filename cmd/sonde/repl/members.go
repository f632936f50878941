package repl

import (
	"strconv"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/types"
)

// members gives the members of the expression that an unfinished text ends with. The
// text is made a script in the ways that it could go on, and checked; the type of
// what ends where the text does has the members.
func (e *Engine) members(text string) []string {
	for _, c := range completions(text) {
		if t := e.typeAt(c.script, len(c.before)+len(text)); t != nil {
			return fieldNames(t)
		}
	}
	return nil
}

// completed is a text with what makes it a script.
type completed struct{ before, script string }

// completions gives scripts that begin with the text, as a script or as the inside of a probe:
// with its brackets closed, as a statement, or a condition, whose block would follow.
func completions(text string) []completed {
	var out []completed
	for _, prefix := range []string{"", before} {
		closers := string(scan(prefix + text).closers)
		parens := strings.IndexByte(closers+"}", '}')
		for _, last := range []string{";", " {}"} {
			out = append(out, completed{prefix, prefix + text + closers[:parens] + last + closers[parens:]})
		}
		out = append(out, completed{prefix, prefix + text + closers + " / {}"})
	}
	return out
}

// typeAt gives the type of the expression that ends at the offset, nil when there is
// none.
func (e *Engine) typeAt(text string, end int) types.Type {
	file := source.NewFile("#", text)
	script, _ := parse.Parse(file, parse.Options{IsValue: e.isValue})
	x := exprAt(script, text, end)
	if x == nil {
		return nil
	}
	script.Items = append(e.defs.before(script.Items), script.Items...)
	opt := e.opt.Check
	opt.Maps, opt.Offline = e.maps, true
	program, _ := check.Check(script, e.opt.Library, e.opt.Host, &opt)
	for _, inst := range program.Instances {
		if t := inst.Info.Types[x]; t != nil {
			return t
		}
	}
	return nil
}

// exprAt finds the expression that a member would be of: the innermost that ends at the
// offset, or what is in the parentheses that end there.
func exprAt(script *ast.Script, text string, end int) ast.Expr {
	if x := lastExpr(script, 0, end); x != nil {
		return x
	}
	if end > 0 && text[end-1] == ')' {
		open := opening(text[:end])
		inner := strings.TrimRight(text[:end-1], " \t\n")
		var found ast.Expr
		ast.Walk(script, func(n ast.Node) bool {
			x, ok := n.(ast.Expr)
			if ok && found == nil && n.Span().Start.Offset > open && n.Span().End.Offset == len(inner) {
				found = x
			}
			return found == nil
		})
		return found
	}
	return nil
}

// lastExpr finds the innermost expression that ends at the offset.
func lastExpr(script *ast.Script, from, end int) (found ast.Expr) {
	ast.Walk(script, func(n ast.Node) bool {
		s := n.Span()
		if x, ok := n.(ast.Expr); ok && s.End.Offset == end && s.Start.Offset >= from {
			found = x
		}
		return true
	})
	return found
}

// opening gives the offset of the parenthesis that the last one closes, -1 when there
// is none.
func opening(text string) int {
	depth := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// fieldNames gives the members of a type, or of what it points to.
func fieldNames(t types.Type) []string {
	var names []string
	switch t := t.(type) {
	case types.Pointer:
		return fieldNames(t.Elem)
	case *types.Struct:
		for _, f := range t.Fields() {
			switch {
			case f.Anonymous || f.Name == "":
				names = append(names, fieldNames(f.Type)...)
			case !f.Hidden:
				names = append(names, f.Name)
			}
		}
	case *types.Record:
		return t.Names
	case *types.Tuple:
		for i := range t.Elems {
			names = append(names, strconv.Itoa(i))
		}
	}
	return names
}
