package parse

import (
	"sonde/lang/ast"
	"sonde/lang/source"
)

// body finishes a probe's or a macro's block and returns what is wrong with it,
// or nil. valued tells that the block has a value.
func body(b *ast.Block, valued bool) *source.Diagnostic {
	f := &finisher{}
	f.block(b, valued)
	return f.wrong
}

// finisher walks a body. The value of a block's last expression is wanted in
// macros and where the block is an expression; everywhere else the statement is
// one like the others, with or without a semicolon.
type finisher struct{ wrong *source.Diagnostic }

func (f *finisher) complain(d *source.Diagnostic) {
	if f.wrong == nil {
		f.wrong = d
	}
}

func (f *finisher) block(b *ast.Block, valued bool) {
	for i, s := range b.Stmts {
		f.stmt(s, valued && i == len(b.Stmts)-1)
	}
}

func (f *finisher) stmt(s ast.Stmt, valued bool) {
	switch n := s.(type) {
	case *ast.ExprStmt:
		n.Last = n.Last && valued
		f.expr(n.X)
	case *ast.Import:
		n.Path = unquote(n.Path)
	case *ast.Assign:
		f.target(n)
		f.expr(n.Target)
		f.expr(n.Value)
	case *ast.If:
		f.branches(n, valued)
	case *ast.For:
		f.expr(n.Over)
		f.block(n.Body, false)
	case *ast.While:
		f.condition(n.Cond)
		f.block(n.Body, false)
	case *ast.Unroll:
		f.expr(n.Count)
		f.block(n.Body, false)
	case *ast.Block:
		f.block(n, valued)
	default: // the others hold expressions only
		for _, c := range ast.Children(n) {
			f.expr(c)
		}
	}
}

func (f *finisher) branches(n *ast.If, valued bool) {
	f.condition(n.Cond)
	f.block(n.Then, valued)
	if n.Else != nil {
		f.stmt(n.Else, valued)
	}
}

// expr finishes the blocks in an expression: they have values.
func (f *finisher) expr(n ast.Node) {
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockExpr:
			f.block(n.Body, true)
			return false
		case *ast.If:
			f.branches(n, true)
			return false
		}
		return true
	})
}

// condition finds (name = value) where a condition stands: it reads as a
// record.
func (f *finisher) condition(x ast.Expr) {
	f.expr(x)
	switch n := x.(type) {
	case *ast.Record:
		d := source.Errorf(n.Span(), "syntax", "a condition cannot be a record")
		if len(n.Names) == 1 {
			d.WithHint("'=' assigns and is no operator in an expression; '==' compares")
		}
		f.complain(d)
	case *ast.Tuple:
		f.complain(source.Errorf(n.Span(), "syntax", "a condition cannot be a tuple"))
	}
}

// target finds assignments to part of a value.
func (f *finisher) target(n *ast.Assign) {
	switch n.Target.(type) {
	case *ast.Var, *ast.Map:
	case *ast.Field, *ast.Index:
		at := source.Span{Start: n.Pos, End: n.Value.Span().End}
		f.complain(source.Errorf(at, "not-a-variable",
			"only variables and maps can be assigned to: tuples, records and structs never change").
			WithHint("make a new value and assign that"))
	default:
		f.complain(source.Errorf(n.Target.Span(), "not-a-variable", "only variables and maps can be assigned to"))
	}
}
