package parse

import (
	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// startsExpr tells whether the next token can begin an expression.
func (p *parser) startsExpr() bool { return startsExpr(p.lex.Peek()) }

func startsExpr(t *lexer.Token) bool {
	switch t.Type {
	case tokIdent, tokValue, tokInt, tokString, tokBool, tokParam, tokVar, tokMap, tokTarget:
		return true
	case tokKeyword:
		return primaryKeywords[t.Value] || prefix[t.Value]
	case tokOp:
		return prefix[t.Value] || t.Value == "(" || t.Value == "{"
	}
	return false
}

var primaryKeywords = map[string]bool{
	"if": true, "sizeof": true, "offsetof": true, "typeinfo": true, "typeof": true,
}

// primary parses an operand.
func (p *parser) primary() (ast.Expr, error) {
	t := p.lex.Peek()
	if !p.startsExpr() {
		return nil, p.expected("an expression")
	}
	switch t.Type {
	case tokInt:
		p.lex.Next()
		v, _ := number(t.Value)
		return &ast.Int{At: p.since(t), Text: t.Value, Value: v}, nil
	case tokString:
		p.lex.Next()
		return &ast.Str{At: p.since(t), Value: unquote(t.Value)}, nil
	case tokBool:
		p.lex.Next()
		return &ast.Bool{At: p.since(t), Value: t.Value == "true"}, nil
	case tokParam:
		p.lex.Next()
		n, _ := paramNumber(t.Value)
		return &ast.Param{At: p.since(t), N: n}, nil
	case tokVar, tokMap, tokTarget:
		p.lex.Next()
		if t.Value[0] == '$' {
			return &ast.Var{At: p.since(t), Name: t.Value}, nil
		}
		return p.mapAccess(t)
	case tokIdent, tokValue:
		return p.ident()
	case tokKeyword:
		return p.keyword()
	}
	if t.Value == "{" {
		body, err := grammar().block(p.lex)
		if err != nil {
			return nil, err
		}
		return &ast.BlockExpr{At: body.At, Body: body}, nil
	}
	return p.paren()
}

func (p *parser) mapAccess(t *lexer.Token) (ast.Expr, error) {
	m := &ast.Map{At: p.since(t), Name: t.Value}
	if !p.take("[") {
		return m, nil
	}
	var err error
	if m.Keys, err = p.list("]", p.conditional); err != nil {
		return nil, err
	}
	m.At = p.since(t)
	if len(m.Keys) == 0 {
		return nil, &syntaxError{source.Errorf(m.Span(), "syntax", "expected a key between '[' and ']'")}
	}
	return m, nil
}

// ident parses a name or a call.
func (p *parser) ident() (ast.Expr, error) {
	t := p.lex.Next()
	mark := p.lex.MakeCheckpoint()
	bang := p.take("!")
	if !p.is("(") {
		p.lex.LoadCheckpoint(mark)
		if isTag(t.Value) && p.lex.Peek().Type == tokIdent {
			err := &syntaxError{source.Errorf(tokenSpan(t), "syntax", "expected an expression, not a type")}
			return nil, err.hint("as an argument a type is written typeof(%s %s)", t.Value, p.lex.Peek().Value)
		}
		return &ast.Ident{At: at(t), Name: t.Value}, nil
	}
	return p.call(t, bang, p.argument)
}

// call parses the arguments of a call, the first of which is read by first.
func (p *parser) call(name *lexer.Token, bang bool, first func() (ast.Expr, error)) (*ast.Call, error) {
	c := &ast.Call{Name: name.Value, NameAt: at(name), Bang: bang}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	args, err := p.list(")", func() (ast.Expr, error) {
		parse := first
		first = p.argument
		return parse()
	})
	if err != nil {
		return nil, err
	}
	c.At, c.Args = p.since(name), args
	return c, nil
}

// argument parses an argument of a call.
func (p *parser) argument() (ast.Expr, error) {
	if !p.is("typeof") {
		return p.conditional()
	}
	return p.typeExpr()
}

// keyword parses what begins with a word of the language.
func (p *parser) keyword() (ast.Expr, error) {
	t := p.lex.Peek()
	switch t.Value {
	case "if":
		return grammar().branch(p.lex)
	case "typeof":
		return nil, p.expected("an expression").hint("typeof(…) stands for a type: in casts, in let and as an argument")
	}
	p.lex.Next()
	c, err := p.call(t, false, p.typeOrExpr)
	switch {
	case err != nil:
		return nil, err
	case t.Value == "offsetof" && (len(c.Args) != 2 || !isPath(c.Args[1])):
		return nil, &syntaxError{source.Errorf(c.Span(), "syntax", "offsetof takes a type and a field: offsetof(struct x, a.b)")}
	case t.Value != "offsetof" && len(c.Args) != 1:
		return nil, &syntaxError{source.Errorf(c.Span(), "syntax", "%s takes one type or expression", t.Value)}
	}
	return c, nil
}

// isPath tells whether x is a field path: a.b.c.
func isPath(x ast.Expr) bool {
	for {
		switch n := x.(type) {
		case *ast.Ident:
			return true
		case *ast.Field:
			if n.Arrow {
				return false
			}
			x = n.X
		default:
			return false
		}
	}
}

// paren parses what begins with a parenthesis: a tuple, a record, a cast or an
// expression in parentheses.
func (p *parser) paren() (ast.Expr, error) {
	open := p.lex.Next()
	if p.is(")") {
		p.lex.Next()
		return &ast.Tuple{At: p.since(open)}, nil
	}
	if p.isRecord() {
		return p.record(open)
	}
	if x, err := p.cast(open); x != nil || err != nil {
		return x, err
	}
	x, err := p.conditional()
	if err != nil {
		return nil, err
	}
	if !p.take(",") {
		return x, p.expect(")")
	}
	tuple := &ast.Tuple{Elems: []ast.Expr{x}}
	for !p.is(")") {
		if x, err = p.conditional(); err != nil {
			return nil, err
		}
		tuple.Elems = append(tuple.Elems, x)
		if !p.take(",") {
			break
		}
	}
	err = p.expect(")")
	tuple.At = p.since(open)
	return tuple, err
}

// isRecord tells whether name = follows, as it does in a record only.
func (p *parser) isRecord() bool {
	if t := p.lex.Peek(); t.Type != tokIdent && t.Type != tokValue {
		return false
	}
	mark := p.lex.MakeCheckpoint()
	defer p.lex.LoadCheckpoint(mark)
	p.lex.Next()
	t := p.lex.Peek()
	return t.Type == tokAssignOp && t.Value == "="
}

func (p *parser) record(open *lexer.Token) (ast.Expr, error) {
	r := &ast.Record{}
	seen := map[string]source.Span{}
	for {
		name, err := p.name("a field name")
		if err != nil {
			return nil, err
		}
		if first, ok := seen[name.Value]; ok {
			d := source.Errorf(tokenSpan(name), "duplicate-field", "field %s is there twice", name.Value)
			return nil, &syntaxError{d.WithNote(first, "first here")}
		}
		seen[name.Value] = tokenSpan(name)
		if t := p.lex.Peek(); t.Type != tokAssignOp || t.Value != "=" {
			return nil, p.expected("'=' after the field name")
		}
		p.lex.Next()
		x, err := p.conditional()
		if err != nil {
			return nil, err
		}
		r.Names = append(r.Names, name.Value)
		r.Elems = append(r.Elems, x)
		if !p.take(",") || p.is(")") {
			break
		}
	}
	err := p.expect(")")
	r.At = p.since(open)
	return r, err
}
