package btf

import (
	"strconv"

	"sonde/lang/types"
)

// nesting is what is known of the structs that a struct contains by value.
type nesting uint8

const (
	unknown nesting = iota
	visiting
	finite
	infinite
)

// finite tells that the struct does not contain itself, which only damaged BTF
// says; asking such a type for its alignment would never end.
func (s *Spec) finite(k key, r record) bool {
	switch s.nesting[k] {
	case finite:
		return true
	case visiting, infinite:
		return false
	}
	s.nesting[k] = visiting
	for i := range r.vlen() {
		inner, m, ok := value(r.blob, r.word(3*i+1))
		if ok && (m.kind() == kindStruct || m.kind() == kindUnion) && !s.finite(inner, m) {
			s.nesting[k] = infinite
			return false
		}
	}
	s.nesting[k] = finite
	return true
}

// value strips typedefs, qualifiers and array dimensions.
func value(b *blob, id uint32) (key, record, bool) {
	for range maxChain {
		r, ok := b.record(id)
		switch {
		case !ok:
			return key{}, record{}, false
		case isModifier(r.kind()):
			id = r.typeID()
		case r.kind() == kindArray:
			id = r.word(0)
		default:
			return key{r.blob, id}, r, true
		}
		b = r.blob
	}
	return key{}, record{}, false
}

// fields lists the members of a struct or union.
func (s *Spec) fields(k key, r record) []types.Field {
	if !s.finite(k, r) {
		return nil
	}
	list := make([]types.Field, 0, r.vlen())
	for i := range r.vlen() {
		name, id, offset := r.word(3*i), r.word(3*i+1), int(r.word(3*i+2))
		f := types.Field{Name: r.blob.string(name), Type: s.resolve(r.blob, id)}
		bits := 0
		if r.flag() {
			offset, bits = offset&0xffffff, offset>>24
		} else if _, m, ok := value(r.blob, id); ok && m.kind() == kindInt {
			// Before clang 7 and pahole 1.13, the base type had the width.
			if w := m.word(0); int(w&0xff) != m.size()*8 {
				offset, bits = offset+int(w>>16&0xff), int(w&0xff)
			}
		}
		f.Offset = offset / 8
		if bits > 0 && !bitField(&f, offset, bits, r.size()) {
			continue
		}
		if f.Name == "" {
			if f.Anonymous = isStruct(f.Type); !f.Anonymous {
				continue // padding
			}
		}
		list = append(list, f)
	}
	return list
}

func isStruct(t types.Type) bool {
	_, ok := t.(*types.Struct)
	return ok
}

// bitField locates a bit field in a storage unit that can be loaded: the one of
// its declared type when the field lies within one (C's rule), else the smallest
// that begins at the field's first byte (packed structs). False when there is no
// such unit.
func bitField(f *types.Field, offset, bits, structSize int) bool {
	t, ok := types.AsInt(f.Type)
	if !ok || bits > 64 {
		return false
	}
	f.BitSize = bits
	unit := offset / t.Bits * t.Bits
	if offset+bits <= unit+t.Bits && unit/8+t.Size() <= structSize {
		f.Offset, f.BitOffset = unit/8, offset-unit
		return true
	}
	f.Offset, f.BitOffset = offset/8, offset%8
	for size := 8; size <= 64; size *= 2 {
		if f.BitOffset+bits <= size {
			f.Type = types.Int{Bits: size, Signed: t.Signed}
			return f.Offset+size/8 <= structSize
		}
	}
	return false
}

// The kernel's names for what belongs to a raw tracepoint: a typedef whose id the
// program is bound to, and functions that have the parameters' names, which the
// typedef has not.
const rawTracepointPrefix = "btf_trace_"

var rawTracepointFuncs = []string{"__probestub_", "__traceiter_"}

// RawTracepoint implements types.BTF.
func (s *Spec) RawTracepoint(name string) (fn *types.Func, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each(func(b *blob) bool {
		id := b.find(rawTracepointPrefix+name, kindTypedef)
		if id == 0 {
			return false
		}
		typedef, _ := b.record(id)
		proto := typedef.typeID()
		if ptr, ok := b.record(proto); ok && ptr.kind() == kindPtr {
			proto = ptr.typeID()
		}
		for _, prefix := range rawTracepointFuncs {
			if f := b.find(prefix+name, kindFunc); f != 0 {
				r, _ := b.record(f)
				proto = r.typeID()
				break
			}
		}
		fn = &types.Func{Name: name, Module: b.module, ID: id, Result: types.Void{}}
		fn.Params, ok = s.params(b, proto, 1)
		return ok
	})
	return fn, ok
}

// Func implements types.BTF.
func (s *Spec) Func(module, name string) (fn *types.Func, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := func(b *blob) bool {
		id := b.findFunc(name)
		if id == 0 {
			return false
		}
		fn, ok = s.function(b, id)
		return ok
	}
	if module == "" {
		s.each(in)
	} else if b := s.module(module); b != nil {
		in(b)
	}
	if !ok {
		return nil, false
	}
	return fn, true
}

// FuncByID gives a function by its BTF id in the kernel proper, or the program.
func (s *Spec) FuncByID(id uint32) (*types.Func, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.function(s.base, id)
}

func (s *Spec) function(b *blob, id uint32) (fn *types.Func, ok bool) {
	r, ok := b.record(id)
	if !ok || r.kind() != kindFunc {
		return nil, false
	}
	fn = &types.Func{Name: r.name(), Module: b.module, ID: id}
	if fn.Params, ok = s.params(b, r.typeID(), 0); !ok {
		return nil, false
	}
	proto, _ := b.record(r.typeID())
	fn.Result = s.resolve(b, proto.typeID())
	n := proto.vlen()
	fn.Variadic = n > 0 && proto.word(2*n-1) == 0
	return fn, true
}

// params lists the parameters of a function prototype but for the first skip, in
// slots of 8 bytes: what a BPF program gets. Those without a name are called by
// their number.
func (s *Spec) params(b *blob, proto uint32, skip int) ([]types.Field, bool) {
	r, ok := b.record(proto)
	if !ok || r.kind() != kindFuncProto {
		return nil, false
	}
	list := make([]types.Field, 0, r.vlen())
	slot := 0
	for i := skip; i < r.vlen(); i++ {
		id := r.word(2*i + 1)
		if id == 0 {
			break // the dots of a variadic function
		}
		f := types.Field{Name: b.string(r.word(2 * i)), Type: s.resolve(b, id), Offset: 8 * slot}
		if f.Name == "" {
			f.Name = "arg" + strconv.Itoa(slot)
		}
		f.Decl = declare(b, id, f.Name)
		list = append(list, f)
		slot += max(1, (f.Type.Size()+7)/8)
	}
	return list, true
}
