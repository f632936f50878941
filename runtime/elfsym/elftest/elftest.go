// Package elftest makes small ELF files for tests.
package elftest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"maps"
	"slices"
)

// File describes a 64-bit ELF file. Its one segment lies at Offset in the file and
// at Address when loaded, and is 4096 bytes long.
type File struct {
	PIE             bool
	Offset, Address uint64
	BuildID         []byte
	// Symtab and Dynsym are the symbol tables; nil leaves them out.
	Symtab, Dynsym []Symbol
	// Code is what of the address space is code, in a section without contents.
	Code Range
	// Debug are sections of debugging information, by name.
	Debug map[string][]byte
}

// Range is a part of the address space.
type Range struct{ Address, Size uint64 }

// Symbol is an entry of a symbol table.
type Symbol struct {
	Name    string
	Address uint64
	Size    uint64
	Type    elf.SymType
	Bind    elf.SymBind
	// Undefined: in another file.
	Undefined bool
}

// Func is a global function.
func Func(name string, address, size uint64) Symbol {
	return Symbol{Name: name, Address: address, Size: size, Type: elf.STT_FUNC, Bind: elf.STB_GLOBAL}
}

// Bytes gives the file, in the machine's byte order.
func (f *File) Bytes() []byte {
	order := binary.NativeEndian
	var w writer
	w.order = order
	w.sections = []elf.Section64{{}}
	w.names.WriteByte(0)
	w.body.Write(make([]byte, 64+56)) // header and one program header
	if f.BuildID != nil {
		note := order.AppendUint32(nil, 4)
		note = order.AppendUint32(note, uint32(len(f.BuildID)))
		note = order.AppendUint32(note, 3)
		note = append(append(note, "GNU\x00"...), f.BuildID...)
		w.section(".note.gnu.build-id", elf.SHT_NOTE, note, 0)
	}
	if f.Symtab != nil {
		w.symbols(".symtab", ".strtab", elf.SHT_SYMTAB, f.Symtab)
	}
	if f.Dynsym != nil {
		w.symbols(".dynsym", ".dynstr", elf.SHT_DYNSYM, f.Dynsym)
	}
	if f.Code.Size > 0 {
		code := &w.sections[w.section(".text", elf.SHT_NOBITS, nil, 0)]
		code.Flags = uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR)
		code.Addr, code.Size = f.Code.Address, f.Code.Size
	}
	for _, name := range slices.Sorted(maps.Keys(f.Debug)) {
		w.section(name, elf.SHT_PROGBITS, f.Debug[name], 0)
	}
	w.section(".shstrtab", elf.SHT_STRTAB, nil, 0)
	last := len(w.sections) - 1
	w.sections[last].Off = uint64(w.body.Len())
	w.sections[last].Size = uint64(w.names.Len())
	w.body.Write(w.names.Bytes())

	head := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: 64, Shoff: uint64(w.body.Len()),
		Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64, Shnum: uint16(len(w.sections)), Shstrndx: uint16(last),
	}
	data := byte(elf.ELFDATA2LSB)
	if order.Uint16([]byte{0, 1}) == 1 {
		data = byte(elf.ELFDATA2MSB)
	}
	copy(head.Ident[:], []byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), data, byte(elf.EV_CURRENT)})
	if f.PIE {
		head.Type = uint16(elf.ET_DYN)
	}
	load := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X),
		Off: f.Offset, Vaddr: f.Address, Filesz: 4096, Memsz: 4096, Align: 4096,
	}
	var out bytes.Buffer
	binary.Write(&out, order, head)
	binary.Write(&out, order, load)
	out.Write(w.body.Bytes()[64+56:])
	for _, s := range w.sections {
		binary.Write(&out, order, s)
	}
	return out.Bytes()
}

type writer struct {
	order       binary.ByteOrder
	body, names bytes.Buffer
	sections    []elf.Section64
}

func (w *writer) section(name string, t elf.SectionType, data []byte, entry uint64) int {
	w.sections = append(w.sections, elf.Section64{
		Name: uint32(w.names.Len()), Type: uint32(t), Off: uint64(w.body.Len()), Size: uint64(len(data)), Entsize: entry,
		Addralign: 1,
	})
	w.names.WriteString(name + "\x00")
	w.body.Write(data)
	return len(w.sections) - 1
}

func (w *writer) symbols(table, strings string, t elf.SectionType, list []Symbol) {
	var symbols, names bytes.Buffer
	names.WriteByte(0)
	binary.Write(&symbols, w.order, elf.Sym64{})
	for _, s := range list {
		sym := elf.Sym64{
			Name: uint32(names.Len()), Info: elf.ST_INFO(s.Bind, s.Type), Shndx: 1, Value: s.Address, Size: s.Size,
		}
		if s.Undefined {
			sym.Shndx = uint16(elf.SHN_UNDEF)
		}
		binary.Write(&symbols, w.order, sym)
		names.WriteString(s.Name + "\x00")
	}
	link := w.section(strings, elf.SHT_STRTAB, names.Bytes(), 0)
	i := w.section(table, t, symbols.Bytes(), 24)
	w.sections[i].Link = uint32(link)
}
