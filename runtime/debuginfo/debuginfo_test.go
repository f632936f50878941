package debuginfo

import (
	"context"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wanted are the addresses of the symbols that the assembler left in a file of testdata
// wherever step was inlined: they know nothing of DWARF.
func wanted(t *testing.T, path string) []uint64 {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var list []uint64
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "in_step_") {
			list = append(list, s.Value)
		}
	}
	slices.Sort(list)
	if len(list) < 3 {
		t.Fatalf("%s has %d symbols in_step_N", path, len(list))
	}
	return list
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func instances(t *testing.T, f *File, function string) (list []Instance, known bool) {
	t.Helper()
	var reading Reading
	list, known, err := f.Instances(t.Context(), function, &reading)
	if err != nil {
		t.Fatal(err)
	}
	if done, total := reading.Done(); done != total {
		t.Errorf("%s: %d of %d units read in the end", function, done, total)
	}
	return list, known
}

// TestInstances: DWARF 4 and 5, compressed, and optimised at link time, where units
// refer to each other.
func TestInstances(t *testing.T) {
	for _, name := range []string{"dwarf4", "dwarf5", "compressed", "lto", "clang"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			f := open(t, path)
			found, known := instances(t, f, "step")
			var at []uint64
			for _, i := range found {
				at = append(at, i.Address)
				if !i.Inlined {
					t.Errorf("%#x is not inlined", i.Address)
				}
				if s := f.Section(i.Address); s != ".text" {
					t.Errorf("%#x is in section %q", i.Address, s)
				}
			}
			if want := wanted(t, path); !known || !slices.Equal(at, want) {
				t.Errorf("step (known: %v) is at %#x, not %#x", known, at, want)
			}
			if found, known := instances(t, f, "whole"); !known || len(found) != 1 || found[0].Inlined {
				t.Errorf("whole: known: %v, %v", known, found)
			}
			if found, known := instances(t, f, "no_such_function"); known || len(found) > 0 {
				t.Errorf("no_such_function: known: %v, %v", known, found)
			}
			if len(f.BuildID) != 40 {
				t.Errorf("build ID %q", f.BuildID)
			}
		})
	}
}

// TestCrossing: of the files only the one optimised at link time has references between
// units.
func TestCrossing(t *testing.T) {
	for name, want := range map[string]bool{"dwarf4": false, "dwarf5": false, "lto": true} {
		f := open(t, filepath.Join("testdata", name))
		if err := f.load(); err != nil {
			t.Fatal(err)
		}
		if got, err := crosses(f.parts[".debug_abbrev"]); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestNamesOnly: units that do not mention a name are not decoded.
func TestNamesOnly(t *testing.T) {
	f := open(t, "testdata/dwarf5")
	for name, decoded := range map[string]int{"whole": 1, "step": 2, "no_such_function": 0} {
		var reading Reading
		if _, _, err := f.Instances(t.Context(), name, &reading); err != nil {
			t.Fatal(err)
		}
		const all = 2
		if _, total := reading.Done(); total != all+decoded {
			t.Errorf("%s: %d of %d units decoded, not %d", name, total-all, all, decoded)
		}
	}
}

func TestInterrupted(t *testing.T) {
	f := open(t, "testdata/dwarf5")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Instances(ctx, "step", new(Reading)); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

// TestDamaged: whatever the bytes, there is an answer or an error.
func TestDamaged(t *testing.T) {
	for _, name := range []string{"dwarf4", "dwarf5", "compressed", "lto", "clang"} {
		good, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		failed := 0
		for i := 0; i < len(good); i += 41 {
			bad := slices.Clone(good)
			bad[i] ^= 0xff
			if i%2 == 0 {
				bad = bad[:i]
			}
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err != nil {
				failed++
				continue
			}
			if _, _, err := f.Instances(t.Context(), "step", new(Reading)); err != nil {
				failed++
			}
			f.Close()
		}
		if failed == 0 {
			t.Errorf("%s: no damage was seen", name)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		text:                       text + ": not an ELF file",
		dir:                        dir + ": not an ELF file",
		filepath.Join(dir, "none"): filepath.Join(dir, "none") + ": no such file or directory",
	} {
		if _, err := Open(path); err == nil || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}
