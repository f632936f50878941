package elfsym

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"slices"
	"sort"
)

// Table is a list of symbols sorted by address. Names stay in the file's string
// tables: a symbol costs 24 bytes.
type Table struct {
	list    []entry
	strings [3][]byte // of .symtab, of .dynsym, and the Go runtime's names
}

// goStrings is the index in Table.strings of what the Go runtime knows.
const goStrings = 2

type entry struct {
	address uint64
	size    uint32
	name    uint32 // offset in strings
	table   uint8  // index in Table.strings
	kind    uint8  // elf.SymType
	bind    uint8  // elf.SymBind
}

// Symbol is a function or datum. Address is as linked.
type Symbol struct {
	Name    string
	Address uint64
	Size    uint64
	Func    bool
}

// read collects the defined functions and data of .symtab and .dynsym, and the
// functions of Go programs that have no .symtab.
func (t *Table) read(e *elf.File) error {
	for i, kind := range []elf.SectionType{elf.SHT_SYMTAB, elf.SHT_DYNSYM} {
		s := e.SectionByType(kind)
		if s == nil {
			continue
		}
		if s.Type == elf.SHT_NOBITS || int(s.Link) >= len(e.Sections) {
			return errors.New("symbol table without strings")
		}
		raw, err := s.Data()
		if err != nil {
			return err
		}
		if t.strings[i], err = e.Sections[s.Link].Data(); err != nil {
			return err
		}
		t.add(e, uint8(i), raw)
	}
	if e.SectionByType(elf.SHT_SYMTAB) == nil {
		t.goFunctions(e)
	}
	slices.SortFunc(t.list, func(a, b entry) int {
		return cmp.Or(
			cmp.Compare(a.address, b.address),
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(underscores(t.name(a)), underscores(t.name(b))),
			cmp.Compare(a.table, b.table),
			cmp.Compare(a.name, b.name))
	})
	// The dynamic symbols usually stand in .symtab too.
	t.list = slices.Clip(slices.CompactFunc(t.list, func(a, b entry) bool {
		return a.address == b.address && bytes.Equal(t.name(a), t.name(b))
	}))
	return nil
}

// add decodes the symbols of a table; layouts of 16 and 24 bytes are those of 32
// and 64 bits.
func (t *Table) add(e *elf.File, table uint8, raw []byte) {
	size := 24
	if e.Class == elf.ELFCLASS32 {
		size = 16
	}
	order := e.ByteOrder
	for ; len(raw) >= size; raw = raw[size:] {
		s := entry{name: order.Uint32(raw), table: table}
		var info uint8
		var section uint16
		var length uint64
		if size == 24 {
			info, section = raw[4], order.Uint16(raw[6:])
			s.address, length = order.Uint64(raw[8:]), order.Uint64(raw[16:])
		} else {
			info, section = raw[12], order.Uint16(raw[14:])
			s.address, length = uint64(order.Uint32(raw[4:])), uint64(order.Uint32(raw[8:]))
		}
		s.size = uint32(min(length, 1<<32-1))
		s.kind, s.bind = info&15, info>>4
		switch elf.SymType(s.kind) {
		case elf.STT_FUNC, elf.STT_GNU_IFUNC, elf.STT_OBJECT:
		default:
			continue
		}
		if section == uint16(elf.SHN_UNDEF) || uint64(s.name) >= uint64(len(t.strings[table])) {
			continue
		}
		if len(t.name(s)) > 0 {
			t.list = append(t.list, s)
		}
	}
}

func (t *Table) name(s entry) []byte {
	name := t.strings[s.table][s.name:]
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	// Versions are for the linker: memcpy@@GLIBC_2.14.
	if i := bytes.IndexByte(name, '@'); i > 0 {
		name = name[:i]
	}
	return name
}

// rank orders the names of one address: global before weak before local, as
// people know them.
func rank(s entry) int {
	switch elf.SymBind(s.bind) {
	case elf.STB_GLOBAL:
		return 0
	case elf.STB_WEAK:
		return 1
	}
	return 2
}

// underscores counts those that a name begins with: people know malloc, not
// __libc_malloc.
func underscores(name []byte) int { return len(name) - len(bytes.TrimLeft(name, "_")) }

// Len is how many symbols there are.
func (t *Table) Len() int { return len(t.list) }

// At gives symbol i, in order of addresses.
func (t *Table) At(i int) Symbol {
	s := t.list[i]
	return Symbol{
		Name: string(t.name(s)), Address: s.address, Size: uint64(s.size),
		Func: elf.SymType(s.kind) != elf.STT_OBJECT,
	}
}

// reach is how far symbol i extends, bytes. One without a size (hand-written
// assembly) reaches to the next.
func (t *Table) reach(i int) uint64 {
	s := t.list[i]
	if s.size > 0 {
		return uint64(s.size)
	}
	for _, next := range t.list[i+1:] {
		if next.address > s.address {
			return next.address - s.address
		}
	}
	return 0
}

// Lookup finds the function that covers an address as linked.
func (t *Table) Lookup(address uint64) (Symbol, bool) {
	end := sort.Search(len(t.list), func(i int) bool { return t.list[i].address > address })
	// The nearest start below may belong to a datum or an inner label; look back
	// a little for a function that covers the address.
	const lookBack = 16
	for i := end - 1; i >= max(0, end-lookBack); i-- {
		s := t.list[i]
		if elf.SymType(s.kind) == elf.STT_OBJECT {
			continue
		}
		if address-s.address >= t.reach(i) {
			continue
		}
		for i > 0 && t.list[i-1].address == s.address && t.list[i-1].kind == s.kind && t.list[i-1].size == s.size {
			i-- // the first in rank
		}
		return t.At(i), true
	}
	return Symbol{}, false
}
