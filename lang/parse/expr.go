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
	start := p.lex.Peek()
	from, err := p.conditional()
	if err != nil || !p.take("..") {
		return from, err
	}
	to, err := p.conditional()
	if err != nil {
		return nil, err
	}
	return &ast.Range{At: p.since(start), From: from, To: to}, nil
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

// expect consumes the sign.
func (p *parser) expect(sign string) error {
	if !p.take(sign) {
		return p.expected("'" + sign + "'")
	}
	return nil
}

// since is the place from a token to past the last one consumed. What follows
// that, be it space, begins where it ends.
func (p *parser) since(start *lexer.Token) ast.At {
	return ast.At{Pos: source.Pos(start.Pos), EndPos: source.Pos(p.lex.RawPeek().Pos)}
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
	start := p.lex.Peek()
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
	if err = p.expect(":"); err != nil {
		return nil, err
	}
	if x.Else, err = p.conditional(); err != nil {
		return nil, err
	}
	x.At = p.since(start)
	return x, nil
}

// climb parses operators that bind at least as tightly as min.
func (p *parser) climb(min int) (ast.Expr, error) {
	start := p.lex.Peek()
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
			x = &ast.Binary{At: p.since(start), Op: op.Value, OpPos: source.Pos(op.Pos), X: x, Y: y}
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
	return &ast.Unary{At: p.since(op), Op: op.Value, X: x}, nil
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
	start := p.lex.Peek()
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
			x, err = p.field(start, x)
		case "[":
			x, err = p.index(start, x)
		case "++", "--":
			p.lex.Next()
			if err = operand(t, x); err == nil {
				x = &ast.Postfix{At: p.since(start), Op: t.Value, X: x}
			}
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) field(start *lexer.Token, x ast.Expr) (ast.Expr, error) {
	op := p.lex.Next()
	arrow := op.Value == "->"
	t := p.lex.Peek()
	if t.Type != tokIdent && (t.Type != tokInt || arrow) {
		return nil, p.expected("a field name after '" + op.Value + "'")
	}
	p.lex.Next()
	return &ast.Field{At: p.since(start), X: x, Name: t.Value, NameAt: p.since(t), Arrow: arrow}, nil
}

func (p *parser) index(start *lexer.Token, x ast.Expr) (ast.Expr, error) {
	p.lex.Next()
	i, err := p.conditional()
	if err != nil {
		return nil, err
	}
	if err := p.expect("]"); err != nil {
		return nil, err
	}
	return &ast.Index{At: p.since(start), X: x, I: i}, nil
}

// list parses expressions between commas up to and with the closing sign.
func (p *parser) list(closer string, element func() (ast.Expr, error)) ([]ast.Expr, error) {
	var list []ast.Expr
	for more := !p.is(closer); more; more = p.take(",") {
		x, err := element()
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, p.expect(closer)
}

func tooLong(t *lexer.Token) error {
	return &syntaxError{source.Errorf(tokenSpan(t), "too-deep", "more than %d operators in one expression", maxOperators)}
}
