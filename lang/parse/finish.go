package parse

import (
	"strings"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// finish puts into an item what the grammar's captures cannot: values of
// string tokens and the parts of tokens. It returns what is wrong with it, or
// nil.
func finish(item ast.Item) *source.Diagnostic {
	switch n := item.(type) {
	case *ast.CDef:
		n.Text = strings.ReplaceAll(n.Text, "\r\n", "\n")
		if n.Text[0] == '#' {
			// A backslash that joins nothing would join what is printed next.
			n.Text = strings.TrimRight(n.Text, "\\ \t\r\n")
		}
	case *ast.Config:
		for _, s := range n.Settings {
			s.Quoted = strings.HasPrefix(s.Value, `"`)
			if s.Quoted {
				s.Value = unquote(s.Value)
			}
		}
	case *ast.Import:
		n.Path = unquote(n.Path)
	case *ast.Macro:
		for _, p := range n.Params {
			if !isParam(p) {
				return source.Errorf(p.Span(), "syntax", "a macro parameter is a $variable, a @map or a name")
			}
		}
		return body(n.Body, true)
	case *ast.Probe:
		for _, p := range n.Points {
			p.Label, p.Text = label(p.Text)
		}
		return body(n.Body, false)
	}
	return nil
}

func isParam(x ast.Expr) bool {
	switch n := x.(type) {
	case *ast.Var, *ast.Ident:
		return true
	case *ast.Map:
		return n.Keys == nil
	}
	return false
}

// label splits name=provider:… at its equals sign.
func label(text string) (name, point string) {
	end := 0
	for end < len(text) && isWord(text[end]) {
		end++
	}
	if end == 0 || end == len(text) || text[end] != '=' || isDigit(text[0]) {
		return "", text
	}
	return text[:end], text[end+1:]
}

// section is where in a script an item belongs.
type section int

const (
	definitions section = iota
	settings
	declarations
)

func sectionOf(item ast.Item) (section, string) {
	switch item.(type) {
	case *ast.CDef:
		return definitions, "C definitions must come before config, imports and probes"
	case *ast.Config:
		return settings, "the config block must come before probes, macros and maps"
	case *ast.Import:
		return settings, "imports must come before probes, macros and maps"
	}
	return declarations, ""
}

// order checks the order of a script's sections: C definitions, then config
// and imports, then everything else.
func order(items []ast.Item) (list source.List) {
	at := definitions
	var config *ast.Config
	for _, item := range items {
		s, msg := sectionOf(item)
		if s < at {
			list.Add(source.Errorf(firstLine(item.Span()), "misplaced", "%s", msg))
		}
		at = max(at, s)
		if c, ok := item.(*ast.Config); ok {
			if config != nil {
				list.Add(source.Errorf(firstLine(c.Span()), "duplicate-config", "a script has one config block only")).
					WithNote(firstLine(config.Span()), "the first is here")
			}
			config = c
		}
	}
	return list
}

// firstLine cuts a span of several lines down to its first character.
func firstLine(s source.Span) source.Span {
	if s.End.Line > s.Start.Line {
		s.End = s.Start
		s.End.Offset++
		s.End.Column++
	}
	return s
}
