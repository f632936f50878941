package elfsym_test

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sonde/runtime/elfsym"
	"sonde/runtime/elfsym/elftest"
)

var sample = elftest.File{
	PIE: true, Offset: 0x1000, Address: 0x401000, BuildID: []byte{0xde, 0xad, 0xbe, 0xef},
	Symtab: []elftest.Symbol{
		elftest.Func("__main", 0x401100, 0x40),
		elftest.Func("main", 0x401100, 0x40),
		elftest.Func("assembly", 0x401200, 0), // no size
		elftest.Func("after", 0x401300, 0x10),
		{Name: "local_alias", Address: 0x401100, Size: 0x40, Type: elf.STT_FUNC, Bind: elf.STB_LOCAL},
		{Name: "weak_alias", Address: 0x401100, Size: 0x40, Type: elf.STT_FUNC, Bind: elf.STB_WEAK},
		{Name: "counter", Address: 0x401380, Size: 8, Type: elf.STT_OBJECT, Bind: elf.STB_GLOBAL},
		{Name: "file.c", Type: elf.STT_FILE},
		{Name: "puts", Type: elf.STT_FUNC, Bind: elf.STB_GLOBAL, Undefined: true},
		{Name: "", Address: 0x401390, Type: elf.STT_FUNC},
	},
	Dynsym: []elftest.Symbol{
		elftest.Func("main", 0x401100, 0x40),
		elftest.Func("memcpy@@GLIBC_2.14", 0x401400, 0x20),
	},
}

func read(t *testing.T, f elftest.File) *elfsym.File {
	t.Helper()
	got, err := elfsym.Read(bytes.NewReader(f.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRead(t *testing.T) {
	f := read(t, sample)
	if !f.PIE || f.Stripped || f.BuildID != "deadbeef" {
		t.Errorf("PIE %v, stripped %v, build id %s", f.PIE, f.Stripped, f.BuildID)
	}
	var names []string
	for i := range f.Table.Len() {
		names = append(names, f.Table.At(i).Name)
	}
	want := "main __main weak_alias local_alias assembly after counter memcpy"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("symbols %s, want %s", got, want)
	}
	if f.Table.At(6).Func || !f.Table.At(0).Func {
		t.Error("functions and data mixed up")
	}
}

func TestLookup(t *testing.T) {
	f := read(t, sample)
	for address, want := range map[uint64]string{
		0x4010ff: "", 0x401100: "main", 0x40113f: "main", 0x401140: "", 0x401200: "assembly", 0x4012ff: "assembly",
		0x401300: "after", 0x401310: "", 0x401380: "", 0x401400: "memcpy", 0x401420: "", 0: "", 1<<64 - 1: "",
	} {
		if s, ok := f.Table.Lookup(address); s.Name != want || ok != (want != "") {
			t.Errorf("%#x is in %q, want %q", address, s.Name, want)
		}
	}
}

func TestOffsets(t *testing.T) {
	f := read(t, sample)
	if o, ok := f.Offset(0x401100); !ok || o != 0x1100 {
		t.Errorf("%#x %v", o, ok)
	}
	if a, ok := f.Address(0x1100); !ok || a != 0x401100 {
		t.Errorf("%#x %v", a, ok)
	}
	for _, v := range []uint64{0, 0x400fff, 0x402000} {
		if _, ok := f.Offset(v); ok {
			t.Errorf("%#x is in the file", v)
		}
	}
	if _, ok := f.Address(0xfff); ok {
		t.Error("an offset before the segment has an address")
	}
}

func TestAddDebug(t *testing.T) {
	stripped := sample
	stripped.Symtab = nil
	f := read(t, stripped)
	if !f.Stripped || f.Table.Len() != 2 {
		t.Fatalf("stripped %v, %d symbols", f.Stripped, f.Table.Len())
	}
	f.AddDebug(t.TempDir())
	if !f.Stripped {
		t.Error("symbols out of nowhere")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".build-id/de"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".build-id/de/adbeef.debug"), sample.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	f.AddDebug(dir)
	if s, ok := f.Table.Lookup(0x401200); !ok || s.Name != "assembly" {
		t.Errorf("debug file not used: %v", s)
	}
}

func TestGarbage(t *testing.T) {
	dir := t.TempDir()
	for name, raw := range map[string][]byte{
		"empty": {}, "text": []byte("#!/bin/sh\n"), "magic": []byte("\x7fELF"), "short": sample.Bytes()[:100],
		"half": sample.Bytes()[:len(sample.Bytes())/2],
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := elfsym.Open(path); err == nil || !strings.Contains(err.Error(), path+": ") ||
			!strings.Contains(err.Error(), "ELF file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := elfsym.Open(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// FuzzRead: no file may crash the reader.
func FuzzRead(f *testing.F) {
	f.Add(sample.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := elfsym.Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		for i := range file.Table.Len() {
			s := file.Table.At(i)
			file.Table.Lookup(s.Address)
			file.Offset(s.Address)
		}
		if _, err := hex.DecodeString(file.BuildID); err != nil {
			t.Error(err)
		}
	})
}
