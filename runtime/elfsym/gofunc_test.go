package elfsym_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"reflect"
	"runtime"
	"testing"

	"sonde/runtime/elfsym"
)

// stripped gives the program that runs without its .symtab, if it has one.
func stripped(t *testing.T) []byte {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if e.Class != elf.ELFCLASS64 {
		t.Skip("needs a program of 64 bits")
	}
	headers := e.ByteOrder.Uint64(raw[0x28:])
	for i, s := range e.Sections {
		if s.Type == elf.SHT_SYMTAB {
			kind := raw[headers+uint64(i)*uint64(binary.Size(elf.Section64{}))+4:]
			e.ByteOrder.PutUint32(kind, uint32(elf.SHT_PROGBITS))
		}
	}
	return raw
}

// TestGoFunctions: the functions of a Go program are known without its symbol table.
func TestGoFunctions(t *testing.T) {
	raw := stripped(t)
	f, err := elfsym.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if !f.Stripped {
		t.Error("it has a symbol table")
	}
	if f.PIE {
		t.Skip("needs a program that runs where it was linked to")
	}
	for _, fn := range []any{TestGoFunctions, elfsym.Read, bytes.NewReader} {
		pc := reflect.ValueOf(fn).Pointer()
		want := runtime.FuncForPC(pc)
		s, ok := f.Table.Lookup(uint64(pc) + 1)
		if !ok || s.Name != want.Name() || s.Address != uint64(want.Entry()) || !s.Func {
			t.Errorf("%#x is in %+v, want %s at %#x", pc, s, want.Name(), want.Entry())
		}
	}
}

// TestGoDamaged: what is wrong with the table of a Go program is no harm.
func TestGoDamaged(t *testing.T) {
	raw := stripped(t)
	e, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	s := e.Section(".gopclntab")
	if s == nil {
		t.Fatal("no .gopclntab")
	}
	for at := range uint64(128) {
		for _, wrong := range []byte{0, 0x7f, 0xff} {
			was := raw[s.Offset+at]
			raw[s.Offset+at] = wrong
			if _, err := elfsym.Read(bytes.NewReader(raw)); err != nil {
				t.Errorf("byte %d is %#x: %v", at, wrong, err)
			}
			raw[s.Offset+at] = was
		}
	}
}
