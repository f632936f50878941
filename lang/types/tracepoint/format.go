// Package tracepoint reads the format files of tracefs, which describe the
// records that tracepoints write.
//
// Comes in: the text of a format file. Goes out: the record as a struct, and the
// event's id. Guaranteed: sizes and offsets are those in the file; the type
// information is asked only for types that the file names but does not describe.
package tracepoint

import (
	"fmt"
	"strconv"
	"strings"

	"sonde/lang/types"
)

// Format is what a format file says.
type Format struct {
	// Record describes what programs find behind their context pointer, common
	// fields included.
	Record *types.Struct
	// ID is what perf_event_open(2) wants in config.
	ID uint64
}

// dynamic are the ways to say that a field's data lies elsewhere in the record.
var dynamic = []struct {
	prefix   string
	relative bool
}{{"__data_loc ", false}, {"__rel_loc ", true}}

// Parse reads the format file of an event. btf may be nil, and may return nil;
// it is called only when a type must be looked up.
func Parse(category, event, text string, btf func() types.BTF) (*Format, error) {
	p := parser{user: category == "syscalls", btf: btf}
	f := &Format{}
	size := 0
	var fields []types.Field
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if id, ok := strings.CutPrefix(line, "ID:"); ok {
			f.ID, _ = strconv.ParseUint(strings.TrimSpace(id), 10, 64)
			continue
		}
		decl, ok := strings.CutPrefix(line, "field:")
		if !ok {
			continue
		}
		field, end, err := p.field(decl)
		if err != nil {
			return nil, fmt.Errorf("format of tracepoint %s:%s, line %d: %w", category, event, n+1, err)
		}
		fields = append(fields, field)
		size = max(size, end)
	}
	if f.ID == 0 || len(fields) == 0 {
		return nil, fmt.Errorf("format of tracepoint %s:%s: no ID or no fields", category, event)
	}
	f.Record = types.NewStruct("struct", "_tracepoint_"+category+"_"+event, size, func() []types.Field {
		return fields
	})
	return f, nil
}

type parser struct {
	user bool // pointers are those of the caller
	btf  func() types.BTF
}

// field reads one line, from the type on:
//
//	unsigned short common_type;	offset:0;	size:2;	signed:0;
//
// end is the offset of the byte behind the field.
func (p *parser) field(line string) (f types.Field, end int, err error) {
	parts := strings.Split(line, ";")
	attr := map[string]int{}
	for _, part := range parts[1:] {
		key, value, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok {
			continue
		}
		if attr[key], err = strconv.Atoi(value); err != nil || attr[key] < 0 {
			return f, 0, fmt.Errorf("bad number %q in %q", value, line)
		}
	}
	decl := strings.TrimSpace(parts[0])
	f.Decl = decl
	array := false
	if i := strings.IndexByte(decl, '['); i >= 0 {
		// Dynamic arrays have the brackets at the type, the others at the name.
		if j := strings.IndexByte(decl, ']'); j > i {
			decl, array = decl[:i]+decl[j+1:], true
		}
	}
	name := len(decl)
	for name > 0 && isWord(decl[name-1]) {
		name--
	}
	f.Name, f.Offset = decl[name:], attr["offset"]
	if f.Name == "" {
		return f, 0, fmt.Errorf("no name in %q", line)
	}
	// All records begin with these, and the kernel uses their place for something else
	// while programs run (perf_trace_buf_submit, include/trace/perf.h).
	f.Hidden = strings.HasPrefix(f.Name, "common_")
	typ, size, signed := strings.TrimSpace(decl[:name]), attr["size"], attr["signed"] != 0
	for _, d := range dynamic {
		if rest, ok := strings.CutPrefix(typ, d.prefix); ok {
			f.Dynamic, f.Relative = true, d.relative
			f.Type = p.elements(rest, 0)
			return f, f.Offset + size, nil
		}
	}
	if array {
		f.Type = p.elements(typ, size)
	} else {
		f.Type = p.scalar(typ, size, signed)
	}
	return f, f.Offset + size, nil
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// elements gives the array of a type that takes size bytes; char arrays are
// strings. Size 0 means as many as there are.
func (p *parser) elements(typ string, size int) types.Type {
	if typ == "char" {
		return types.String{N: size}
	}
	elem := p.named(typ)
	if elem == nil || elem.Size() == 0 || size%elem.Size() != 0 {
		elem = types.Uint8
	}
	return types.Array{Elem: elem, N: size / elem.Size()}
}

// scalar gives the type of a field that is no array.
func (p *parser) scalar(typ string, size int, signed bool) types.Type {
	if target, ok := strings.CutSuffix(typ, "*"); ok && size == 8 {
		return p.pointer(target)
	}
	t := p.named(typ)
	switch t := t.(type) {
	case types.Int:
		// System call arguments are declared as in C but take 8 bytes each; only
		// the declared width counts, the rest of the register may be junk.
		if t.Size() < size && p.user || t.Size() == size {
			return t
		}
	case nil, types.Void:
	default:
		if t.Size() == size {
			return t
		}
	}
	switch size {
	case 1, 2, 4, 8:
		return types.Int{Bits: size * 8, Signed: signed}
	}
	return types.Array{Elem: types.Uint8, N: size}
}

// userTag is how a kernel built with clang marks user pointers.
const userTag = `__attribute__((btf_type_tag("user")))`

func (p *parser) pointer(target string) types.Type {
	t := types.Pointer{Space: types.Kernel}
	plain := strings.ReplaceAll(target, userTag, "")
	if p.user || plain != target {
		t.Space = types.User
	}
	plain = strings.TrimSpace(plain)
	// A const between two stars belongs to the outer pointer.
	plain = strings.TrimSpace(strings.TrimSuffix(plain, "const"))
	if inner, ok := strings.CutSuffix(plain, "*"); ok {
		t.Elem = p.pointer(inner)
	} else if t.Elem = p.named(plain); t.Elem == nil {
		t.Elem = types.Void{}
	}
	return t
}

// named resolves a type without stars; nil when it is not known.
func (p *parser) named(name string) types.Type {
	if t, ok := types.CName(name); ok {
		return t
	}
	name = strings.TrimSpace(strings.TrimPrefix(name, "const "))
	if p.btf == nil || name == "" {
		return nil
	}
	btf := p.btf()
	if btf == nil {
		return nil
	}
	kind, tag, ok := strings.Cut(name, " ")
	if !ok {
		return btf.Typedef(name)
	}
	tag = strings.TrimSpace(tag)
	switch kind {
	case "struct", "union":
		if t := btf.Struct(kind, tag); t != nil {
			return t
		}
	case "enum":
		if t := btf.Enum(tag); t != nil {
			return t
		}
	}
	return nil
}
