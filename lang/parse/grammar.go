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

// productions are the parsers of what is asked for by itself: declarations, and
// what the expression parser hands back to the grammar.
type productions struct {
	item   *participle.Parser[declaration]
	block  *participle.Parser[ast.Block]
	branch *participle.Parser[ast.If]
	typ    *participle.Parser[ast.TypeExpr]
}

// grammar builds the parsers from the tags in package ast, on first use. It is
// a variable set by init because the grammar and the expression parser call
// each other.
var grammar func() *productions

func init() { grammar = sync.OnceValue(build) }

func build() *productions {
	p := &productions{item: participle.MustBuild[declaration](
		participle.Lexer(definition{}),
		participle.Elide("Space"),
		participle.UseLookahead(0),
		participle.Union[ast.Item](&ast.CDef{}, &ast.Config{}, &ast.Import{}, &ast.MapDecl{}, &ast.Macro{}, &ast.Probe{}),
		participle.Union[ast.Stmt](&ast.If{}, &ast.For{}, &ast.While{}, &ast.Unroll{}, &ast.Jump{}, &ast.Let{},
			&ast.Discard{}, &ast.Import{}, &ast.Block{}, &ast.Assign{}, &ast.ExprStmt{}),
		participle.Union[ast.Else](&ast.If{}, &ast.Block{}),
		participle.ParseTypeWith(expression),
		participle.ParseTypeWith(subject),
		participle.ParseTypeWith(operandOrType),
	)}
	p.block = production[ast.Block](p.item)
	p.branch = production[ast.If](p.item)
	p.typ = production[ast.TypeExpr](p.item)
	return p
}

func production[P any](root *participle.Parser[declaration]) *participle.Parser[P] {
	p, err := participle.ParserForProduction[P](root)
	if err != nil {
		panic(err)
	}
	return p
}

// parseNode runs a production on what follows.
func parseNode[P any](p *participle.Parser[P], lex *lexer.PeekingLexer) (*P, error) {
	return p.ParseFromLexer(lex, participle.AllowTrailing(true))
}

// Grammar returns the grammar of scripts in EBNF, as participle reads it off
// the syntax tree's tags; expressions and types are single names in it.
func Grammar() string { return grammar().item.String() }
