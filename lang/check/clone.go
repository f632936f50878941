package check

import (
	"fmt"
	"strconv"

	"sonde/lang/ast"
)

// expansion copies the body of a macro for one call.
type expansion struct {
	macro *ast.Macro
	// id tells this copy's variables from others'.
	id int
	// vars and maps rename parameters; exprs are what words stand for.
	vars, maps map[string]string
	exprs      map[string]ast.Expr
	// asis: an argument is copied, in which nothing is replaced.
	asis bool
	// bad are uses of maps that were not handed in.
	bad []ast.Node
}

func (x *expansion) block(b *ast.Block) *ast.Block {
	if b == nil {
		return nil
	}
	out := &ast.Block{At: b.At}
	for _, s := range b.Stmts {
		out.Stmts = append(out.Stmts, x.stmt(s))
	}
	return out
}

func (x *expansion) stmt(s ast.Stmt) ast.Stmt {
	switch s := s.(type) {
	case *ast.ExprStmt:
		return &ast.ExprStmt{At: s.At, X: x.expr(s.X), Last: s.Last}
	case *ast.Assign:
		return &ast.Assign{At: s.At, Target: x.expr(s.Target), Op: s.Op, Value: x.expr(s.Value)}
	case *ast.Let:
		return &ast.Let{At: s.At, Var: x.variable(s.Var), Type: x.typeExpr(s.Type), Value: x.expr(s.Value)}
	case *ast.Discard:
		return &ast.Discard{At: s.At, Value: x.expr(s.Value)}
	case *ast.If:
		return x.ifStmt(s)
	case *ast.For:
		return &ast.For{At: s.At, Var: x.variable(s.Var), Over: x.subject(s.Over), Body: x.block(s.Body)}
	case *ast.While:
		return &ast.While{At: s.At, Cond: x.expr(s.Cond), Body: x.block(s.Body)}
	case *ast.Unroll:
		return &ast.Unroll{At: s.At, Count: x.expr(s.Count), Body: x.block(s.Body)}
	case *ast.Jump:
		return &ast.Jump{At: s.At, Keyword: s.Keyword, Value: x.expr(s.Value)}
	case *ast.Block:
		return x.block(s)
	}
	return s
}

func (x *expansion) ifStmt(s *ast.If) *ast.If {
	out := &ast.If{At: s.At, Cond: x.expr(s.Cond), Then: x.block(s.Then)}
	switch e := s.Else.(type) {
	case *ast.If:
		out.Else = x.ifStmt(e)
	case *ast.Block:
		out.Else = x.block(e)
	}
	return out
}

func (x *expansion) subject(s ast.Subject) ast.Subject {
	if r, ok := s.(*ast.Range); ok {
		return &ast.Range{At: r.At, From: x.expr(r.From), To: x.expr(r.To)}
	}
	return x.expr(s.(ast.Expr))
}

// variable renames a parameter to the caller's variable, and others apart.
func (x *expansion) variable(v *ast.Var) *ast.Var {
	out := *v
	if !x.asis {
		if to, ok := x.vars[v.Name]; ok {
			out.Name = to
		} else {
			out.Name = v.Name + "#" + strconv.Itoa(x.id)
		}
	}
	return &out
}

func (x *expansion) exprs0(list []ast.Expr) []ast.Expr {
	if list == nil {
		return nil
	}
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = x.expr(e)
	}
	return out
}

// argument copies what a word stands for; nothing in it belongs to the macro.
func (x *expansion) argument(e ast.Expr) ast.Expr {
	return (&expansion{asis: true}).expr(e)
}

func (x *expansion) expr(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Ident:
		if arg, ok := x.exprs[e.Name]; ok {
			return x.argument(arg)
		}
		out := *e
		return &out
	case *ast.Var:
		return x.variable(e)
	case *ast.Map:
		out := &ast.Map{At: e.At, Name: e.Name, Keys: x.exprs0(e.Keys)}
		if !x.asis {
			if to, ok := x.maps[e.Name]; ok {
				out.Name = to
			} else {
				x.bad = append(x.bad, out)
			}
		}
		return out
	case *ast.Call:
		out := *e
		out.Args = x.exprs0(e.Args)
		return &out
	case *ast.Unary:
		return &ast.Unary{At: e.At, Op: e.Op, X: x.expr(e.X)}
	case *ast.Postfix:
		return &ast.Postfix{At: e.At, Op: e.Op, X: x.expr(e.X)}
	case *ast.Binary:
		return &ast.Binary{At: e.At, Op: e.Op, OpPos: e.OpPos, X: x.expr(e.X), Y: x.expr(e.Y)}
	case *ast.Cond:
		return &ast.Cond{At: e.At, Cond: x.expr(e.Cond), Then: x.expr(e.Then), Else: x.expr(e.Else)}
	case *ast.Field:
		return &ast.Field{At: e.At, X: x.expr(e.X), Name: e.Name, NameAt: e.NameAt, Arrow: e.Arrow}
	case *ast.Index:
		return &ast.Index{At: e.At, X: x.expr(e.X), I: x.expr(e.I)}
	case *ast.Cast:
		return &ast.Cast{At: e.At, Type: x.typeExpr(e.Type), X: x.expr(e.X)}
	case *ast.TypeExpr:
		return x.typeArg(e)
	case *ast.Tuple:
		return &ast.Tuple{At: e.At, Elems: x.exprs0(e.Elems)}
	case *ast.Record:
		return &ast.Record{At: e.At, Names: e.Names, Elems: x.exprs0(e.Elems)}
	case *ast.BlockExpr:
		return &ast.BlockExpr{At: e.At, Body: x.block(e.Body)}
	case *ast.If:
		return x.ifStmt(e)
	case *ast.Int:
		out := *e
		return &out
	case *ast.Str:
		out := *e
		return &out
	case *ast.Bool:
		out := *e
		return &out
	case *ast.Param:
		out := *e
		return &out
	}
	panic(fmt.Sprintf("macro %s: no copy of %T", x.macro.Name, e))
}

// typeArg copies a type that stands where an expression may: a bare word that is
// a parameter means its argument.
func (x *expansion) typeArg(e *ast.TypeExpr) ast.Expr {
	if e.Keyword == "" && e.Of == nil && len(e.Suffixes) == 0 {
		if arg, ok := x.exprs[e.Name]; ok {
			return x.argument(arg)
		}
	}
	return x.typeExpr(e)
}

// typeExpr copies a type; a base name that is a parameter becomes the type that
// its argument names, or has.
func (x *expansion) typeExpr(e *ast.TypeExpr) *ast.TypeExpr {
	if e == nil {
		return nil
	}
	out := &ast.TypeExpr{At: e.At, Keyword: e.Keyword, Name: e.Name}
	switch of := e.Of.(type) {
	case *ast.TypeExpr:
		out.Of = x.typeArg(of).(ast.Operand)
	case ast.Expr:
		out.Of = x.expr(of).(ast.Operand)
	}
	if arg, ok := x.exprs[e.Name]; ok && e.Of == nil {
		switch arg := arg.(type) {
		case *ast.Ident:
			out.Name = arg.Name
		case *ast.TypeExpr:
			if e.Keyword != "" && arg.Keyword == "" && arg.Of == nil {
				out.Name = arg.Name
			} else if named, ok := arg.Of.(*ast.TypeExpr); ok && e.Keyword != "" {
				out.Name = named.Name
			} else {
				out.Keyword, out.Name, out.Of = "", "", x.argument(arg).(ast.Operand)
			}
		default:
			out.Keyword, out.Name, out.Of = "", "", x.argument(arg).(ast.Operand)
		}
	}
	for _, s := range e.Suffixes {
		out.Suffixes = append(out.Suffixes, ast.TypeSuffix{Pointer: s.Pointer, Len: x.expr(s.Len)})
	}
	return out
}
