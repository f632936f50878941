package parse

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
)

// operandOrType parses the operand of typeof; it is the grammar's Operand.
func operandOrType(lex *lexer.PeekingLexer) (ast.Operand, error) {
	p := &parser{lex: lex}
	if !p.startsExpr() {
		return nil, participle.NextMatch
	}
	return p.typeOrExpr()
}

// isTag tells whether the word names a kind of C type whose name follows.
func isTag(word string) bool { return word == "struct" || word == "union" || word == "enum" }

// typeExpr parses a type, which the grammar does.
func (p *parser) typeExpr() (*ast.TypeExpr, error) { return grammar().typ(p.lex) }

// typeOrExpr parses where either may stand. A name, with or without suffixes,
// that makes up the whole operand is a type; in parentheses it is not.
func (p *parser) typeOrExpr() (ast.Expr, error) {
	if p.is("typeof") {
		return p.typeExpr()
	}
	mark := p.lex.MakeCheckpoint()
	whole := p.skipType() && (p.is(")") || p.is(","))
	p.lex.LoadCheckpoint(mark)
	if whole {
		return p.typeExpr()
	}
	return p.conditional()
}

// cast parses what follows the opening parenthesis of a cast. When it is none
// it consumes nothing and returns nil: a type in parentheses is a cast only if
// something follows that can begin an operand, so (name) alone is a value and
// (name) - 1 is a cast.
func (p *parser) cast(open *lexer.Token) (ast.Expr, error) {
	mark := p.lex.MakeCheckpoint()
	isCast := p.skipType() && p.take(")") && p.startsOperand()
	p.lex.LoadCheckpoint(mark)
	if !isCast {
		return nil, nil
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	t, err := p.typeExpr()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	x, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &ast.Cast{At: p.since(open), Type: t, X: x}, nil
}

// startsOperand tells whether what follows a parenthesised name makes a cast of
// it.
func (p *parser) startsOperand() bool {
	t := p.lex.Peek()
	return p.startsExpr() && t.Value != "{" && t.Value != "++" && t.Value != "--"
}

// skipType passes over what may be a type and tells whether it was one as far
// as the tokens go: a name that is no value, or typeof(…), with suffixes.
func (p *parser) skipType() bool {
	switch t := p.lex.Peek(); {
	case p.take("typeof"):
		if !p.skipBrackets("(") {
			return false
		}
	case t.Type != tokIdent:
		return false
	default:
		p.lex.Next()
		if isTag(t.Value) {
			if n := p.lex.Next(); n.Type != tokIdent && n.Type != tokValue {
				return false
			}
		}
	}
	for p.take("*") || p.is("[") {
		if p.is("[") && !p.skipBrackets("[") {
			return false
		}
	}
	return true
}

// skipBrackets passes over a bracket and all up to the one that closes it.
func (p *parser) skipBrackets(open string) bool {
	if !p.is(open) {
		return false
	}
	for depth := 0; ; {
		t := p.lex.Next()
		switch {
		case t.EOF():
			return false
		case t.Type != tokOp:
		case t.Value == "(" || t.Value == "[" || t.Value == "{":
			depth++
		case t.Value == ")" || t.Value == "]" || t.Value == "}":
			if depth--; depth == 0 {
				return true
			}
		}
	}
}
