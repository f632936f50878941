// Package ast holds the syntax tree of a script.
//
// Comes in: nothing but what parse and the expander put together. Goes out: the
// tree, ways to walk it, to print it as source (the formatter) and to dump it.
// The tree says only what the text says: types, constants and bindings live in
// the side tables of package check, keyed by node, so a tree may be checked
// several times, in several probe contexts.
//
// The struct tags on the skeleton (declarations, statements, types) are
// participle's, and are the grammar. Expressions have none: one climbing
// function in package parse makes them.
//
// A node's span runs from its first to past its last token: a statement's takes
// in its semicolon, a call's its closing parenthesis, a declaration's its block.
// Parentheses that only group make no node; they belong to the node that they
// are an operand of: (1 + 2) * 3 begins with the parenthesis, 1 + 2 does not.
package ast

import "sonde/lang/source"

// Node is anything in the tree.
type Node interface{ Span() source.Span }

// At is the place of a node; every node embeds one.
type At struct {
	Pos    source.Pos
	EndPos source.Pos
}

// Span implements Node.
func (a At) Span() source.Span { return source.Span{Start: a.Pos, End: a.EndPos} }

// SetAt moves a node: a copy of text from elsewhere stands where it is used.
func (a *At) SetAt(at At) { *a = at }

// Script is a whole file.
type Script struct {
	At
	Items []Item
	// Header is the #! line, without its line end, or "".
	Header string
	// Comments are all comments, in source order. They belong to no node:
	// the printer puts each back by its position.
	Comments []*Comment
}

// Comment is // to the end of its line or /* … */; Text is as written.
type Comment struct {
	At
	Text string
}

// Item is a declaration at the top level: *CDef, *Config, *Import, *MapDecl,
// *Macro or *Probe.
type Item interface {
	Node
	item()
}

// CDef is a C definition or preprocessor line, kept as text: #include, #define,
// struct X { … };
type CDef struct {
	At
	Text string `parser:"@CText"`
}

// Config is config = { name = value; … }
type Config struct {
	At
	Settings []*Setting `parser:"'config' '=' '{' @@* End? '}' ';'?"`
}

// Setting is one name = value of a config block.
type Setting struct {
	At
	Name  string `parser:"@Ident '='"`
	Value string `parser:"( @( Ident | Value | Int | String | Bool ) )"`
	// Quoted tells that Value was a string literal; Value is then without
	// quotes and escapes.
	Quoted bool `parser:"( ';' | End )"`
}

// Import is import "path"; at the top level or as a statement.
type Import struct {
	At
	Path string `parser:"'import' @String ';'?"`
}

// MapDecl is let @name = kind(max_entries);
type MapDecl struct {
	At
	Name string `parser:"'let' @Map '='"`     // with its @
	Kind string `parser:"@( Ident | Value )"` // hash, lruhash, percpuhash, percpulruhash
	Args []Expr `parser:"'(' ( @@ ( ',' @@ )* )? ')' ';'?"`
}

// Macro is macro name(params) { body }.
type Macro struct {
	At
	Name   string `parser:"'macro' @( Ident | Value )"`
	Params []Expr `parser:"( '(' ( @@ ( ',' @@ )* )? ')' )?"` // *Var, *Map or *Ident
	Body   *Block `parser:"@@ ';'?"`
}

// Probe is [name=]attach points, predicate and body.
type Probe struct {
	At
	Points    []*AttachPoint `parser:"@@ ( ',':Op @@ )* Trailing?"`
	Predicate Expr           `parser:"( PredOpen @@ PredClose )?"` // nil: none
	Body      *Block         `parser:"@@"`
}

// AttachPoint is one raw attach point, as written, quotes and escapes and all.
// The provider named by its first part reads the rest.
type AttachPoint struct {
	At
	Label string // name before '=', or ""
	Text  string `parser:"@Point"`
}

// Block is { statements }. As an expression its value is that of its last
// statement: an *ExprStmt with Last set, an *If whose branches have values, or
// a *Block.
type Block struct {
	At
	Stmts []Stmt `parser:"'{' ( @@ | ';' )* End? '}'"`
}

// Stmt is a statement: *ExprStmt, *Assign, *Let, *Discard, *If, *For, *While,
// *Unroll, *Jump, *Import or *Block.
type Stmt interface {
	Node
	stmt()
}

// ExprStmt is an expression for its effects.
type ExprStmt struct {
	At
	X Expr `parser:"@@"`
	// Last tells that no semicolon followed and the block ended here: in a
	// block expression this is the block's value.
	Last bool `parser:"( ';' | @End )"`
}

// Assign is Target Op Value; Op is "=" or a compound like "+=".
type Assign struct {
	At
	Target Expr   `parser:"(?= Target) @@"` // *Var or *Map (anything else is rejected by check)
	Op     string `parser:"@AssignOp"`
	Value  Expr   `parser:"@@ ( ';' | End )"`
}

// Let is let $x [: type] [= value].
type Let struct {
	At
	Var   *Var      `parser:"'let' @@"`
	Type  *TypeExpr `parser:"( ':' @@ )?"`               // nil: inferred
	Value Expr      `parser:"( '=' @@ )? ( ';' | End )"` // nil: zero
}

// Discard is _ = value.
type Discard struct {
	At
	Value Expr `parser:"Blank '=' @@ ( ';' | End )"`
}

// If is if cond { … } else …, as a statement or as an expression, whose value
// is that of the branch taken.
type If struct {
	At
	Cond Expr   `parser:"'if' @@"`
	Then *Block `parser:"@@"`
	Else Else   `parser:"( 'else' @@ )?"` // nil: none
}

// Else is what may follow else: *If or *Block.
type Else interface {
	Stmt
	otherwise()
}

// For is for ($v : over) { … }; over is a *Map or a *Range.
type For struct {
	At
	Var  *Var    `parser:"'for' '('? @@ ':'"`
	Over Subject `parser:"@@ ')'?"`
	Body *Block  `parser:"@@"`
}

// Subject is what a loop runs over: an expression, or a *Range, which stands
// nowhere else. It is a type of its own so that the grammar can tell.
type Subject interface{ Expr }

// Range is from..to, end exclusive; only as the subject of For.
type Range struct {
	At
	From, To Expr
}

// While is while (cond) { … }.
type While struct {
	At
	Cond Expr   `parser:"'while' @@"`
	Body *Block `parser:"@@"`
}

// Unroll is unroll(n) { … }.
type Unroll struct {
	At
	Count Expr   `parser:"'unroll' @@"`
	Body  *Block `parser:"@@"`
}

// Jump is break, continue or return [value].
type Jump struct {
	At
	Keyword string `parser:"( @( 'break' | 'continue' ) (?= ';' | End ) | @'return' )"`
	Value   Expr   `parser:"@@? ( ';' | End )"` // return's, or nil
}

// Expr is an expression: *Int, *Str, *Bool, *Param, *Ident, *Var, *Map, *Call,
// *Unary, *Postfix, *Binary, *Cond, *Field, *Index, *Cast, *TypeExpr, *Tuple,
// *Record, *BlockExpr, *If or *Range.
type Expr interface {
	Node
	expr()
}

// Int is an integer literal. Text is as written (0x1f, 1_000, 2e3, 5ms); Value
// is its bits. Neg literals do not exist: -1 is a Unary.
type Int struct {
	At
	Text  string
	Value uint64
}

// Str is a string literal; Value is without quotes and escapes.
type Str struct {
	At
	Value string
}

// Bool is true or false.
type Bool struct {
	At
	Value bool
}

// Param is $1…$N; N is 0 for $#.
type Param struct {
	At
	N int
}

// Ident is a bare name: a builtin value, an enum constant, a macro.
type Ident struct {
	At
	Name string
}

// Var is a scratch variable; Name is with its $.
type Var struct {
	At
	Name string `parser:"@Var"`
}

// Map is @name or @name[keys]; Name is with its @.
type Map struct {
	At
	Name string
	Keys []Expr // nil: no brackets
}

// Call is name(args). An argument is a *TypeExpr where a type was written: a
// bare name is one in the first argument of sizeof, offsetof and typeinfo
// (unless Options.IsValue of package parse claims it), and typeof(…) is one in
// every call. The second argument of offsetof is a field path, an *Ident or
// *Field of *Idents.
type Call struct {
	At
	Name   string
	NameAt At
	Args   []Expr
	// Bang tells that it was written name!(…), the old macro call.
	Bang bool
}

// Unary is op X: one of - ! ~ * & ++ -- comptime.
type Unary struct {
	At
	Op string
	X  Expr
}

// Postfix is X++ or X--.
type Postfix struct {
	At
	Op string
	X  Expr
}

// Binary is X op Y. OpPos is where the operator stands.
type Binary struct {
	At
	Op    string
	OpPos source.Pos
	X, Y  Expr
}

// Cond is Cond ? Then : Else; Then is nil for the short form a ?: b.
type Cond struct {
	At
	Cond, Then, Else Expr
}

// Field is X.Name, X->Name (Arrow) or, on tuples, X.0 (Name is then digits).
type Field struct {
	At
	X      Expr
	Name   string
	NameAt At
	Arrow  bool
}

// Index is X[I].
type Index struct {
	At
	X, I Expr
}

// Cast is (type)X.
type Cast struct {
	At
	Type *TypeExpr
	X    Expr
}

// TypeExpr is a type as written: a base name, then pointer and array suffixes
// in reading order.
type TypeExpr struct {
	At
	// Keyword is "struct", "union", "enum" or "".
	Keyword string `parser:"( @( 'struct' | 'union' | 'enum' )?"`
	// Name is the base name, "" when Of is set.
	Name string `parser:"@( Value | Ident )"`
	// Of is the operand of typeof(…), nil otherwise.
	Of       Operand      `parser:"| 'typeof' '(' @@ ')' )"`
	Suffixes []TypeSuffix `parser:"@@*"`
}

// TypeSuffix is * (Pointer), [N] (Len set) or [] (neither).
type TypeSuffix struct {
	Pointer bool `parser:"( @'*'"`
	Len     Expr `parser:"| '[' @@? ']' )"`
}

// Operand is what typeof, sizeof and the like look at: an expression or a
// *TypeExpr. It is a type of its own so that the grammar can tell.
type Operand interface{ Expr }

// Tuple is (a, b), (a,) or ().
type Tuple struct {
	At
	Elems []Expr
}

// Record is (name = value, …).
type Record struct {
	At
	Names []string
	Elems []Expr
}

// BlockExpr is a block in expression position; its value is that of the last
// statement.
type BlockExpr struct {
	At
	Body *Block
}

func (*CDef) item()    {}
func (*Config) item()  {}
func (*Import) item()  {}
func (*MapDecl) item() {}
func (*Macro) item()   {}
func (*Probe) item()   {}

func (*ExprStmt) stmt() {}
func (*Assign) stmt()   {}
func (*Let) stmt()      {}
func (*Discard) stmt()  {}
func (*If) stmt()       {}
func (*For) stmt()      {}
func (*While) stmt()    {}
func (*Unroll) stmt()   {}
func (*Jump) stmt()     {}
func (*Import) stmt()   {}
func (*Block) stmt()    {}

func (*If) otherwise()    {}
func (*Block) otherwise() {}

func (*Int) expr()       {}
func (*Str) expr()       {}
func (*Bool) expr()      {}
func (*Param) expr()     {}
func (*Ident) expr()     {}
func (*Var) expr()       {}
func (*Map) expr()       {}
func (*Call) expr()      {}
func (*Unary) expr()     {}
func (*Postfix) expr()   {}
func (*Binary) expr()    {}
func (*Cond) expr()      {}
func (*Field) expr()     {}
func (*Index) expr()     {}
func (*Cast) expr()      {}
func (*TypeExpr) expr()  {}
func (*Tuple) expr()     {}
func (*Record) expr()    {}
func (*BlockExpr) expr() {}
func (*If) expr()        {}
func (*Range) expr()     {}
