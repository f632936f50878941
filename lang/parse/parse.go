// Package parse turns the text of a script into its syntax tree.
//
// Comes in: a source.File. Goes out: an ast.Script and what is wrong with it.
// Guaranteed: it never panics, whatever the text; every node's span is exact;
// an item without error is in the tree even if others have errors; and one
// mistake gives one message, about the first token that cannot be right.
//
// Three parts: a scanner that knows from the context what a sign means; the
// grammar of declarations and statements, which are the tags in package ast
// and are run by participle; and a precedence-climbing parser for expressions.
// The parser accepts more than the language allows, where what is wrong can be
// said better with names and types at hand: an assignment to a call parses.
package parse

import (
	"sort"

	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// Options change what the parser accepts. The zero value is usable.
type Options struct {
	// IsValue tells that a bare name is a value and never a type:
	// (pid) * tid is then a product, and not the cast of *tid to a type pid.
	// nil: no name is.
	IsValue func(name string) bool
}

// Parse parses a script. The tree is never nil; with errors in the list it
// holds the items that have none.
func Parse(f *source.File, opt Options) (*ast.Script, source.List) {
	s := newScanner(f, opt.IsValue)
	s.script()
	script := &ast.Script{
		At:     ast.At{Pos: f.Pos(0), EndPos: f.Pos(len(f.Text))},
		Header: s.header, Comments: s.comments,
	}
	lex := s.stream()
	list := s.diags
	for i := range s.items {
		limit := len(f.Text) + 1
		if i+1 < len(s.items) {
			limit = s.items[i+1]
		}
		if s.stopped && i+1 == len(s.items) {
			break // cut off in the middle
		}
		skipTo(lex, s.items[i])
		begin := *lex.Peek()
		decl, err := grammar().declaration(lex)
		if err != nil {
			list = append(list, s.moved(diagnostic(err, begin)))
			skipTo(lex, limit)
			continue
		}
		if d := finish(decl.Item); d != nil {
			list = append(list, d)
		}
		script.Items = append(script.Items, decl.Item)
	}
	return script, append(first(list, s.items), order(script.Items)...)
}

// Expr parses one expression, as the interactive prompt reads it.
func Expr(f *source.File, opt Options) (ast.Expr, source.List) {
	s := newScanner(f, opt.IsValue)
	s.expression()
	p := &parser{lex: s.stream()}
	list := s.diags
	x, err := p.conditional()
	if err == nil && !p.lex.Peek().EOF() {
		err = p.expected("the end of the expression")
	}
	if err != nil {
		list = append(list, diagnostic(err, lexer.Token{}))
	}
	if list = first(list, []int{0}); len(list) > 0 {
		return nil, list
	}
	return x, nil
}

// Incomplete tells that all that is wrong with a script is that it ends too
// early: a prompt should ask for more lines.
func Incomplete(list source.List) bool {
	for _, d := range list {
		if d.Severity == source.Error && d.Code != CodeIncomplete {
			return false
		}
	}
	return list.HasErrors()
}

// stream hands the tokens to the grammar.
func (s *scanner) stream() *lexer.PeekingLexer {
	lex, err := lexer.Upgrade(&stream{s.toks}, tokSpace)
	if err != nil {
		panic(err) // stream.Next returns none
	}
	return lex
}

// skipTo moves to the first token at or after the offset.
func skipTo(lex *lexer.PeekingLexer, offset int) {
	for t := lex.Peek(); !t.EOF() && t.Pos.Offset < offset; t = lex.Peek() {
		lex.Next()
	}
}

// moved puts the complaint that a semicolon is missing where it is missed, if
// the next token stands on a later line.
func (s *scanner) moved(d *source.Diagnostic) *source.Diagnostic {
	if d.Msg != "expected ';'" {
		return d
	}
	i := sort.Search(len(s.toks), func(i int) bool { return s.toks[i].Pos.Offset >= d.Span.Start.Offset })
	for i--; i >= 0 && s.toks[i].Type == tokSpace; i-- {
	}
	if i >= 0 && s.toks[i].Pos.Line < d.Span.Start.Line {
		missing := end(&s.toks[i])
		d.Span = source.Span{Start: missing, End: missing}
	}
	return d
}

// first keeps the earliest error of every item, what the scanner says before
// what the parser makes of it. items are the offsets that items begin at.
func first(list source.List, items []int) source.List {
	sort.SliceStable(list, func(i, j int) bool {
		return list[i].Span.Start.Offset < list[j].Span.Start.Offset
	})
	last := -1
	kept := list[:0]
	for _, d := range list {
		item := sort.SearchInts(items, d.Span.Start.Offset+1)
		if item != last {
			kept = append(kept, d)
		}
		last = item
	}
	return kept
}
