// Package debuginfo finds and reads DWARF debugging information, which may be hundreds
// of megabytes.
//
// Comes in: an ELF file that holds it, and what is asked about: where the code of a
// function begins. Goes out: addresses as linked. Guaranteed: the file is mapped, not
// read, and of its units only those are decoded that mention what is asked for, one at a
// time on each processor; a damaged file gives an error, never a crash; a file that the
// machine does not run is not used (the build ID decides).
package debuginfo

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"sonde/runtime/elfsym"
)

// File is an ELF file with debugging information. It may be used by several goroutines.
type File struct {
	Path string
	// BuildID in hexadecimal, "" when it has none.
	BuildID string

	elf    *elf.File
	mapped []byte
	parts  map[string][]byte // by section
	whole  func() (*dwarf.Data, error)
}

// parts of DWARF that functions are described in. Strings of the line table are among
// them because units name their files by them.
var parts = []string{
	".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str",
	".debug_str_offsets", ".debug_addr", ".debug_ranges", ".debug_rnglists",
}

var errNone = errors.New("there is no debugging information in it")

// Open maps the file at path. Errors name the path.
func Open(path string) (*File, error) {
	f := &File{Path: path}
	if err := f.open(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func (f *File) open() (err error) {
	if f.mapped, err = mapFile(f.Path); err != nil {
		return err
	}
	if !bytes.HasPrefix(f.mapped, []byte(elf.ELFMAG)) {
		return errors.New("not an ELF file")
	}
	if f.elf, err = elf.NewFile(bytes.NewReader(f.mapped)); err != nil {
		return fmt.Errorf("damaged ELF file: %w", err)
	}
	f.BuildID = elfsym.BuildID(f.elf)
	if f.elf.Type == elf.ET_REL {
		return errors.New("an object file that is not linked has no addresses")
	}
	if s := f.elf.Section(".debug_info"); s == nil || s.Type == elf.SHT_NOBITS {
		return errNone
	}
	f.parts = map[string][]byte{}
	f.whole = sync.OnceValues(func() (*dwarf.Data, error) { return f.dwarf(f.parts[".debug_info"]) })
	return nil
}

func mapFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is said by the caller
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() == 0 || !st.Mode().IsRegular() {
		return nil, errors.New("not an ELF file")
	}
	return unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
}

// Close ends the mapping; nothing of the file may be used any more.
func (f *File) Close() error {
	if f.mapped == nil {
		return nil
	}
	return unix.Munmap(f.mapped)
}

// load makes the parts of DWARF available. What is compressed is unpacked to memory.
func (f *File) load() error {
	for _, name := range parts {
		s := f.elf.Section(name)
		if s == nil || s.Type == elf.SHT_NOBITS || f.parts[name] != nil {
			continue
		}
		if s.Flags&elf.SHF_COMPRESSED != 0 {
			raw, err := s.Data()
			if err != nil {
				return fmt.Errorf("%s: damaged section %s: %w", f.Path, s.Name, err)
			}
			f.parts[name] = raw
			continue
		}
		if s.Offset > uint64(len(f.mapped)) || s.FileSize > uint64(len(f.mapped))-s.Offset {
			return fmt.Errorf("%s: section %s is cut off", f.Path, s.Name)
		}
		f.parts[name] = f.mapped[s.Offset : s.Offset+s.FileSize : s.Offset+s.FileSize]
	}
	return nil
}

// dwarf prepares to decode units: all that there are, or one.
func (f *File) dwarf(units []byte) (*dwarf.Data, error) {
	d, err := dwarf.New(f.parts[".debug_abbrev"], nil, nil, units, nil, nil, f.parts[".debug_ranges"], f.parts[".debug_str"])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{".debug_line_str", ".debug_str_offsets", ".debug_addr", ".debug_rnglists"} {
		if part := f.parts[name]; part != nil {
			if err := d.AddSection(name, part); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// Section names the section of code that an address lies in, "" for none: what the linker
// threw away keeps descriptions, at addresses where nothing is.
func (f *File) Section(address uint64) string {
	for _, s := range f.elf.Sections {
		if s.Flags&(elf.SHF_ALLOC|elf.SHF_EXECINSTR) == elf.SHF_ALLOC|elf.SHF_EXECINSTR &&
			address >= s.Addr && address-s.Addr < s.Size {
			return s.Name
		}
	}
	return ""
}

// damaged says what is wrong with the debugging information.
func (f *File) damaged(err error) error {
	return fmt.Errorf("%s: damaged debugging information: %s", f.Path, strings.TrimPrefix(err.Error(), "decoding dwarf section "))
}
