package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// The kinds of BTF types, from include/uapi/linux/btf.h.
const (
	kindInt       = 1
	kindPtr       = 2
	kindArray     = 3
	kindStruct    = 4
	kindUnion     = 5
	kindEnum      = 6
	kindFwd       = 7
	kindTypedef   = 8
	kindVolatile  = 9
	kindConst     = 10
	kindRestrict  = 11
	kindFunc      = 12
	kindFuncProto = 13
	kindVar       = 14
	kindDatasec   = 15
	kindFloat     = 16
	kindDeclTag   = 17
	kindTypeTag   = 18
	kindEnum64    = 19
	numKinds      = 20
)

// What follows a type's 12-byte header: a fixed number of bytes, and so many for
// each of its vlen members.
var trailing = [numKinds]struct{ fixed, each int }{
	kindInt: {4, 0}, kindArray: {12, 0}, kindStruct: {0, 12}, kindUnion: {0, 12},
	kindEnum: {0, 8}, kindFuncProto: {0, 8}, kindVar: {4, 0}, kindDatasec: {0, 12},
	kindDeclTag: {4, 0}, kindEnum64: {0, 12},
}

const (
	magic      = 0xeb9f
	headerSize = 24
	typeHeader = 12
)

func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }

// blob is one BTF object: its bytes, and where to find a type in them. Types and
// strings are numbered after those of base, if there is one.
type blob struct {
	base    *blob
	module  string
	types   []byte
	strings []byte
	// first is the id of the first type; firstString is where strings begins among
	// all strings.
	first       uint32
	firstString uint32
	index       *index
	found       map[sought]uint32
	// asked counts the functions that were looked for; funcs has them all by name,
	// when those were many.
	asked int
	funcs map[string]uint32
}

// parse reads the header of raw and begins to index the types. What the index has
// does not reach beyond the end, so that reads need not check.
func parse(raw []byte, base *blob) (*blob, error) {
	if len(raw) < headerSize {
		return nil, errors.New("BTF: too short for a header")
	}
	switch m := binary.NativeEndian.Uint16(raw); {
	case m == magic:
	case m>>8|m<<8 == magic:
		return nil, errors.New("BTF: made for a machine of the other byte order")
	default:
		return nil, fmt.Errorf("BTF: wrong magic number %#x, want %#x", m, magic)
	}
	if raw[2] != 1 {
		return nil, fmt.Errorf("BTF: version %d is not supported", raw[2])
	}
	section := func(at int) ([]byte, bool) {
		start, n := uint64(u32(raw[at:]))+uint64(u32(raw[4:])), uint64(u32(raw[at+4:]))
		if start+n > uint64(len(raw)) {
			return nil, false
		}
		return raw[start : start+n : start+n], true
	}
	b := &blob{base: base, found: map[sought]uint32{}}
	var ok bool
	if b.types, ok = section(8); !ok {
		return nil, errors.New("BTF: types reach beyond the end")
	}
	if b.strings, ok = section(16); !ok {
		return nil, errors.New("BTF: strings reach beyond the end")
	}
	if n := len(b.strings); n > 0 && b.strings[n-1] != 0 {
		return nil, errors.New("BTF: strings don't end with NUL")
	}
	b.first = 1
	if base != nil {
		b.first, b.firstString = base.end(), base.firstString+uint32(len(base.strings))
	}
	b.index = newIndex(len(b.types))
	go b.index.walk(b.types)
	return b, nil
}

func (r record) nameOffset() uint32 { return u32(r.raw) }
func (r record) kind() int          { return int(u32(r.raw[4:]) >> 24 & 31) }
func (r record) vlen() int          { return int(u32(r.raw[4:]) & 0xffff) }
func (r record) flag() bool         { return u32(r.raw[4:])>>31 != 0 }
func (r record) size() int          { return int(u32(r.raw[8:])) }
func (r record) typeID() uint32     { return u32(r.raw[8:]) }
func (r record) name() string       { return r.blob.string(r.nameOffset()) }

// word gives 32-bit word i of what follows the header.
func (r record) word(i int) uint32 { return u32(r.raw[typeHeader+4*i:]) }

// string gives the string that begins at offset; "" when it is out of range.
func (b *blob) string(offset uint32) string {
	s := b.bytes(offset)
	return string(s)
}

func (b *blob) bytes(offset uint32) []byte {
	for b.base != nil && offset < b.firstString {
		b = b.base
	}
	offset -= b.firstString
	if uint64(offset) >= uint64(len(b.strings)) {
		return nil
	}
	s := b.strings[offset:]
	if i := bytes.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// byFrequency lists the bytes of the kernel's identifiers, the most frequent
// first; those not listed are rarer still.
const byFrequency = "_etrasiconpldfmubgETkvhxARSyIOPNw"

// stringOffsets gives where name stands in the strings of b and its base: types
// of that name have one of those, in practice the first. None means that nothing
// has it. Searching the strings first is what makes one look-up cheap: most types
// are never read. The search looks for the name's rarest byte, three to five times
// as fast as bytes.Index on this text.
func (b *blob) stringOffsets(name string) iter.Seq[uint32] {
	rarest, rank := 0, -1
	for i := range len(name) {
		r := strings.IndexByte(byFrequency, name[i])
		if r < 0 {
			r = len(byFrequency)
		}
		if r > rank {
			rarest, rank = i, r
		}
	}
	return func(yield func(uint32) bool) {
		for b := b; b != nil; b = b.base {
			for at := rarest; at < len(b.strings); at++ {
				i := bytes.IndexByte(b.strings[at:], name[rarest])
				if i < 0 {
					break
				}
				at += i
				start := at - rarest
				if b.isString(start, name) && !yield(b.firstString+uint32(start)) {
					return
				}
			}
		}
	}
}

// isString tells that name is one of the strings of b itself, at that place.
func (b *blob) isString(start int, name string) bool {
	end := start + len(name)
	return (start == 0 || b.strings[start-1] == 0) && end < len(b.strings) && b.strings[end] == 0 &&
		string(b.strings[start:end]) == name
}
