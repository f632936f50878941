package parse

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// maxOperators is how many operators or postfixes one expression may chain.
// Such a chain is a tree as deep as it is long.
const maxOperators = 2000

// prefix operators.
var prefix = map[string]bool{
	"-": true, "!": true, "~": true, "*": true, "&": true, "++": true, "--": true, "comptime": true,
}

// parser reads expressions off the grammar's token stream.
type parser struct {
	lex   *lexer.PeekingLexer
	depth int // of nested operands without brackets, which the scanner counts
}

// expression parses any expression; it is the grammar's Expr.
func expression(lex *lexer.PeekingLexer) (ast.Expr, error) {
	p := &parser{lex: lex}
	if !p.startsExpr() {
		return nil, participle.NextMatch
	}
	return p.conditional()
}

// subject parses what a for loop runs over.
func subject(lex *lexer.PeekingLexer) (ast.Subject, error) {
	p := &parser{lex: lex}
	if !p.startsExpr() {
		return nil, participle.NextMatch
	}
	from, err := p.conditional()
	if err != nil || !p.is("..") {
		return from, err
	}
	p.lex.Next()
	to, err := p.conditional()
	if err != nil {
		return nil, err
	}
	return &ast.Range{At: span(from, to), From: from, To: to}, nil
}

// is tells whether the next token is the sign or keyword.
func (p *parser) is(sign string) bool {
	t := p.lex.Peek()
	return t.Value == sign && (t.Type == tokOp || t.Type == tokKeyword)
}

// take consumes the sign or keyword if it is next.
func (p *parser) take(sign string) bool {
	if p.is(sign) {
		p.lex.Next()
		return true
	}
	return false
}

// expect consumes the sign and returns where it ends.
func (p *parser) expect(sign string) (source.Pos, error) {
	if !p.is(sign) {
		return source.Pos{}, p.expected("'" + sign + "'")
	}
	return end(p.lex.Next()), nil
}

// name consumes an identifier.
func (p *parser) name(what string) (*lexer.Token, error) {
	if t := p.lex.Peek(); t.Type == tokIdent || t.Type == tokValue {
		return p.lex.Next(), nil
	}
	return nil, p.expected(what)
}

// enter counts a level of nesting; the caller defers leave.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return &syntaxError{source.Errorf(tokenSpan(p.lex.Peek()), "too-deep", "nested more than %d levels deep", maxNesting)}
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// conditional parses cond ? then : else and cond ?: else.
func (p *parser) conditional() (ast.Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	cond, err := p.climb(1)
	if err != nil || !p.take("?") {
		return cond, err
	}
	x := &ast.Cond{Cond: cond}
	if !p.is(":") {
		if x.Then, err = p.conditional(); err != nil {
			return nil, err
		}
	}
	if _, err = p.expect(":"); err != nil {
		return nil, err
	}
	if x.Else, err = p.conditional(); err != nil {
		return nil, err
	}
	x.At = span(cond, x.Else)
	return x, nil
}

// climb parses operators that bind at least as tightly as min.
func (p *parser) climb(min int) (ast.Expr, error) {
	x, err := p.unary()
	for n := 0; err == nil; n++ {
		op := p.lex.Peek()
		level := ast.Precedence[op.Value]
		if op.Type != tokOp || level == 0 || level < min {
			return x, nil
		}
		if n == maxOperators {
			return nil, tooLong(op)
		}
		p.lex.Next()
		var y ast.Expr
		if y, err = p.climb(level + 1); err == nil {
			x = &ast.Binary{At: span(x, y), Op: op.Value, OpPos: source.Pos(op.Pos), X: x, Y: y}
		}
	}
	return nil, err
}

// unary parses prefix operators and what they stand before.
func (p *parser) unary() (ast.Expr, error) {
	t := p.lex.Peek()
	if !prefix[t.Value] || t.Type != tokOp && t.Type != tokKeyword {
		return p.postfix()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	op := p.lex.Next()
	x, err := p.unary()
	if err != nil {
		return nil, err
	}
	if err := operand(op, x); err != nil {
		return nil, err
	}
	return &ast.Unary{At: ast.At{Pos: source.Pos(op.Pos), EndPos: x.Span().End}, Op: op.Value, X: x}, nil
}

// operand checks what the operators that need a variable stand at.
func operand(op *lexer.Token, x ast.Expr) error {
	what := ""
	switch op.Value {
	case "++", "--":
		what = "'" + op.Value + "' needs a variable or map"
	case "&":
		what = "'&' takes the address of a variable or map only"
	default:
		return nil
	}
	switch x.(type) {
	case *ast.Var, *ast.Map:
		return nil
	}
	return &syntaxError{source.Errorf(x.Span(), "not-a-variable", "%s", what)}
}

// postfix parses fields, indexes and the postfix operators.
func (p *parser) postfix() (ast.Expr, error) {
	x, err := p.primary()
	for n := 0; err == nil; n++ {
		t := p.lex.Peek()
		if t.Type != tokOp {
			return x, nil
		}
		if n == maxOperators {
			return nil, tooLong(t)
		}
		switch t.Value {
		case ".", "->":
			x, err = p.field(x)
		case "[":
			x, err = p.index(x)
		case "++", "--":
			p.lex.Next()
			at := ast.At{Pos: x.Span().Start, EndPos: end(t)}
			if err = operand(t, x); err == nil {
				x = &ast.Postfix{At: at, Op: t.Value, X: x}
			}
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) field(x ast.Expr) (ast.Expr, error) {
	arrow := p.lex.Next().Value == "->"
	t := p.lex.Peek()
	if t.Type != tokIdent && (t.Type != tokInt || arrow) {
		what := "a field name"
		if t.Type == tokBad {
			return nil, p.expected(what)
		}
		return nil, p.expected(what + " after '" + map[bool]string{true: "->", false: "."}[arrow] + "'")
	}
	p.lex.Next()
	return &ast.Field{
		At: ast.At{Pos: x.Span().Start, EndPos: end(t)}, X: x, Name: t.Value, NameAt: at(t, t), Arrow: arrow,
	}, nil
}

func (p *parser) index(x ast.Expr) (ast.Expr, error) {
	p.lex.Next()
	i, err := p.conditional()
	if err != nil {
		return nil, err
	}
	close, err := p.expect("]")
	if err != nil {
		return nil, err
	}
	return &ast.Index{At: ast.At{Pos: x.Span().Start, EndPos: close}, X: x, I: i}, nil
}

// list parses expressions between commas up to the closing sign and returns
// where that ends.
func (p *parser) list(closer string, element func() (ast.Expr, error)) ([]ast.Expr, source.Pos, error) {
	var list []ast.Expr
	if !p.is(closer) {
		for {
			x, err := element()
			if err != nil {
				return nil, source.Pos{}, err
			}
			list = append(list, x)
			if !p.take(",") {
				break
			}
		}
	}
	close, err := p.expect(closer)
	return list, close, err
}

func tooLong(t *lexer.Token) error {
	return &syntaxError{source.Errorf(tokenSpan(t), "too-deep", "more than %d operators in one expression", maxOperators)}
}
