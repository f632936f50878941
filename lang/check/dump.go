package check

import (
	"fmt"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/types"
)

// Dump shows what was found out, in a stable form: each instance with its
// targets, variables, and all expressions that have a type, then the maps. It is
// for people and for tests.
func Dump(p *Program) string {
	d := &dumper{}
	for _, in := range p.Instances {
		d.instance(in)
	}
	if len(p.Maps) > 0 {
		d.line(0, "maps")
	}
	for _, m := range p.Maps {
		key := ""
		if m.Key != nil {
			key = "[" + m.Key.String() + "]"
		}
		value := "unknown"
		if m.Value != nil {
			value = m.Value.String()
		}
		d.line(1, "%s%s: %s, %s of %d", m.Name, key, value, m.Kind, m.MaxEntries)
	}
	if p.AutoExit {
		d.line(0, "exits by itself")
	}
	return d.String()
}

type dumper struct{ strings.Builder }

func (d *dumper) line(depth int, format string, args ...any) {
	d.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(d, format, args...)
	d.WriteByte('\n')
}

func (d *dumper) instance(in *Instance) {
	names := make([]string, len(in.Targets))
	for i, t := range in.Targets {
		names[i] = t.Name
	}
	more := ""
	if n := len(names) - 4; n > 0 {
		names, more = names[:4], fmt.Sprintf(" and %d more", n)
	}
	d.line(0, "%s%s", strings.Join(names, ", "), more)
	for _, v := range in.Vars {
		if v.Type != nil {
			d.line(1, "%s: %s", v.Name, v.Type)
		}
	}
	if in.Probe.Predicate != nil {
		d.node(in, in.Probe.Predicate, 1)
	}
	d.node(in, in.Probe.Body, 1)
}

func (d *dumper) node(in *Instance, n ast.Node, depth int) {
	below := depth
	if e, ok := n.(ast.Expr); ok {
		if t := in.Info.Types[e]; t != nil {
			d.expr(in, e, t, depth)
			below++
		} else if _, ok := in.Info.Calls[e]; ok {
			d.line(depth, "%s %s: void", place(e), label(e))
			below++
		}
		if body := in.Info.Inlined[e]; body != nil {
			d.node(in, body, below)
			return
		}
	}
	if a, ok := n.(*ast.Assign); ok && in.Info.Ops[a] != nil {
		d.line(depth, "%s %s in %s", place(a), a.Op, in.Info.Ops[a])
		below++
	}
	for _, c := range ast.Children(n) {
		d.node(in, c, below)
	}
}

func (d *dumper) expr(in *Instance, e ast.Expr, t types.Type, depth int) {
	extra := ""
	if op := in.Info.Ops[e]; op != nil {
		extra += " in " + op.String()
	}
	if v, ok := in.Info.Consts[e]; ok {
		extra += fmt.Sprintf(" = %#v", v)
	}
	d.line(depth, "%s %s: %s%s", place(e), label(e), t, extra)
}

func place(n ast.Node) string {
	p := n.Span().Start
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// label names an expression by what stands at its top.
func label(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Int:
		return e.Text
	case *ast.Str:
		return fmt.Sprintf("%q", e.Value)
	case *ast.Bool:
		return fmt.Sprint(e.Value)
	case *ast.Param:
		if e.N == 0 {
			return "$#"
		}
		return fmt.Sprintf("$%d", e.N)
	case *ast.Ident:
		return e.Name
	case *ast.Var:
		return e.Name
	case *ast.Map:
		return e.Name
	case *ast.Call:
		return e.Name + "()"
	case *ast.Unary:
		return e.Op + "x"
	case *ast.Postfix:
		return "x" + e.Op
	case *ast.Binary:
		return e.Op
	case *ast.Cond:
		return "?:"
	case *ast.Field:
		return "." + e.Name
	case *ast.Index:
		return "[]"
	case *ast.Cast:
		return "cast"
	case *ast.Tuple:
		return "tuple"
	case *ast.Record:
		return "record"
	case *ast.BlockExpr:
		return "block"
	case *ast.If:
		return "if"
	}
	return "type"
}

func (k MapKind) String() string {
	for name, kind := range mapKinds {
		if kind == k {
			return name
		}
	}
	return "map"
}
