package lower

import (
	"sonde/lang/ast"
	"sonde/lang/check"
)

// walk visits a tree and what its calls of macros stand for.
func walk(info *check.Info, n ast.Node, visit func(ast.Node)) {
	ast.Walk(n, func(n ast.Node) bool {
		visit(n)
		if e, ok := n.(ast.Expr); ok {
			if body := info.Inlined[e]; body != nil {
				walk(info, body, visit)
				return false
			}
		}
		return true
	})
}

// countAssigns counts, for each variable of the instance, the places that give
// it a value.
func countAssigns(inst *check.Instance) map[*check.Var]int {
	n := map[*check.Var]int{}
	if inst.Probe != nil {
		eachAssign(inst.Info, inst.Probe, func(v *check.Var) { n[v]++ })
	}
	return n
}

// eachAssign calls f for each place within n that gives a variable a value.
func eachAssign(info *check.Info, n ast.Node, f func(*check.Var)) {
	target := func(e ast.Expr) {
		if v, ok := e.(*ast.Var); ok && info.Vars[v] != nil {
			f(info.Vars[v])
		}
	}
	walk(info, n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Assign:
			target(n.Target)
		case *ast.Let:
			target(n.Var)
		case *ast.For:
			target(n.Var)
		case *ast.Postfix:
			target(n.X)
		case *ast.Unary:
			if n.Op == "++" || n.Op == "--" || n.Op == "&" {
				target(n.X)
			}
		}
	})
}

// mentions tells whether evaluating e may read a map or variable.
func (b *Builder) mentions(e ast.Expr, what any) bool {
	found := false
	walk(b.info, e, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Map:
			found = found || any(b.info.Maps[n]) == what
		case *ast.Var:
			found = found || any(b.info.Vars[n]) == what
		}
	})
	return found
}
