package parse

import (
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
)

// declaration is where the grammar begins. A script is parsed item by item, so
// that an error in one does not hide those in the next.
type declaration struct {
	Item ast.Item `parser:"@@"`
}

// production parses one thing that begins at the next token.
type production[T any] func(*lexer.PeekingLexer) (T, error)

// productions are the parts of the grammar that are asked for by themselves:
// declarations, and what the hand-written parts hand back to it.
type productions struct {
	declaration production[*declaration]
	block       production[*ast.Block]
	branch      production[*ast.If]
	typ         production[*ast.TypeExpr]

	// A statement is known by its first token: by its keyword or type.
	assign, discard, exprStmt production[ast.Stmt]
	byKeyword                 map[string]production[ast.Stmt]
}

// grammar gives the parsers, built from the tags in package ast. It is a variable
// set by init because the grammar and the expression parser call each other.
var grammar func() *productions

// init begins to build them, which takes a millisecond: by the time that the
// program has initialised its other packages and read the script they are there.
func init() {
	grammar = sync.OnceValue(newProductions)
	go grammar()
}

func newProductions() *productions {
	root := build(participle.ParseTypeWith(statement))
	jump := stmt[ast.Jump](root)
	return &productions{
		declaration: part[declaration](root),
		block:       part[ast.Block](root),
		branch:      part[ast.If](root),
		typ:         part[ast.TypeExpr](root),
		assign:      stmt[ast.Assign](root),
		discard:     stmt[ast.Discard](root),
		exprStmt:    stmt[ast.ExprStmt](root),
		byKeyword: map[string]production[ast.Stmt]{
			"if": stmt[ast.If](root), "for": stmt[ast.For](root), "while": stmt[ast.While](root),
			"unroll": stmt[ast.Unroll](root), "let": stmt[ast.Let](root), "import": stmt[ast.Import](root),
			"break": jump, "continue": jump, "return": jump,
		},
	}
}

// build makes the parser of declarations. How a statement is chosen is up to
// the caller.
func build(statements participle.Option) *participle.Parser[declaration] {
	return participle.MustBuild[declaration](
		participle.Lexer(definition{}),
		participle.Elide("Space"),
		participle.UseLookahead(0),
		participle.Union[ast.Item](&ast.CDef{}, &ast.Config{}, &ast.Import{}, &ast.MapDecl{}, &ast.Macro{}, &ast.Probe{}),
		participle.Union[ast.Else](&ast.If{}, &ast.Block{}),
		participle.Union[simple](&ast.Assign{}, &ast.Discard{}, &ast.ExprStmt{}, &ast.For{}, &ast.While{},
			&ast.Unroll{}, &ast.Let{}, &ast.Import{}, &ast.Jump{}),
		statements,
		participle.ParseTypeWith(expression),
		participle.ParseTypeWith(subject),
		participle.ParseTypeWith(operandOrType),
	)
}

// simple makes participle look at the statements that no other type mentions.
type simple interface{ ast.Stmt }

// part makes a production of a type of the grammar.
func part[T any](root *participle.Parser[declaration]) production[*T] {
	p, err := participle.ParserForProduction[T](root)
	if err != nil {
		panic(err)
	}
	return func(lex *lexer.PeekingLexer) (*T, error) {
		return p.ParseFromLexer(lex, participle.AllowTrailing(true))
	}
}

// stmt makes a production of a kind of statement.
func stmt[T any, P interface {
	*T
	ast.Stmt
}](root *participle.Parser[declaration]) production[ast.Stmt] {
	parse := part[T](root)
	return func(lex *lexer.PeekingLexer) (ast.Stmt, error) {
		n, err := parse(lex)
		return P(n), err
	}
}

// statement parses any statement; it is the grammar's Stmt. A union of them
// all would try one after the other, which takes twice the time.
func statement(lex *lexer.PeekingLexer) (ast.Stmt, error) {
	g := grammar()
	t := lex.Peek()
	switch {
	case t.Type == tokTarget:
		return g.assign(lex)
	case t.Type == tokBlank:
		return g.discard(lex)
	case t.Type == tokKeyword && g.byKeyword[t.Value] != nil:
		return g.byKeyword[t.Value](lex)
	case t.Type == tokOp && t.Value == "{":
		return g.block(lex)
	case startsExpr(t):
		return g.exprStmt(lex)
	}
	return nil, participle.NextMatch
}

// Grammar returns the grammar of scripts in EBNF, as participle reads it off
// the syntax tree's tags. Expressions are single names in it.
func Grammar() string {
	return build(participle.Union[ast.Stmt](&ast.If{}, &ast.For{}, &ast.While{}, &ast.Unroll{}, &ast.Jump{},
		&ast.Let{}, &ast.Discard{}, &ast.Import{}, &ast.Block{}, &ast.Assign{}, &ast.ExprStmt{})).String()
}
