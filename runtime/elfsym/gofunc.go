package elfsym

import (
	"debug/elf"
	"debug/gosym"
)

// goFunctions reads the functions of a Go program from the table that its own runtime
// needs for tracebacks, which stays when symbols are stripped. A table that can not be
// read is none: it is not what makes a file an ELF file.
func (t *Table) goFunctions(e *elf.File) {
	var text, table *elf.Section
	for _, s := range e.Sections {
		switch s.Name {
		case ".text":
			text = s
		case ".gopclntab", ".data.rel.ro.gopclntab":
			table = s
		}
	}
	if text == nil || table == nil || table.Type == elf.SHT_NOBITS {
		return
	}
	raw, err := table.Data()
	if err != nil || !plausible(raw, e) {
		return
	}
	known, err := gosym.NewTable(nil, gosym.NewLineTable(raw, text.Addr))
	if err != nil {
		return
	}
	for _, f := range known.Funcs {
		if f.Sym == nil || f.Name == "" || f.End <= f.Entry {
			continue
		}
		t.list = append(t.list, entry{
			address: f.Entry, size: uint32(min(f.End-f.Entry, 1<<32-1)),
			table: goStrings, name: uint32(len(t.strings[goStrings])), kind: uint8(elf.STT_FUNC), bind: uint8(elf.STB_LOCAL),
		})
		t.strings[goStrings] = append(append(t.strings[goStrings], f.Name...), 0)
	}
}

// plausible tells whether a table can have as many functions as it says; package gosym
// would ask for memory for any number. Since Go 1.2 the header, of 8 bytes, is followed by
// the number, as large as a pointer; a function takes more than 40 bytes in all.
func plausible(raw []byte, e *elf.File) bool {
	const header, least = 8, 40
	switch {
	case len(raw) < header+8:
		return false
	case raw[header-1] == 4:
		return e.ByteOrder.Uint32(raw[header:]) <= uint32(len(raw)/least)
	}
	return e.ByteOrder.Uint64(raw[header:]) <= uint64(len(raw)/least)
}
