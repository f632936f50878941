package ast

import "reflect"

// Clone returns a deep copy of n: fresh nodes at the same places, so that side
// tables keyed by node tell the copy from the original. Every field is copied,
// also those of nodes yet to be invented.
func Clone[N Node](n N) N {
	return Rewrite(n, func(Node) Node { return nil })
}

// Rewrite is Clone with replacements: where f returns a node, that stands in the
// copy instead, and what is below the original is not looked at. What replaces a
// node must be able to stand where it stood: an expression for an expression, a
// *TypeExpr for a *TypeExpr. It is for inlining a macro's body.
func Rewrite[N Node](n N, f func(Node) Node) N {
	return rewrite(reflect.ValueOf(&n).Elem(), f).Interface().(N)
}

func rewrite(v reflect.Value, f func(Node) Node) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		if n, ok := v.Interface().(Node); ok {
			if r := f(n); r != nil {
				return reflect.ValueOf(r)
			}
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(rewrite(v.Elem(), f))
		return c
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		c := reflect.New(v.Type()).Elem()
		c.Set(rewrite(v.Elem(), f))
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(rewrite(v.Index(i), f))
		}
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			c.Field(i).Set(rewrite(v.Field(i), f))
		}
		return c
	default:
		return v
	}
}
