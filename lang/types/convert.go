package types

import (
	"fmt"
	"slices"
)

// Flexible is the type of a non-negative integer constant before it meets
// another type: the smallest signed integer that holds it, but as content to be
// unsigned. It exists only while types are being inferred; Settle turns it into
// the signed integer.
type Flexible struct{ Bits int }

func (t Flexible) String() string { return Int{t.Bits, true}.String() }

// Size implements Type.
func (t Flexible) Size() int { return t.Bits / 8 }

// Align implements Type.
func (t Flexible) Align() int { return t.Bits / 8 }

// Repr implements Scalar.
func (t Flexible) Repr() Int { return Int{t.Bits, true} }

// Coercible is an aggregate that can be read as an integer, all CPUs merged.
type Coercible interface {
	Aggregate
	// Int is the integer that it reads as.
	Int() Int
}

// Joiner is a type from outside this package that says itself which type holds
// its own values and those of another.
type Joiner interface {
	Type
	Join(Type) (Type, bool)
}

// SmallestInt gives the type of an integer constant: the smallest signed type
// that holds v, flexible when it is not negative.
func SmallestInt(v int64) Type {
	for _, bits := range []int{8, 16, 32, 64} {
		if v == v<<(64-bits)>>(64-bits) {
			if v >= 0 {
				return Flexible{bits}
			}
			return Int{bits, true}
		}
	}
	panic(fmt.Sprintf("no integer type holds %d", v))
}

// Settle replaces what exists during inference only, also within tuples and
// records.
func Settle(t Type) Type {
	switch t := t.(type) {
	case Flexible:
		return t.Repr()
	case *Tuple:
		if elems, changed := settleAll(t.Elems); changed {
			return &Tuple{elems}
		}
	case *Record:
		if elems, changed := settleAll(t.Elems); changed {
			return &Record{t.Names, elems}
		}
	case Pointer:
		t.Elem = Settle(t.Elem)
		return t
	}
	return t
}

func settleAll(elems []Type) ([]Type, bool) {
	out, changed := elems, false
	for i, e := range elems {
		if s := Settle(e); !Same(s, e) {
			if !changed {
				out, changed = slices.Clone(elems), true
			}
			out[i] = s
		}
	}
	return out, changed
}

// Identical tells that a and b are one type: values of one can be used as the
// other's bytes. The address spaces of pointers do not count.
func Identical(a, b Type) bool { return equal(a, b, false) }

// Same is Identical with address spaces.
func Same(a, b Type) bool { return equal(a, b, true) }

func equal(a, b Type, spaces bool) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch a := a.(type) {
	case Pointer:
		b, ok := b.(Pointer)
		return ok && (!spaces || a.Space == b.Space) && equal(a.Elem, b.Elem, spaces)
	case Array:
		b, ok := b.(Array)
		return ok && a.N == b.N && equal(a.Elem, b.Elem, spaces)
	case *Tuple:
		b, ok := b.(*Tuple)
		return ok && equalAll(a.Elems, b.Elems, spaces)
	case *Record:
		b, ok := b.(*Record)
		return ok && slices.Equal(a.Names, b.Names) && equalAll(a.Elems, b.Elems, spaces)
	case *Struct:
		b, ok := b.(*Struct)
		return ok && (a == b || a.Name != "" && a.Kind == b.Kind && a.Name == b.Name && a.size == b.size)
	case *Enum:
		b, ok := b.(*Enum)
		return ok && (a == b || a.Name != "" && a.Name == b.Name)
	}
	return a == b
}

func equalAll(a, b []Type, spaces bool) bool {
	return slices.EqualFunc(a, b, func(x, y Type) bool { return equal(x, y, spaces) })
}

// Join gives the smallest type that values of a and b both convert to, and
// whether there is one. It is how variables, map keys and map values grow over a
// script: integers widen, strings and buffers grow, tuples and records do so
// element by element. Signed and unsigned integers meet in the next larger
// signed one, at last in int64, which does not hold all of uint64 (see Fits).
// Pointers to the same type meet; address spaces that differ become unknown.
func Join(a, b Type) (Type, bool) {
	if equal(a, b, true) {
		return a, true
	}
	ai, aflex, aok := plainInt(a)
	bi, bflex, bok := plainInt(b)
	if aok && bok {
		return joinInts(ai, aflex, bi, bflex), true
	}
	switch a := a.(type) {
	case String:
		if b, ok := b.(String); ok {
			return String{max(a.N, b.N)}, true
		}
	case Buffer:
		if b, ok := b.(Buffer); ok {
			return Buffer{max(a.N, b.N)}, true
		}
	case Pointer:
		if b, ok := b.(Pointer); ok {
			return joinPointers(a, b)
		}
	case *Tuple:
		if b, ok := b.(*Tuple); ok {
			if elems, ok := joinAll(a.Elems, b.Elems); ok {
				return &Tuple{elems}, true
			}
		}
	case *Record:
		if b, ok := b.(*Record); ok {
			return joinRecords(a, b)
		}
	case Joiner:
		return a.Join(b)
	}
	if b, ok := b.(Joiner); ok {
		return b.Join(a)
	}
	if Identical(a, b) {
		return a, true
	}
	return nil, false
}

// plainInt looks through enums, which meet other integers as integers.
func plainInt(t Type) (i Int, flexible, ok bool) {
	switch t := t.(type) {
	case Int:
		return t, false, true
	case Flexible:
		return t.Repr(), true, true
	case *Enum:
		return t.Int, false, true
	}
	return Int{}, false, false
}

func joinInts(a Int, aflex bool, b Int, bflex bool) Type {
	bits := max(a.Bits, b.Bits)
	switch {
	case aflex && bflex:
		return Flexible{bits}
	case aflex:
		return Int{bits, b.Signed}
	case bflex:
		return Int{bits, a.Signed}
	case a.Signed == b.Signed:
		return Int{bits, a.Signed}
	case a.Signed && a.Bits > b.Bits, b.Signed && b.Bits > a.Bits:
		return Int{bits, true}
	}
	return Int{min(2*bits, 64), true}
}

func joinPointers(a, b Pointer) (Type, bool) {
	space := a.Space
	if b.Space != space {
		space = NoSpace
	}
	if Identical(a.Elem, b.Elem) {
		return Pointer{a.Elem, space}, true
	}
	// A pointer to a scratch variable follows that variable's growth.
	if a.Space == BPF && b.Space == BPF {
		if elem, ok := Join(a.Elem, b.Elem); ok {
			return Pointer{elem, space}, true
		}
	}
	return nil, false
}

func joinAll(a, b []Type) ([]Type, bool) {
	if len(a) != len(b) {
		return nil, false
	}
	out := make([]Type, len(a))
	for i := range a {
		t, ok := Join(a[i], b[i])
		if !ok {
			return nil, false
		}
		out[i] = t
	}
	return out, true
}

// joinRecords matches elements by name and keeps a's order.
func joinRecords(a, b *Record) (Type, bool) {
	if len(a.Names) != len(b.Names) {
		return nil, false
	}
	elems := make([]Type, len(a.Elems))
	for i, name := range a.Names {
		j := slices.Index(b.Names, name)
		if j < 0 {
			return nil, false
		}
		t, ok := Join(a.Elems[i], b.Elems[j])
		if !ok {
			return nil, false
		}
		elems[i] = t
	}
	return &Record{a.Names, elems}, true
}

// Fits tells that every value of from is a value of to: converting loses
// nothing.
func Fits(from, to Type) bool {
	fi, flex, fok := plainInt(from)
	ti, _, tok := plainInt(to)
	if fok && tok {
		switch {
		case flex || fi.Signed == ti.Signed:
			return fi.Bits <= ti.Bits
		case !fi.Signed:
			return fi.Bits < ti.Bits
		}
		return false
	}
	switch from := from.(type) {
	case String:
		to, ok := to.(String)
		return ok && from.N <= to.N
	case Buffer:
		to, ok := to.(Buffer)
		return ok && from.N <= to.N
	case *Tuple:
		to, ok := to.(*Tuple)
		return ok && len(from.Elems) == len(to.Elems) && allFit(from.Elems, to.Elems)
	case *Record:
		to, ok := to.(*Record)
		if !ok || len(from.Names) != len(to.Names) {
			return false
		}
		for i, name := range from.Names {
			j := slices.Index(to.Names, name)
			if j < 0 || !Fits(from.Elems[i], to.Elems[j]) {
				return false
			}
		}
		return true
	}
	return Identical(from, to)
}

func allFit(from, to []Type) bool {
	for i := range from {
		if !Fits(from[i], to[i]) {
			return false
		}
	}
	return true
}
