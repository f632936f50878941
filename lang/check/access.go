package check

import (
	"slices"
	"strconv"

	"sonde/lang/ast"
	"sonde/lang/source"
	"sonde/lang/types"
)

// field checks x.name: a member of a struct, one pointer away or not, or an
// element of a tuple or record.
func (b *body) field(e *ast.Field) operand {
	x := b.expr(e.X)
	if x.mode == novalue {
		b.errorf(e, InvalidAccess, "Can not access field '%s' on expression of type 'void'", e.Name)
	}
	if !x.valid() {
		return operand{}
	}
	t, space, followed := x.typ, x.space, false
	if p, ok := t.(types.Pointer); ok {
		t, space, followed = p.Elem, p.Space, true
	}
	switch t := t.(type) {
	case *types.Struct:
		return b.member(e, t, space, followed)
	case *types.Tuple:
		return b.tupleField(e, t, x, followed)
	case *types.Record:
		return b.recordField(e, t, x, followed)
	}
	d := b.errorf(e, InvalidAccess, "Can not access field '%s' on expression of type '%s'", e.Name, name(x.typ))
	if p, ok := t.(types.Pointer); ok {
		d.WithHint("that is a pointer to a pointer (%s); follow it with * first", name(p))
	} else if isInt(t) && b.host.BTF() == nil {
		d.WithHint("this kernel gives no type information (BTF, /sys/kernel/btf/vmlinux), so its types are not known; define them, or name a file that has them in BPFTRACE_BTF")
	} else if isInt(t) {
		d.WithHint("cast it to a pointer to a struct: ((struct x*)…).%s", e.Name)
	}
	return operand{}
}

// at is the place of the member's name.
func nameAt(e *ast.Field) ast.Node {
	if e.NameAt.Pos.IsValid() {
		return e.NameAt
	}
	return e
}

func (b *body) member(e *ast.Field, t *types.Struct, space types.Space, followed bool) operand {
	f, ok := t.Field(e.Name)
	if !ok {
		var d *source.Diagnostic
		switch {
		case t == b.inst.Context.Args:
			d = b.errorf(nameAt(e), UnknownField, "Can't find function parameter %s", e.Name)
			if b.inst.Context.Layout == ArgsRecord {
				d.Msg = "Struct/union of type '" + t.String() + "' does not contain a field named '" + e.Name + "'"
			}
		case len(t.Fields()) == 0:
			d = b.errorf(e, UnknownType, "Unknown struct/union: '%s'", t)
		default:
			d = b.errorf(nameAt(e), UnknownField, "Struct/union of type '%s' does not contain a field named '%s'", t, e.Name)
		}
		suggest(d, e.Name, fieldNames(t))
		return operand{}
	}
	b.inst.Info.Fields[e] = &FieldRef{Deref: followed, Elem: -1, Field: f}
	if t == b.inst.Context.Args {
		space = b.inst.Context.Space
	}
	if f.Dynamic {
		return b.dynamic(f, space)
	}
	if f.BitSize > 0 {
		if i, ok := f.Type.(types.Int); ok {
			return operand{mode: value, typ: i, space: b.spaceOr(space)}
		}
	}
	x := b.loaded(f.Type, space)
	if s, ok := x.typ.(types.String); ok && b.defs.lookup(t.Kind, t.Name) == types.Type(t) {
		// Characters without a NUL are text as well: what a script says is an array of
		// five holds up to five.
		x.typ = types.String{N: s.N + 1}
	}
	return x
}

// dynamic is the value of a field that tells where its data lies: text is a
// string of the greatest length, other data a pointer to its first element.
func (b *body) dynamic(f types.Field, space types.Space) operand {
	switch t := f.Type.(type) {
	case types.String:
		return operand{mode: value, typ: types.String{N: int(b.cfg.MaxStrlen)}, space: types.Kernel}
	case types.Array:
		if t.Elem == types.Int8 {
			return operand{mode: value, typ: types.String{N: int(b.cfg.MaxStrlen)}, space: types.Kernel}
		}
		return operand{mode: value, typ: types.Pointer{Elem: t.Elem, Space: types.Kernel}, space: types.Kernel}
	}
	return b.loaded(f.Type, space)
}

// fieldNames lists members, those of anonymous members too, for suggestions.
func fieldNames(t *types.Struct) []string {
	var out []string
	for _, f := range t.Fields() {
		if inner, ok := f.Type.(*types.Struct); ok && f.Anonymous {
			out = append(out, fieldNames(inner)...)
		} else if f.Name != "" {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return out
}

func (b *body) tupleField(e *ast.Field, t *types.Tuple, x operand, followed bool) operand {
	i, err := strconv.Atoi(e.Name)
	if err != nil {
		b.errorf(e, InvalidAccess, "Can not access field '%s' on expression of type '%s'", e.Name, name(x.typ)).
			WithHint("elements of a tuple are numbered: .0, .1")
		return operand{}
	}
	if i >= len(t.Elems) {
		b.errorf(e, UnknownField, "Invalid tuple index: %d. Found %d elements in tuple.", i, len(t.Elems))
		return operand{}
	}
	b.inst.Info.Fields[e] = &FieldRef{Deref: followed, Elem: i,
		Field: types.Field{Name: e.Name, Type: types.Settle(t.Elems[i]), Offset: t.Offset(i)}}
	return x.element(i, t.Elems[i])
}

func (b *body) recordField(e *ast.Field, t *types.Record, x operand, followed bool) operand {
	i := slices.Index(t.Names, e.Name)
	if i < 0 {
		suggest(b.errorf(nameAt(e), UnknownField, "Record does not contain a field named '%s'", e.Name), e.Name, t.Names)
		return operand{}
	}
	b.inst.Info.Fields[e] = &FieldRef{Deref: followed, Elem: i,
		Field: types.Field{Name: e.Name, Type: types.Settle(t.Elems[i]), Offset: t.Offset(i)}}
	return x.element(i, t.Elems[i])
}

// index checks x[i].
func (b *body) index(e *ast.Index) operand {
	x, i := b.expr(e.X), b.expr(e.I)
	if !x.valid() || !i.valid() {
		return operand{}
	}
	known, isConst := i.val.(int64)
	if _, tuple := x.typ.(*types.Tuple); !isInt(i.typ) || isConst && known < 0 || tuple && !isConst {
		what := "non-negative integer indices"
		if tuple {
			what = "literal indices on tuples"
		}
		b.errorf(e.I, InvalidIndex, "The array index operator [] only accepts %s. Got: %s", what, i.name())
		return operand{}
	}
	inside := func(n int) bool {
		if _, huge := i.val.(uint64); huge || isConst && known >= int64(n) {
			b.errorf(e.I, InvalidIndex, "the index %v is out of bounds for array of size %d", i.val, n)
			return false
		}
		return true
	}
	switch t := x.typ.(type) {
	case types.Array:
		if t.N == 0 || inside(t.N) {
			return b.loaded(t.Elem, x.space)
		}
	case types.Pointer:
		if isVoid(t.Elem) || t.Elem.Size() == 0 {
			b.errorf(e, InvalidIndex, "The array index operator [] cannot be used on a pointer to an unsized type (%s).", name(t))
			return operand{}
		}
		return b.loaded(t.Elem, t.Space)
	case types.String:
		if inside(t.N) {
			if s, ok := x.val.(string); ok && isConst && int(known) < len(s) {
				return constant(int64(s[known]))
			}
			return operand{mode: value, typ: types.Int8, space: x.space}
		}
	case *types.Tuple:
		if int(known) >= len(t.Elems) {
			b.errorf(e.I, UnknownField, "Invalid tuple index: %d. Found %d elements in tuple.", known, len(t.Elems))
			return operand{}
		}
		return x.element(int(known), t.Elems[known])
	default:
		b.errorf(e, InvalidIndex, "The array index operator [] can only be used on arrays, pointers, and tuples, found %s.", x.name())
	}
	return operand{}
}
