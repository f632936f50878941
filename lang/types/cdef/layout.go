package cdef

import "sonde/lang/types"

// member is a member of a struct before its type is resolved.
type member struct {
	name      string
	typ       typ
	offset    int
	bitOffset int
	bits      int
	anonymous bool
	// unit is the integer that holds a bit field, where it is not the declared
	// type.
	unit types.Type
}

// layout places members one after the other.
type layout struct {
	union  bool
	packed bool
	align  int
	// pos is the next free bit.
	pos     int
	size    int // bytes, of a union
	members []member
}

// structure reads struct x, struct x { … } or struct { … }.
func (p *parser) structure() typ {
	kind := p.next().text
	var attrs attributes
	p.attributes(&attrs)
	var name token
	if p.peek().kind == word {
		name = p.next()
	}
	p.attributes(&attrs)
	if !p.accept("{") {
		if name.kind != word {
			p.fail(p.peek(), "expected the name of a %s%s", kind, found(p.peek()))
		}
		return p.reference(kind, name)
	}
	l := &layout{union: kind == "union", packed: attrs.packed || p.packedLater(), align: 1}
	for !p.accept("}") {
		p.members(l)
	}
	p.attributes(&attrs)
	if attrs.aligned > l.align {
		l.align = attrs.aligned
	}
	size := l.size
	if !l.union {
		size = (l.pos + 7) / 8
	}
	size = (size + l.align - 1) &^ (l.align - 1)
	s := types.NewStruct(kind, name.text, size, func() []types.Field { return l.fields() })
	p.d.aligns[s] = l.align
	if name.text != "" {
		p.d.Types[kind+" "+name.text] = s
	}
	return p.sized(s)
}

// packedLater looks for a packed attribute behind the body that begins here: it
// changes how the body is read.
func (p *parser) packedLater() bool {
	depth := 1
	for i, t := range p.toks {
		if t.kind != sign {
			continue
		}
		if t.text == "{" {
			depth++
		} else if t.text == "}" {
			if depth--; depth == 0 {
				q := &parser{d: p.d, toks: p.toks[i+1:], text: p.text}
				var a attributes
				q.attributes(&a)
				return a.packed
			}
		}
	}
	return false
}

// reference names a struct that is defined here or elsewhere, before or after;
// only a pointer to it may come before its definition.
func (p *parser) reference(kind string, name token) typ {
	if t := p.d.find(kind, name.text); t != nil {
		return p.sized(t)
	}
	opaque := types.NewStruct(kind, name.text, 0, nil)
	d := p.d
	return typ{align: 1, get: func() types.Type {
		if t := d.find(kind, name.text); t != nil {
			return t
		}
		return opaque
	}}
}

// members reads one line of a body: a type and its declarators.
func (p *parser) members(l *layout) {
	if p.accept(";") {
		return
	}
	at := p.peek()
	base := p.specifiers()
	if p.accept(";") {
		s, ok := base.get().(*types.Struct)
		if ok && s.Name == "" {
			l.add(member{typ: base, anonymous: true}, attributes{})
		}
		return
	}
	for {
		m := member{typ: base}
		if p.peek().text != ":" {
			var name token
			name, m.typ = p.declarator(base)
			m.name = name.text
		}
		var attrs attributes
		if p.accept(":") {
			width := p.peek()
			n := p.constant()
			if m.typ.bits == 0 || n < 0 || int(n) > m.typ.bits || n == 0 && m.name != "" {
				p.fail(width, "a bit field has between 1 bit and as many as its integer type")
			}
			p.attributes(&attrs)
			l.addBits(m, int(n), attrs)
		} else {
			p.attributes(&attrs)
			if m.typ.size == 0 && m.name == "" {
				p.fail(at, "expected the name of a member%s", found(p.peek()))
			}
			if s, ok := m.typ.get().(*types.Struct); ok && p.d.aligns[s] == 0 && s.Size() == 0 {
				p.fail(at, "the type %s is not complete here", s)
			}
			l.add(m, attrs)
		}
		if !p.accept(",") {
			break
		}
	}
	// Compilers forgive a missing semicolon at the end.
	if p.peek().text != "}" {
		p.expect(";")
	}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// alignOf is the alignment of a member.
func (l *layout) alignOf(t typ, a attributes) int {
	align := max(t.align, 1)
	if l.packed || a.packed {
		align = 1
	}
	return max(align, a.aligned)
}

func (l *layout) add(m member, a attributes) {
	align := l.alignOf(m.typ, a)
	l.align = max(l.align, align)
	if l.union {
		l.size = max(l.size, m.typ.size)
	} else {
		m.offset = roundUp((l.pos+7)/8, align)
		l.pos = (m.offset + m.typ.size) * 8
	}
	l.members = append(l.members, m)
}

// addBits places a bit field: within one unit of its type, unless packed.
func (l *layout) addBits(m member, width int, a attributes) {
	unit := m.typ.size * 8
	packed := l.packed || a.packed
	if width == 0 {
		l.pos = roundUp(l.pos, unit)
		return
	}
	if m.name != "" {
		l.align = max(l.align, l.alignOf(m.typ, a))
	}
	pos := l.pos
	if l.union {
		pos = 0
	}
	if a.aligned > 0 {
		pos = roundUp(pos, a.aligned*8)
	}
	if !packed && pos/unit != (pos+width-1)/unit {
		pos = roundUp(pos, unit)
	}
	m.bits = width
	m.offset, m.bitOffset = pos/unit*m.typ.size, pos%unit
	if m.bitOffset+width > unit {
		// Packed over the end of a unit: read it from the byte that it begins in.
		m.offset, m.bitOffset = pos/8, pos%8
		bits := 8
		for bits < m.bitOffset+width {
			bits *= 2
		}
		m.unit = types.Int{Bits: min(bits, 64), Signed: m.typ.signed}
	}
	if l.union {
		l.size = max(l.size, (width+7)/8)
	} else {
		l.pos = pos + width
	}
	if m.name != "" {
		l.members = append(l.members, m)
	}
}

// fields resolves the members' types.
func (l *layout) fields() []types.Field {
	out := make([]types.Field, len(l.members))
	for i, m := range l.members {
		t := m.unit
		if t == nil {
			t = m.typ.get()
		}
		out[i] = types.Field{Name: m.name, Type: t, Offset: m.offset, BitOffset: m.bitOffset, BitSize: m.bits, Anonymous: m.anonymous}
	}
	return out
}
