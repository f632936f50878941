package btf

import (
	"sonde/lang/types"
)

// maxChain bounds how many modifiers, pointers and array dimensions are followed
// from one type to the next. C code has a few; a loop in damaged BTF ends here.
const maxChain = 64

// resolve gives the type with that id, as the language sees it: typedefs and
// qualifiers stripped, character arrays as strings.
func (s *Spec) resolve(b *blob, id uint32) types.Type {
	return s.chain(b, id, "", 0)
}

// chain is resolve within a chain of types that refer to each other. alias is the
// typedef that led here directly: the name of a struct that has no other.
func (s *Spec) chain(b *blob, id uint32, alias string, depth int) types.Type {
	r, ok := b.record(id)
	if !ok || depth > maxChain {
		return types.Void{}
	}
	k := key{r.blob, id}
	if t, ok := s.types[k]; ok {
		return t
	}
	var t types.Type
	switch r.kind() {
	case kindTypedef:
		t = s.chain(r.blob, r.typeID(), r.name(), depth+1)
	case kindConst, kindVolatile, kindRestrict, kindTypeTag:
		t = s.chain(r.blob, r.typeID(), alias, depth+1)
	case kindInt:
		t = intType(r)
	case kindFloat:
		t = types.Array{Elem: types.Uint8, N: r.size()}
		if n := r.size(); n == 4 || n == 8 {
			t = types.Float{Bits: 8 * n}
		}
	case kindPtr:
		t = s.pointer(r, depth)
	case kindArray:
		t = s.array(r, depth)
	case kindStruct, kindUnion:
		t = s.structure(k, r, alias)
	case kindFwd:
		t = s.forward(r)
	case kindEnum, kindEnum64:
		t = enumType(r)
	default:
		// Functions and what only describes others: nothing that has a value.
		return types.Void{}
	}
	s.types[k] = t
	return t
}

// intType: what is wider than 64 bits is an array of words.
func intType(r record) types.Type {
	encoding := r.word(0) >> 24
	const signed, boolean = 1, 4
	switch size := r.size(); {
	case encoding&boolean != 0 && size == 1:
		return types.Bool{}
	case size == 1 || size == 2 || size == 4 || size == 8:
		return types.Int{Bits: size * 8, Signed: encoding&signed != 0}
	case size%8 == 0:
		return types.Array{Elem: types.Uint64, N: size / 8}
	default:
		return types.Array{Elem: types.Uint8, N: size}
	}
}

// pointer: the kernel marks pointers to user memory with the type tag "user".
func (s *Spec) pointer(r record, depth int) types.Type {
	space := types.Kernel
	for id, n := r.typeID(), 0; n < maxChain; n++ {
		e, ok := r.blob.record(id)
		if !ok || !isModifier(e.kind()) || e.kind() == kindTypedef {
			break
		}
		if e.kind() == kindTypeTag && e.name() == "user" {
			space = types.User
		}
		id = e.typeID()
	}
	return types.Pointer{Elem: s.chain(r.blob, r.typeID(), "", depth+1), Space: space}
}

func isModifier(kind int) bool {
	switch kind {
	case kindTypedef, kindConst, kindVolatile, kindRestrict, kindTypeTag:
		return true
	}
	return false
}

// array: bytes are shown as strings, whatever their sign. (A flexible array has
// no bytes and stays an array, for its address.)
func (s *Spec) array(r record, depth int) types.Type {
	elem, n := s.chain(r.blob, r.word(0), "", depth+1), int(r.word(2))
	if i, ok := elem.(types.Int); ok && i.Bits == 8 && n > 0 {
		return types.String{N: n}
	}
	return types.Array{Elem: elem, N: n}
}

func (s *Spec) structure(k key, r record, alias string) *types.Struct {
	name := r.name()
	if name == "" {
		name = alias
	}
	t := types.NewStruct(structWord(r.kind() == kindUnion), name, r.size(), func() []types.Field {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.fields(k, r)
	})
	if k.blob == s.base && !s.foreign {
		t.BTFID = k.id
	}
	return t
}

func structWord(union bool) string {
	if union {
		return "union"
	}
	return "struct"
}

// forward finds the definition of a struct that was only declared where it is
// used; without one it has no members.
func (s *Spec) forward(r record) types.Type {
	kind := kindStruct
	if r.flag() {
		kind = kindUnion
	}
	for b := r.blob; b != nil; b = b.base {
		if id := b.find(r.name(), kind); id != 0 {
			return s.resolve(b, id)
		}
	}
	return types.NewStruct(structWord(r.flag()), r.name(), 0, nil)
}

func enumType(r record) *types.Enum {
	bits := r.size() * 8
	if bits != 8 && bits != 16 && bits != 64 {
		bits = 32
	}
	t := &types.Enum{Name: r.name(), Int: types.Int{Bits: bits, Signed: r.flag()}}
	step := trailing[r.kind()].each / 4
	t.Values = make([]types.EnumValue, r.vlen())
	for i := range t.Values {
		v := uint64(r.word(i*step + 1))
		if step == 3 {
			v |= uint64(r.word(i*step+2)) << 32
		}
		t.Values[i] = types.EnumValue{
			Name:  r.blob.string(r.word(i * step)),
			Value: t.Int.Extend(v),
		}
	}
	return t
}
