package cdef

import (
	"math"

	"sonde/lang/types"
)

// typ is a type while it is being read: what it is may refer to a struct that is
// defined later, so it is found out when first asked for; how large it is must be
// known at once.
type typ struct {
	get         func() types.Type
	size, align int
	// bits is the width of an integer type, for bit fields; 0 for others.
	bits   int
	signed bool
}

func known(t types.Type) typ {
	out := typ{get: func() types.Type { return t }, size: t.Size(), align: t.Align()}
	if i, ok := types.AsInt(t); ok {
		if _, ptr := t.(types.Pointer); !ptr {
			out.bits, out.signed = i.Bits, i.Signed
		}
	}
	return out
}

func (t typ) pointer() typ {
	return typ{get: func() types.Type { return types.Pointer{Elem: t.get()} }, size: 8, align: 8}
}

// array is n of t; an array of char is text.
func (t typ) array(n int) typ {
	return typ{size: n * t.size, align: t.align, get: func() types.Type {
		if elem := t.get(); elem != types.Int8 || n == 0 {
			return types.Array{Elem: elem, N: n}
		}
		return types.String{N: n}
	}}
}

// definition reads struct x { … }; union x { … }; or enum x { … }; declarators
// behind it are of no use to a script, and left out.
func (p *parser) definition() {
	if p.accept(";") {
		return
	}
	first := p.peek()
	typedef := p.accept("typedef")
	base := p.specifiers()
	for p.peek().kind != end && p.peek().text != ";" {
		name, t := p.declarator(base)
		if typedef && name.kind == word {
			p.d.Types[name.text] = t.get()
		} else if name.kind != word {
			p.fail(p.peek(), "expected a definition%s", found(p.peek()))
		}
		if !p.accept(",") {
			break
		}
	}
	if p.peek().kind != end && !p.accept(";") {
		p.fail(first, "expected struct, union or enum")
	}
}

// words of base types that say how the rest is meant, but not what it is.
var qualifiers = map[string]bool{
	"const": true, "volatile": true, "restrict": true, "__restrict": true, "extern": true, "static": true,
	"inline": true, "register": true, "_Atomic": true, "__user": true, "__kernel": true, "__rcu": true, "__percpu": true,
}

var arithmetic = map[string]bool{
	"char": true, "short": true, "int": true, "long": true, "signed": true, "unsigned": true, "_Bool": true,
	"float": true, "double": true, "__signed__": true,
}

// specifiers reads what a declaration begins with, up to the declarator.
func (p *parser) specifiers() typ {
	words := ""
	var base *typ
	for {
		t := p.peek()
		switch {
		case t.kind != word:
		case qualifiers[t.text]:
			p.next()
			continue
		case t.text == "__attribute__":
			p.attributes(&attributes{})
			continue
		case t.text == "struct" || t.text == "union":
			s := p.structure()
			base = &s
			continue
		case t.text == "enum":
			e := p.enum()
			base = &e
			continue
		case arithmetic[t.text]:
			p.next()
			words += " " + t.text
			continue
		case base == nil && words == "":
			p.next()
			named := p.typeName(t)
			base = &named
			continue
		}
		break
	}
	switch {
	case base != nil:
		return *base
	case words == " _Bool":
		return known(types.Bool{})
	case words != "":
		t, ok := types.CName(words[1:])
		if !ok {
			p.fail(p.peek(), "there is no type '%s'", words[1:])
		}
		return known(t)
	}
	p.fail(p.peek(), "expected a type%s", found(p.peek()))
	return typ{}
}

func (p *parser) typeName(t token) typ {
	if t.text == "void" {
		return known(types.Void{})
	}
	if t.text == "bool" {
		return known(types.Bool{})
	}
	found := p.d.find("", t.text)
	if found == nil {
		c, ok := types.CName(t.text)
		if !ok {
			p.fail(t, "unknown type name '%s'", t.text)
		}
		found = c
	}
	return p.sized(found)
}

// sized gives a type that is complete. The alignment of a struct that was defined
// here is known already: asking its members would resolve them too early.
func (p *parser) sized(t types.Type) typ {
	s, ok := t.(*types.Struct)
	if a := p.d.aligns[s]; ok && a > 0 {
		return typ{get: func() types.Type { return t }, size: t.Size(), align: a}
	}
	return known(t)
}

// declarator reads * name [n] (params) and the like around a base type.
func (p *parser) declarator(base typ) (token, typ) {
	for {
		switch {
		case p.accept("*"):
			base = base.pointer()
			continue
		case p.peek().kind == word && qualifiers[p.peek().text]:
			p.next()
			continue
		case p.peek().text == "__attribute__":
			p.attributes(&attributes{})
			continue
		}
		break
	}
	var name token
	switch {
	case p.peek().kind == word:
		name = p.next()
	case p.peek().text == "(":
		// A pointer to a function or array: all pointers are alike.
		p.next()
		star := p.accept("*")
		if p.peek().kind == word {
			name = p.next()
		}
		var dims []int
		for p.accept("[") {
			dims = append(dims, p.dimension())
		}
		p.expect(")")
		switch {
		case p.accept("("):
			p.balanced("(", ")")
			base = known(types.Pointer{Elem: types.Void{}})
		case star:
			base = p.dimensions(base).pointer()
		}
		for i := len(dims) - 1; i >= 0; i-- {
			base = base.array(dims[i])
		}
		return name, base
	}
	if p.peek().text == "(" {
		p.fail(p.peek(), "functions can not be declared here")
	}
	return name, p.dimensions(base)
}

func (p *parser) dimensions(base typ) typ {
	var dims []int
	for p.accept("[") {
		dims = append(dims, p.dimension())
	}
	for i := len(dims) - 1; i >= 0; i-- {
		base = base.array(dims[i])
	}
	return base
}

func (p *parser) dimension() int {
	if p.accept("]") {
		return 0
	}
	at := p.peek()
	n := p.constant()
	if n < 0 || n > 1<<24 {
		p.fail(at, "the size of an array must be between 0 and %d", 1<<24)
	}
	p.expect("]")
	return int(n)
}

// attributes that change layouts.
type attributes struct {
	packed  bool
	aligned int
}

func (p *parser) attributes(a *attributes) {
	for p.accept("__attribute__") {
		p.expect("(")
		p.expect("(")
		for !p.accept(")") {
			t := p.next()
			switch t.text {
			case "packed", "__packed__":
				a.packed = true
			case "aligned", "__aligned__":
				a.aligned = 16
				if p.accept("(") {
					at := p.peek()
					n := p.constant()
					if n < 1 || n > 4096 || n&(n-1) != 0 {
						p.fail(at, "an alignment is a power of two up to 4096")
					}
					a.aligned = int(n)
					p.expect(")")
				}
			case "":
				p.fail(t, "expected ')' before the end")
			case "(":
				p.balanced("(", ")")
			}
		}
		p.expect(")")
	}
}

// enum reads enum x, enum x { … } or enum { … }.
func (p *parser) enum() typ {
	p.next()
	p.attributes(&attributes{})
	var name token
	if p.peek().kind == word {
		name = p.next()
	}
	if !p.accept("{") {
		if name.kind != word {
			p.fail(p.peek(), "expected the name of an enum%s", found(p.peek()))
		}
		t := p.d.find("enum", name.text)
		if t == nil {
			p.fail(name, "unknown enum '%s'", name.text)
		}
		return known(t)
	}
	e := &types.Enum{Name: name.text, Int: types.Uint32}
	next := int64(0)
	for !p.accept("}") {
		c := p.name("the name of a constant")
		if p.accept("=") {
			next = p.constant()
		}
		e.Values = append(e.Values, types.EnumValue{Name: c.text, Value: next})
		p.d.Enums[c.text] = e
		next++
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	for _, v := range e.Values {
		if v.Value < 0 {
			e.Int.Signed = true
		}
		if v.Value > math.MaxUint32 || v.Value < math.MinInt32 {
			e.Int.Bits = 64
		}
	}
	if e.Int.Signed {
		for _, v := range e.Values {
			if v.Value > math.MaxInt32 {
				e.Int.Bits = 64
			}
		}
	}
	p.attributes(&attributes{})
	if name.text != "" {
		p.d.Types["enum "+name.text] = e
	}
	return known(e)
}
