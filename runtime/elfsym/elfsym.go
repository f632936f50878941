// Package elfsym reads symbols and segments of ELF files.
//
// Comes in: an ELF file of 32 or 64 bits, of the machine's byte order or the
// other. Goes out: its function and data symbols in a compact table sorted by
// address, the functions also of Go programs that were stripped; and how addresses
// as linked map to offsets in the file. Guaranteed: a damaged file gives an error,
// never a crash.
package elfsym

import (
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// File is what there is to know of an ELF file.
type File struct {
	// PIE tells that it can be loaded anywhere: a library or a
	// position-independent executable.
	PIE bool
	// BuildID in hexadecimal, "" when it has none.
	BuildID string
	// Stripped: there is no .symtab, only what the dynamic linker and the Go runtime
	// need.
	Stripped bool
	Segments []Segment
	Table    Table
}

// Segment is a part of the file that is loaded.
type Segment struct {
	Offset, Address, Size uint64 // Size in the file, bytes
	Executable            bool
}

// Open reads the file at path. Errors name the path and say what is wrong in
// words.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Read reads an ELF file.
func Read(r io.ReaderAt) (*File, error) {
	var head [4]byte
	if _, err := r.ReadAt(head[:], 0); err != nil || string(head[:]) != elf.ELFMAG {
		return nil, errors.New("not an ELF file")
	}
	e, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("damaged ELF file: %w", err)
	}
	f := &File{PIE: e.Type == elf.ET_DYN, Stripped: e.SectionByType(elf.SHT_SYMTAB) == nil, BuildID: BuildID(e)}
	for _, p := range e.Progs {
		if p.Type == elf.PT_LOAD {
			f.Segments = append(f.Segments, Segment{p.Off, p.Vaddr, p.Filesz, p.Flags&elf.PF_X != 0})
		}
	}
	if err := f.Table.read(e); err != nil {
		return nil, fmt.Errorf("damaged ELF file: %w", err)
	}
	return f, nil
}

// Offset turns an address as linked into an offset in the file; false when it is
// not in the file.
func (f *File) Offset(address uint64) (uint64, bool) {
	for _, s := range f.Segments {
		if address-s.Address < s.Size && address >= s.Address {
			return address - s.Address + s.Offset, true
		}
	}
	return 0, false
}

// Address turns an offset in the file into the address as linked.
func (f *File) Address(offset uint64) (uint64, bool) {
	for _, s := range f.Segments {
		if offset-s.Offset < s.Size && offset >= s.Offset {
			return offset - s.Offset + s.Address, true
		}
	}
	return 0, false
}

// BuildID reads the note that linkers leave (NT_GNU_BUILD_ID), in hexadecimal; "" when
// there is none.
func BuildID(e *elf.File) string {
	for _, s := range e.Sections {
		if s.Type != elf.SHT_NOTE || s.Size > 1<<16 {
			continue
		}
		if raw, err := s.Data(); err == nil {
			if id := NoteBuildID(raw, e.ByteOrder); id != "" {
				return id
			}
		}
	}
	return ""
}

// NoteBuildID looks for a build ID among notes as ELF files and the kernel
// (/sys/kernel/notes) have them: each of the lengths of its name and its contents, its
// type, and both, padded to words.
func NoteBuildID(notes []byte, order binary.ByteOrder) string {
	const header, buildID = 12, 3
	padded := func(n uint32) uint64 { return (uint64(n) + 3) &^ 3 }
	for len(notes) >= header {
		name, size, kind := order.Uint32(notes), order.Uint32(notes[4:]), order.Uint32(notes[8:])
		start := header + padded(name)
		end := start + uint64(size)
		if end > uint64(len(notes)) {
			return ""
		}
		if kind == buildID && string(notes[header:header+uint64(name)]) == "GNU\x00" {
			return hex.EncodeToString(notes[start:end])
		}
		notes = notes[min(start+padded(size), uint64(len(notes))):]
	}
	return ""
}
