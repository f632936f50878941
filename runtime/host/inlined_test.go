package host

import (
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"sonde/lang/check"
	"sonde/runtime/elfsym"
)

// vmlinux is a program with debugging information that stands for a kernel, linked at
// 4 MiB. The assembler left a symbol in_step_N in it wherever step was inlined.
const vmlinux = "../debuginfo/testdata/dwarf5"

// moved is how far from there the kernel of these tests runs.
const moved = 0xffffffffa4000000

// debugged makes a machine whose kernel is vmlinux, with the notes that the kernel shows.
func debugged(t *testing.T) (m *machine, want []check.KernelPlace) {
	t.Helper()
	m = newMachine(t)
	f, err := elf.Open(vmlinux)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var kallsyms strings.Builder
	containing := func(address uint64) elf.Symbol {
		i := slices.IndexFunc(symbols, func(s elf.Symbol) bool {
			return elf.ST_TYPE(s.Info) == elf.STT_FUNC && address >= s.Value && address < s.Value+s.Size
		})
		return symbols[i]
	}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			fmt.Fprintf(&kallsyms, "%x t %s\n", s.Value+moved, s.Name)
		}
		if strings.HasPrefix(s.Name, "in_step_") {
			in := containing(s.Value)
			want = append(want, check.KernelPlace{Function: in.Name, Offset: s.Value - in.Value, Address: s.Value + moved})
		}
	}
	slices.SortFunc(want, func(a, b check.KernelPlace) int { return int(int64(a.Address - b.Address)) })
	id, err := hex.DecodeString(elfsym.BuildID(f))
	if err != nil {
		t.Fatal(err)
	}
	m.write("proc/kallsyms", kallsyms.String())
	m.write("proc/sys/kernel/osrelease", "6.1.0-test\n")
	m.write("sys/kernel/notes", note("Linux\x00", 0x101, []byte{1})+note("GNU\x00", 3, id))
	return m, want
}

func note(name string, kind uint32, contents []byte) string {
	order := binary.NativeEndian
	raw := order.AppendUint32(nil, uint32(len(name)))
	raw = order.AppendUint32(raw, uint32(len(contents)))
	raw = order.AppendUint32(raw, kind)
	for _, part := range []string{name, string(contents)} {
		raw = append(raw, part...)
		raw = append(raw, make([]byte, -len(part)&3)...)
	}
	return string(raw)
}

func (m *machine) install(path string) {
	raw, err := os.ReadFile(vmlinux)
	if err != nil {
		m.t.Fatal(err)
	}
	m.write(path, string(raw))
}

// TestInlined finds the places in the running kernel, wherever the debugging information
// is installed.
func TestInlined(t *testing.T) {
	for _, path := range []string{
		"usr/lib/debug/boot/vmlinux-6.1.0-test", "usr/lib/debug/lib/modules/6.1.0-test/vmlinux", "lib/modules/6.1.0-test/build/vmlinux",
	} {
		m, want := debugged(t)
		m.install(path)
		// One of another kernel is looked at first or last, and not used.
		other := m.write("lib/modules/6.1.0-test/vmlinux", "nothing")
		watched := ""
		h := m.host(Options{Watch: func(what string, done func() (done, total int)) func() {
			return func() {
				n, total := done()
				watched = fmt.Sprintf("%d of %d %s", n, total, what)
			}
		}})
		got, err := h.Inlined("step")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", path, got, err, want)
		}
		if watched != "4 of 4 units of debugging information read" {
			t.Errorf("told %q", watched)
		}
		if _, err := h.Inlined("no_such_function"); err == nil || !strings.HasSuffix(err.Error(), "has no function no_such_function") {
			t.Errorf("no_such_function: %v", err)
		}
		if _, err := m.host(Options{Vmlinux: other}).Inlined("step"); !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), "vmlinux: not an ELF file") {
			t.Errorf("a named file that is none: %v", err)
		}
	}
}

// TestInlinedByBuildID: the folder of files by build ID.
func TestInlinedByBuildID(t *testing.T) {
	m, want := debugged(t)
	f, err := elfsym.Open(vmlinux)
	if err != nil {
		t.Fatal(err)
	}
	m.install("usr/lib/debug/.build-id/" + f.BuildID[:2] + "/" + f.BuildID[2:] + ".debug")
	if got, err := m.host(Options{}).Inlined("step"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestInlinedElsewhere(t *testing.T) {
	m, _ := debugged(t)
	_, err := m.host(Options{}).Inlined("step")
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "there is no debugging information of Linux 6.1.0-test" {
		t.Errorf("without any: %v", err)
	}
	m.install("boot/vmlinux-6.1.0-test")
	m.write("sys/kernel/notes", note("GNU\x00", 3, []byte("another kernel")))
	_, err = m.host(Options{}).Inlined("step")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "is of another kernel than the one that runs") {
		t.Errorf("that of another kernel: %v", err)
	}
	m.write("sys/kernel/notes", note("Linux\x00", 0x101, []byte{1}))
	if _, err = m.host(Options{}).Inlined("step"); err == nil || !strings.Contains(err.Error(), "has no build ID") {
		t.Errorf("a kernel without a build ID: %v", err)
	}
}
