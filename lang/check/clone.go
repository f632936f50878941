package check

import (
	"strconv"

	"sonde/lang/ast"
)

// expansion copies the body of a macro for one call.
type expansion struct {
	// id tells this copy's variables from others'.
	id int
	// vars and maps rename parameters; exprs are what words stand for.
	vars, maps map[string]string
	exprs      map[string]ast.Expr
	// unclean are uses of maps that were not handed in.
	unclean []*ast.Map
}

// replace gives what stands in the copy for a node of the body; nil for the same.
func (x *expansion) replace(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.Ident:
		if arg, ok := x.exprs[n.Name]; ok {
			return ast.Clone(arg)
		}
	case *ast.Var:
		to, ok := x.vars[n.Name]
		if !ok {
			to = n.Name + "#" + strconv.Itoa(x.id)
		}
		return &ast.Var{At: n.At, Name: to}
	case *ast.Map:
		return x.mapUse(n)
	case *ast.TypeExpr:
		if arg, ok := x.exprs[n.Name]; ok && n.Of == nil {
			return x.typeExpr(n, arg)
		}
	}
	return nil
}

func (x *expansion) mapUse(n *ast.Map) ast.Node {
	out := &ast.Map{At: n.At, Name: n.Name}
	for _, k := range n.Keys {
		out.Keys = append(out.Keys, ast.Rewrite(k, x.replace))
	}
	if to, ok := x.maps[n.Name]; ok {
		out.Name = to
	} else {
		x.unclean = append(x.unclean, out)
	}
	return out
}

// typeExpr copies a type whose base name is a parameter: behind struct, union or
// enum it becomes the name in the argument, else the argument's type.
func (x *expansion) typeExpr(n *ast.TypeExpr, arg ast.Expr) ast.Node {
	out := &ast.TypeExpr{At: n.At, Keyword: n.Keyword, Name: n.Name}
	if name := typeName(arg); n.Keyword != "" && name != "" {
		out.Name = name
	} else {
		out.Keyword, out.Name, out.Of = "", "", ast.Clone(arg).(ast.Operand)
	}
	for _, s := range n.Suffixes {
		if s.Len != nil {
			s.Len = ast.Rewrite(s.Len, x.replace)
		}
		out.Suffixes = append(out.Suffixes, s)
	}
	return out
}

// typeName is the plain word that an argument consists of, also within typeof.
func typeName(arg ast.Node) string {
	switch arg := arg.(type) {
	case *ast.Ident:
		return arg.Name
	case *ast.TypeExpr:
		if arg.Of != nil {
			return typeName(arg.Of)
		}
		if len(arg.Suffixes) == 0 {
			return arg.Name
		}
	}
	return ""
}
