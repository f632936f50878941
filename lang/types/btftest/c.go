package btftest

import "github.com/cilium/ebpf/btf"

// Short forms for building C types.

func integer(name string, size uint32, e btf.IntEncoding) *btf.Int {
	return &btf.Int{Name: name, Size: size, Encoding: e}
}

func ptr(t btf.Type) *btf.Pointer { return &btf.Pointer{Target: t} }

func typedef(name string, t btf.Type) *btf.Typedef { return &btf.Typedef{Name: name, Type: t} }

func array(t btf.Type, n uint32) *btf.Array {
	return &btf.Array{Index: integer("__ARRAY_SIZE_TYPE__", 4, btf.Unsigned), Type: t, Nelems: n}
}

// member is a member before layout; bits is the width of a bit field, or 0.
type member struct {
	name string
	typ  btf.Type
	bits btf.Bits
}

func m(name string, t btf.Type) member { return member{name, t, 0} }

func bits(name string, t btf.Type, n btf.Bits) member { return member{name, t, n} }

// define lays out s as C does. It takes the struct instead of making it, for types that refer to
// themselves.
func define(s *btf.Struct, list ...member) *btf.Struct {
	var at btf.Bits
	maxAlign := 1
	for _, f := range list {
		size, align := sizeof(f.typ), alignof(f.typ)
		maxAlign = max(maxAlign, align)
		unit := btf.Bits(size * 8)
		if f.bits == 0 {
			at = roundUp(at, btf.Bits(align*8))
			s.Members = append(s.Members, btf.Member{Name: f.name, Type: f.typ, Offset: at})
			at += unit
			continue
		}
		if at/unit != (at+f.bits-1)/unit {
			at = roundUp(at, unit)
		}
		s.Members = append(s.Members, btf.Member{Name: f.name, Type: f.typ, Offset: at, BitfieldSize: f.bits})
		at += f.bits
	}
	s.Size = uint32(roundUp(at, btf.Bits(maxAlign*8)) / 8)
	return s
}

func structure(name string, list ...member) *btf.Struct {
	return define(&btf.Struct{Name: name}, list...)
}

func union(name string, list ...member) *btf.Union {
	u := &btf.Union{Name: name}
	align := 1
	for _, f := range list {
		u.Members = append(u.Members, btf.Member{Name: f.name, Type: f.typ, BitfieldSize: f.bits})
		u.Size = max(u.Size, uint32(sizeof(f.typ)))
		align = max(align, alignof(f.typ))
	}
	u.Size = uint32(roundUp(btf.Bits(u.Size), btf.Bits(align)))
	return u
}

func roundUp(n, to btf.Bits) btf.Bits { return (n + to - 1) / to * to }

func sizeof(t btf.Type) int {
	n, err := btf.Sizeof(t)
	if err != nil {
		panic(err)
	}
	return n
}

func alignof(t btf.Type) int {
	align := 1
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Array:
		return alignof(t.Type)
	case *btf.Struct:
		for _, f := range t.Members {
			align = max(align, alignof(f.Type))
		}
		return align
	case *btf.Union:
		for _, f := range t.Members {
			align = max(align, alignof(f.Type))
		}
		return align
	default:
		return sizeof(t)
	}
}

// enum numbers the names from 0.
func enum(name string, names ...string) *btf.Enum {
	e := &btf.Enum{Name: name, Size: 4}
	for i, n := range names {
		e.Values = append(e.Values, btf.EnumValue{Name: n, Value: uint64(i)})
	}
	return e
}

func params(list []member) []btf.FuncParam {
	var ps []btf.FuncParam
	for _, p := range list {
		ps = append(ps, btf.FuncParam{Name: p.name, Type: p.typ})
	}
	return ps
}

func function(name string, result btf.Type, list ...member) *btf.Func {
	return &btf.Func{Name: name, Type: &btf.FuncProto{Return: result, Params: params(list)}, Linkage: btf.StaticFunc}
}

// rawTracepoint gives the types that the kernel's macros leave behind: the
// typedef, whose parameters have no names, and the iterator function.
func rawTracepoint(name string, list ...member) []btf.Type {
	list = append([]member{m("__data", ptr(&btf.Void{}))}, list...)
	proto := &btf.FuncProto{Return: &btf.Void{}, Params: params(list)}
	for i := range proto.Params {
		proto.Params[i].Name = ""
	}
	return []btf.Type{
		typedef("btf_trace_"+name, ptr(proto)),
		function("__traceiter_"+name, integer("int", 4, btf.Signed), list...),
	}
}
