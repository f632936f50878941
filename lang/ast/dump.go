package ast

import (
	"fmt"
	"reflect"
	"strings"
)

// Dump returns the tree below n as text, one node a line, children indented:
//
//	Assign Op="=" 1:9-1:15
//	  Target: Var Name="$x" 1:9-1:11
//	  Value: Int Text="1" Value=1 1:14-1:15
//
// Fields of value zero are left out, places too unless asked for. The form is
// stable: equal trees give equal text.
func Dump(n Node, places bool) string {
	d := &dumper{places: places}
	d.node("", reflect.ValueOf(n))
	return d.String()
}

type dumper struct {
	strings.Builder
	places bool
	depth  int
}

var (
	nodeType   = reflect.TypeFor[Node]()
	atType     = reflect.TypeFor[At]()
	suffixType = reflect.TypeFor[TypeSuffix]()
)

// node writes the node that v points to, and what is below it.
func (d *dumper) node(label string, v reflect.Value) {
	at := v.Interface().(Node).Span()
	v = v.Elem()
	fmt.Fprintf(d, "%*s%s%s", 2*d.depth, "", label, v.Type().Name())
	for i := range v.NumField() {
		d.scalar(v.Type().Field(i), v.Field(i))
	}
	if d.places {
		fmt.Fprintf(d, " %d:%d-%d:%d", at.Start.Line, at.Start.Column, at.End.Line, at.End.Column)
	}
	d.WriteByte('\n')
	d.depth++
	for i := range v.NumField() {
		d.child(v.Type().Field(i).Name+": ", v.Field(i))
	}
	d.depth--
}

// scalar writes a field that holds no nodes.
func (d *dumper) scalar(f reflect.StructField, v reflect.Value) {
	if v.IsZero() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		fmt.Fprintf(d, " %s=%q", f.Name, v.String())
	case reflect.Bool:
		fmt.Fprintf(d, " %s", f.Name)
	case reflect.Int, reflect.Uint64:
		fmt.Fprintf(d, " %s=%d", f.Name, v.Interface())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String {
			fmt.Fprintf(d, " %s=%q", f.Name, v.Interface())
		}
	}
}

// child writes what a field holds of nodes. Those of a list have no label.
func (d *dumper) child(label string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			e := v.Index(i)
			if e.Type() == suffixType {
				d.suffix(e)
				continue
			}
			d.child("", e)
		}
	case v.Type() == atType || !v.Type().Implements(nodeType):
	case v.Kind() == reflect.Interface && !v.IsNil():
		d.node(label, v.Elem())
	case v.Kind() == reflect.Pointer && !v.IsNil():
		d.node(label, v)
	}
}

func (d *dumper) suffix(v reflect.Value) {
	text := "[]"
	if s := v.Interface().(TypeSuffix); s.Pointer {
		text = "*"
	}
	fmt.Fprintf(d, "%*s%s\n", 2*d.depth, "", text)
	d.depth++
	d.child("Len: ", v.FieldByName("Len"))
	d.depth--
}
