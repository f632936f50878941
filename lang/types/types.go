// Package types holds the types of the language: how each is written, laid out
// in memory, compared, and rendered as text and JSON.
//
// Comes in: BTF (through the BTF interface) and what the checker infers. Goes
// out: types with their layout. Guaranteed: a layout never changes once it was
// handed out, and rendering never reads past the bytes it is given.
//
// The types of the language proper are defined here. A record in stdlib may
// define further ones (stack traces, histograms, addresses printed as symbols):
// whatever implements Type is a type.
package types

import (
	"fmt"
	"strings"
	"sync"
)

// Type is a type of the language.
type Type interface {
	// String is the type as a script would write it.
	String() string
	// Size is its size in memory, in bytes.
	Size() int
	// Align is its natural alignment in bytes: 1, 2, 4 or 8.
	Align() int
}

// Renderer is a type whose values can be shown. Every type that can be printed
// or kept in a map is one.
type Renderer interface {
	Type
	// AppendText appends the value in raw (at least Size bytes) as the text
	// output shows it.
	AppendText(dst, raw []byte, env Env) []byte
	// AppendJSON appends the value in raw as one JSON value.
	AppendJSON(dst, raw []byte, env Env) []byte
	// Compare orders two values as maps are sorted: below zero when a comes
	// first.
	Compare(a, b []byte) int
}

// Aggregate is a type whose map slots are kept per CPU and merged on reading.
type Aggregate interface {
	Renderer
	// Merge folds the slot of one more CPU into dst. A slot that was never
	// written is all zero bytes.
	Merge(dst, src []byte)
}

// Env is what rendering may need of the world: symbols, clocks, names. It is an
// open lookup so that a type defined by a record can ask for a service that the
// runtime offers, without this package knowing either.
type Env interface {
	// Service returns the service registered under the key's type, or nil. Keys
	// are pointers to interface types: env.Service((*Symbols)(nil)).
	Service(key any) any
}

// Space is the address space a pointer points into.
type Space uint8

const (
	// NoSpace: not known; reads pick by the probe's context.
	NoSpace Space = iota
	// Kernel memory.
	Kernel
	// User memory of the current task.
	User
	// BPF memory of our own: the frame, map values.
	BPF
)

type (
	// Void is the type of what has no value.
	Void struct{}
	// Int is an integer of 8, 16, 32 or 64 bits.
	Int struct {
		Bits   int
		Signed bool
	}
	// Bool is one byte, 0 or 1.
	Bool struct{}
	// String is a NUL-terminated string in N bytes, the NUL included.
	String struct{ N int }
	// Buffer is N bytes of data behind a 32-bit length.
	Buffer struct{ N int }
	// Pointer points to Elem, in Space. Elem Void is void*.
	Pointer struct {
		Elem  Type
		Space Space
	}
	// Array is N elements.
	Array struct {
		Elem Type
		N    int
	}
	// Tuple is an immutable sequence, laid out like a C struct.
	Tuple struct{ Elems []Type }
	// Record is a tuple with named elements.
	Record struct {
		Names []string
		Elems []Type
	}
)

// Void types are written as in C.
func (Void) String() string { return "void" }

// Size implements Type.
func (Void) Size() int { return 0 }

// Align implements Type.
func (Void) Align() int { return 1 }

func (t Int) String() string {
	if t.Signed {
		return fmt.Sprintf("int%d", t.Bits)
	}
	return fmt.Sprintf("uint%d", t.Bits)
}

// Size implements Type.
func (t Int) Size() int { return t.Bits / 8 }

// Align implements Type.
func (t Int) Align() int { return t.Bits / 8 }

func (Bool) String() string { return "bool" }

// Size implements Type.
func (Bool) Size() int { return 1 }

// Align implements Type.
func (Bool) Align() int { return 1 }

func (t String) String() string { return fmt.Sprintf("string[%d]", t.N) }

// Size implements Type.
func (t String) Size() int { return t.N }

// Align implements Type.
func (String) Align() int { return 1 }

func (t Buffer) String() string { return fmt.Sprintf("buffer[%d]", t.N) }

// Size implements Type: the length word and the data.
func (t Buffer) Size() int { return 4 + t.N }

// Align implements Type.
func (Buffer) Align() int { return 4 }

func (t Pointer) String() string { return t.Elem.String() + "*" }

// Size implements Type.
func (Pointer) Size() int { return 8 }

// Align implements Type.
func (Pointer) Align() int { return 8 }

func (t Array) String() string { return fmt.Sprintf("%s[%d]", t.Elem, t.N) }

// Size implements Type.
func (t Array) Size() int { return t.Elem.Size() * t.N }

// Align implements Type.
func (t Array) Align() int { return t.Elem.Align() }

func (t *Tuple) String() string {
	parts := make([]string, len(t.Elems))
	for i, e := range t.Elems {
		parts[i] = e.String()
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// Size implements Type. The empty tuple takes a byte, which is zero: the kernel has
// no maps with keys or values of nothing.
func (t *Tuple) Size() int { return max(1, layoutSize(t.Elems)) }

// Align implements Type.
func (t *Tuple) Align() int { return layoutAlign(t.Elems) }

// Offset is where element i lies, in bytes.
func (t *Tuple) Offset(i int) int { return layoutOffset(t.Elems, i) }

func (t *Record) String() string {
	parts := make([]string, len(t.Elems))
	for i, e := range t.Elems {
		parts[i] = t.Names[i] + "=" + e.String()
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// Size implements Type.
func (t *Record) Size() int { return layoutSize(t.Elems) }

// Align implements Type.
func (t *Record) Align() int { return layoutAlign(t.Elems) }

// Offset is where element i lies, in bytes.
func (t *Record) Offset(i int) int { return layoutOffset(t.Elems, i) }

func layoutAlign(elems []Type) int {
	a := 1
	for _, e := range elems {
		a = max(a, e.Align())
	}
	return a
}

func layoutOffset(elems []Type, n int) int {
	off := 0
	for i, e := range elems {
		off = alignUp(off, e.Align())
		if i == n {
			break
		}
		off += e.Size()
	}
	return off
}

func layoutSize(elems []Type) int {
	off := 0
	for _, e := range elems {
		off = alignUp(off, e.Align()) + e.Size()
	}
	return alignUp(off, layoutAlign(elems))
}

func alignUp(n, a int) int { return (n + a - 1) &^ (a - 1) }

// Field is one member of a struct or union.
type Field struct {
	Name string
	Type Type
	// Offset in bytes; of a bit field, of the storage unit that Type describes.
	Offset int
	// BitOffset and BitSize locate a bit field within Type, from the least
	// significant bit; BitSize is 0 for others.
	BitOffset, BitSize int
	// Anonymous members' fields are found by Struct.Field directly.
	Anonymous bool
	// Dynamic: the field holds a __data_loc word (offset in the low, length in
	// the high 16 bits, both in bytes), Type is what lies there: a String or Array
	// with N 0, since the length is in the word.
	Dynamic bool
	// Decl is the declaration as the kernel has it, for people to read: "const char
	// * filename". "" when there is none.
	Decl string
	// Relative, of a Dynamic field: the offset counts from the end of the word
	// (__rel_loc), not from the start of the record.
	Relative bool
	// Hidden: not shown when the whole struct is, since nobody looks for it.
	Hidden bool
}

// Struct is a struct or union, whose members are loaded when first asked for:
// the kernel's types form one large web.
type Struct struct {
	// Kind is "struct" or "union".
	Kind string
	Name string
	// BTFID is the id in the kernel's BTF, 0 when it is not from there.
	BTFID uint32
	size  int
	align func() int
	list  func() []Field
}

// NewStruct makes a struct of size bytes; load gives its members when they are
// first asked for.
func NewStruct(kind, name string, size int, load func() []Field) *Struct {
	t := &Struct{Kind: kind, Name: name, size: size}
	if load == nil {
		load = func() []Field { return nil }
	}
	t.list = sync.OnceValue(load)
	t.align = sync.OnceValue(t.greatestAlign)
	return t
}

func (t *Struct) String() string {
	if t.Name == "" {
		return t.Kind + " <anonymous>"
	}
	return t.Kind + " " + t.Name
}

// Size implements Type.
func (t *Struct) Size() int { return t.size }

// Align implements Type: the greatest alignment of a member.
func (t *Struct) Align() int { return t.align() }

func (t *Struct) greatestAlign() int {
	n := 1
	for _, f := range t.Fields() {
		n = max(n, f.Type.Align())
	}
	return n
}

// Fields lists the members in order of declaration.
func (t *Struct) Fields() []Field { return t.list() }

// Field finds a member by name, also inside anonymous members; the offset is
// then from the start of t.
func (t *Struct) Field(name string) (Field, bool) {
	for _, f := range t.Fields() {
		if f.Name == name && name != "" {
			return f, true
		}
		inner, ok := f.Type.(*Struct)
		if !ok || !f.Anonymous {
			continue
		}
		if g, ok := inner.Field(name); ok {
			g.Offset += f.Offset
			return g, true
		}
	}
	return Field{}, false
}

// Enum is an enumeration: an integer whose values have names.
type Enum struct {
	Name   string
	Int    Int
	Values []EnumValue
}

// EnumValue is one constant of an enumeration.
type EnumValue struct {
	Name  string
	Value int64
}

func (t *Enum) String() string { return "enum " + t.Name }

// Size implements Type.
func (t *Enum) Size() int { return t.Int.Size() }

// Align implements Type.
func (t *Enum) Align() int { return t.Int.Align() }

// The integer types by name.
var (
	Int8   = Int{8, true}
	Int16  = Int{16, true}
	Int32  = Int{32, true}
	Int64  = Int{64, true}
	Uint8  = Int{8, false}
	Uint16 = Int{16, false}
	Uint32 = Int{32, false}
	Uint64 = Int{64, false}
)

// Scalar is implemented by types defined outside this package whose values
// travel in one register: Repr is the integer that they are made of. (A kernel
// symbol is a uint64 that prints as a name.)
type Scalar interface {
	Type
	Repr() Int
}

// AsInt gives the integer that values of t are made of in a register, and
// whether t is such a type at all. What is not (strings, structs, tuples,
// stacks …) lives in memory.
func AsInt(t Type) (Int, bool) {
	switch t := t.(type) {
	case Int:
		return t, true
	case Bool:
		return Uint8, true
	case Pointer:
		return Uint64, true
	case *Enum:
		return t.Int, true
	case Scalar:
		return t.Repr(), true
	}
	return Int{}, false
}

// BTF is a kernel's type information, as far as the checker wants it. All
// results are nil, or false, when there is no such thing.
type BTF interface {
	// Struct finds struct or union (kind) by name.
	Struct(kind, name string) *Struct
	// Enum finds enum name.
	Enum(name string) *Enum
	// EnumConst finds the enum that has a constant of that name.
	EnumConst(name string) (*Enum, int64, bool)
	// Typedef resolves a typedef or base type name (u32, pid_t, size_t).
	Typedef(name string) Type
	// Func gives a kernel function's parameters (offsets count argument slots
	// of 8 bytes) and result, and its BTF id in the object that module names
	// ("" for vmlinux, or any when not found there).
	Func(module, name string) (*Func, bool)
	// RawTracepoint gives the typed arguments of a raw tracepoint, from the
	// typedef btf_trace_NAME, without the leading void*.
	RawTracepoint(name string) (*Func, bool)
	// Names lists names of a kind ("struct", "union", "enum", "func",
	// "rawtracepoint"), sorted, for completion and suggestions.
	Names(kind string) []string
}

// Declarer is implemented by type information that can show types as C declares
// them.
type Declarer interface {
	// Declare gives the text of a struct, union or enum (kind), without a final
	// semicolon; "" when there is none of that name.
	Declare(kind, name string) string
}

// Func is the prototype of a kernel function or raw tracepoint.
type Func struct {
	Name   string
	Module string
	ID     uint32 // BTF id to attach to
	Params []Field
	// Variadic: there are more arguments than Params.
	Variadic bool
	Result   Type
}
