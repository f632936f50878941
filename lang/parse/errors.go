package parse

import (
	"errors"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// CodeIncomplete marks what is wrong only because the script ends too early.
const CodeIncomplete source.Code = "incomplete"

// syntaxError carries a diagnostic through participle.
type syntaxError struct{ d *source.Diagnostic }

// Error implements error.
func (e *syntaxError) Error() string { return e.d.Error() }

func (e *syntaxError) hint(format string, args ...any) *syntaxError {
	e.d.WithHint(format, args...)
	return e
}

// expected makes the error that the next token is not what.
func (p *parser) expected(what string) *syntaxError {
	return &syntaxError{unexpected(p.lex.Peek(), what)}
}

// unexpected is the diagnostic for a token in the wrong place.
func unexpected(t *lexer.Token, what string) *source.Diagnostic {
	switch {
	case t.EOF():
		return source.Errorf(tokenSpan(t), CodeIncomplete, "expected %s before the end of the script", what)
	case t.Type == tokAssignOp && (what == "')'" || what == "'{'"):
		return source.Errorf(tokenSpan(t), "syntax", "expected %s", what).
			WithHint("'%s' assigns and is no operator in an expression; '==' compares", t.Value)
	}
	return source.Errorf(tokenSpan(t), "syntax", "expected %s", what)
}

// diagnostic turns an error of the grammar into a message about the token that
// it could not go on with, in a declaration that begins with the given token.
func diagnostic(err error, decl lexer.Token) *source.Diagnostic {
	if e := (*syntaxError)(nil); errors.As(err, &e) {
		return e.d
	}
	if e := (*participle.UnexpectedTokenError)(nil); errors.As(err, &e) {
		t := e.Unexpected
		if t.Type == tokEnd {
			// Nothing stands there but the block's closing brace.
			t = lexer.Token{Type: tokOp, Value: "}", Pos: t.Pos}
		}
		what := wanted(e.Message())
		if what == "'}'" {
			what = "a statement or '}'"
			if decl.Type == tokKeyword && decl.Value == "config" {
				what = "a setting or '}'"
			}
		}
		d := unexpected(&t, what)
		if what == "';'" && t.Type == tokOp && t.Value == ":" {
			d.WithHint("the type of a variable is declared with let: let $x: int64 = 1;")
		}
		if i := strings.LastIndexByte(decl.Value, ':'); what == "'{'" && decl.Type == tokPoint && strings.Contains(decl.Value[i+1:], "/") {
			d.WithHint("a space must come before a predicate, else it is part of the attach point")
		}
		if what == phrases["map"] {
			d.WithHint("outside of probes and macros let declares a map: let @x = hash(1000);")
		}
		return d
	}
	if e := participle.Error(nil); errors.As(err, &e) {
		pos := source.Pos(e.Position())
		return source.Errorf(source.Span{Start: pos, End: pos}, "syntax", "%s", e.Message())
	}
	return source.Errorf(source.Span{}, "syntax", "%s", err)
}

// phrases names what the grammar can want, in the words of a message.
var phrases = map[string]string{
	"Block": "'{'", "End": "';'", "Else": "'{' or 'if' after 'else'",
	"Expr": "an expression", "Operand": "a type or an expression", "Stmt": "a statement", "Subject": "a map or a range", "TypeExpr": "a type",
	"Var": "a variable", "AttachPoint": "an attach point", "PredClose": "'/' to close the predicate",
	"ident": "a name", "map": "a map", "string": "a string", "end": "';'", "predclose": "'/' to close the predicate",
	"assignop": "';'", "value": "a type", "var": "a variable", "point": "an attach point",
}

// wanted picks from participle's message the first thing that it says it would
// have taken.
func wanted(message string) string {
	_, want, ok := strings.Cut(message, "(expected ")
	if !ok { // a lookahead: only the end of break and continue is one
		return "';'"
	}
	want = strings.TrimLeft(want, "( @")
	switch {
	case strings.HasPrefix(want, `"`):
		if sign, _, ok := strings.Cut(want[1:], `"`); ok {
			return "'" + sign + "'"
		}
	case strings.HasPrefix(want, "<"):
		want = want[1:]
	}
	end := 0
	for end < len(want) && isWord(want[end]) {
		end++
	}
	if phrase, ok := phrases[want[:end]]; ok {
		return phrase
	}
	return "something else"
}

// end is the place after a token; no token that the parser reads goes on over
// several lines.
func end(t *lexer.Token) source.Pos {
	p := source.Pos(t.Pos)
	p.Offset += len(t.Value)
	p.Column += len(t.Value)
	return p
}

func tokenSpan(t *lexer.Token) source.Span {
	return source.Span{Start: source.Pos(t.Pos), End: end(t)}
}

// at is the place of a token.
func at(t *lexer.Token) ast.At {
	return ast.At{Pos: source.Pos(t.Pos), EndPos: end(t)}
}
