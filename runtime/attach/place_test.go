package attach

import (
	"debug/elf"
	"os"
	"reflect"
	"testing"
)

// lies gives the file and the offset in it of a function of the test binary.
func lies(t *testing.T, f func(int) int) (path string, offset uint64) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	address := uint64(reflect.ValueOf(f).Pointer())
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address < p.Vaddr+p.Filesz {
			return path, address - p.Vaddr + p.Off
		}
	}
	t.Skip("the test binary does not lie where it was linked")
	return "", 0
}
