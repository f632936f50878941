package btf

import (
	"fmt"
	"strings"
)

// Declare writes a struct, union or enum as C declares it, with the kernel's own
// names for types; "" when there is none of that name.
func (s *Spec) Declare(kind, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := []int{structKind(kind)}
	if kind == "enum" {
		kinds = []int{kindEnum, kindEnum64}
	}
	k := s.find(name, kinds...)
	if k.blob == nil {
		return ""
	}
	r, _ := k.blob.record(k.id)
	if kind == "enum" {
		return enumBody(r, 0)
	}
	w := cWriter{maxDeclarators}
	return w.structBody(r, 0)
}

// cWriter writes C. It stops after so many declarators: damaged BTF can refer to
// itself without end.
type cWriter struct{ left int }

// Limits that no type of the kernel reaches: declarators in all, and anonymous
// structs and function types within each other.
const (
	maxDeclarators = 10_000
	maxIndent      = 16
)

// declare writes the declaration of name to be of a type.
func declare(b *blob, id uint32, name string) string {
	w := cWriter{maxDeclarators}
	return w.declarator(b, id, name, 0)
}

// declarator writes what declares inner (a name, or a name with stars, brackets
// and parentheses around it) to be of the type, the way C winds types around
// names.
func (w *cWriter) declarator(b *blob, id uint32, inner string, indent int) string {
	if w.left--; w.left < 0 {
		return inner
	}
	for range maxChain {
		r, ok := b.record(id)
		if !ok {
			return join("void", inner)
		}
		b = r.blob
		next, _ := b.record(r.typeID())
		switch r.kind() {
		case kindPtr:
			inner = "*" + inner
			if n := skipTags(next); n.raw != nil && (n.kind() == kindArray || n.kind() == kindFuncProto) {
				inner = "(" + inner + ")"
			}
		case kindArray:
			inner += fmt.Sprintf("[%d]", r.word(2))
			id = r.word(0)
			continue
		case kindConst, kindVolatile, kindRestrict:
			word := map[int]string{kindConst: "const", kindVolatile: "volatile", kindRestrict: "restrict"}[r.kind()]
			if next.raw == nil || next.kind() != kindPtr {
				return word + " " + w.declarator(b, r.typeID(), inner, indent)
			}
			inner = join(word, inner)
		case kindTypeTag:
			if r.name() == "user" {
				return w.declarator(b, r.typeID(), join("__user", inner), indent)
			}
		case kindFuncProto:
			inner += "(" + strings.Join(w.parameters(r, indent), ", ") + ")"
		case kindStruct, kindUnion:
			if r.name() == "" {
				return join(w.structBody(r, indent), inner)
			}
			return join(structWord(r.kind() == kindUnion)+" "+r.name(), inner)
		case kindFwd:
			return join(structWord(r.flag())+" "+r.name(), inner)
		case kindEnum, kindEnum64:
			if r.name() == "" {
				return join(enumBody(r, indent), inner)
			}
			return join("enum "+r.name(), inner)
		default:
			return join(r.name(), inner)
		}
		id = r.typeID()
	}
	return inner
}

func skipTags(r record) record {
	for n := 0; n < maxChain && r.raw != nil && r.kind() == kindTypeTag; n++ {
		r, _ = r.blob.record(r.typeID())
	}
	return r
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

func (w *cWriter) parameters(r record, indent int) []string {
	var list []string
	if indent > maxIndent {
		return list
	}
	for i := range r.vlen() {
		name, id := r.word(2*i), r.word(2*i+1)
		if id == 0 {
			list = append(list, "...")
			continue
		}
		list = append(list, w.declarator(r.blob, id, r.blob.string(name), indent+1))
	}
	if len(list) == 0 {
		list = append(list, "void")
	}
	return list
}

func (w *cWriter) structBody(r record, indent int) string {
	var out strings.Builder
	out.WriteString(join(structWord(r.kind() == kindUnion), r.name()) + " {\n")
	for i := range r.vlen() {
		if w.left <= 0 || indent > maxIndent {
			break
		}
		name, id, offset := r.blob.string(r.word(3*i)), r.word(3*i+1), r.word(3*i+2)
		out.WriteString(strings.Repeat("\t", indent+1) + w.declarator(r.blob, id, name, indent+1))
		if r.flag() && offset>>24 > 0 {
			fmt.Fprintf(&out, ": %d", offset>>24)
		}
		out.WriteString(";\n")
	}
	out.WriteString(strings.Repeat("\t", indent) + "}")
	return out.String()
}

func enumBody(r record, indent int) string {
	var out strings.Builder
	out.WriteString(join("enum", r.name()) + " {\n")
	for _, v := range enumType(r).Values {
		fmt.Fprintf(&out, "%s%s = %d,\n", strings.Repeat("\t", indent+1), v.Name, v.Value)
	}
	out.WriteString(strings.Repeat("\t", indent) + "}")
	return out.String()
}
