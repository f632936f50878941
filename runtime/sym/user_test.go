package sym

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"sonde/lang/types"
	"sonde/runtime/elfsym/elftest"
)

func show(f types.Frame) string {
	if f.Name == "" {
		return ""
	}
	s := fmt.Sprintf("%s+%d", f.Name, f.Offset)
	if f.Module != "" {
		s += " [" + f.Module + "]"
	}
	return s
}

func unwrap(err error) error {
	for u := errors.Unwrap(err); u != nil; u = errors.Unwrap(err) {
		err = u
	}
	return err
}

// world is a root directory with processes in it.
type world struct {
	t    *testing.T
	root string
}

func newWorld(t *testing.T) *world { return &world{t, t.TempDir()} }

func (w *world) write(name string, data []byte) string {
	w.t.Helper()
	path := filepath.Join(w.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) inode(name string) uint64 {
	w.t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(filepath.Join(w.root, name), &st); err != nil {
		w.t.Fatal(err)
	}
	return st.Ino
}

// process makes a process that runs exe, with the text of its maps.
func (w *world) process(pid int, exe, maps string) {
	w.t.Helper()
	dir := fmt.Sprintf("proc/%d", pid)
	w.write(dir+"/maps", []byte(maps))
	for link, to := range map[string]string{"root": w.root, "exe": filepath.Join(w.root, exe)} {
		path := filepath.Join(w.root, dir, link)
		os.Remove(path)
		if err := os.Symlink(to, path); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) end(pid int) { os.RemoveAll(filepath.Join(w.root, "proc", fmt.Sprint(pid))) }

// mapping writes a line that maps a file's segment (offset 0x1000) to start.
func (w *world) mapping(start uint64, file string) string {
	return fmt.Sprintf("%x-%x r-xp 00001000 fd:01 %d    /%s\n", start, start+0x1000, w.inode(file), file)
}

func (w *world) expect(u *User, pid uint32, address uint64, want string) {
	w.t.Helper()
	f, ok := u.Lookup(pid, address)
	if got := show(f); got != want || ok != (want != "") || f.Addr != address {
		w.t.Errorf("%d: %#x is %q (%v), want %q", pid, address, got, f.Module, want)
	}
}

var (
	program = elftest.File{Offset: 0x1000, Address: 0x401000, Symtab: []elftest.Symbol{
		elftest.Func("main", 0x401100, 0x40), elftest.Func("_ZN3net6Server5startEv", 0x401200, 0x40),
	}}
	library = elftest.File{PIE: true, Offset: 0x1000, Address: 0x1000, Dynsym: []elftest.Symbol{
		elftest.Func("work@@V1", 0x1800, 0x100),
	}}
	other = elftest.File{Offset: 0x1000, Address: 0x401000, Symtab: []elftest.Symbol{
		elftest.Func("successor", 0x401100, 0x40),
	}}
)

func TestUser(t *testing.T) {
	w := newWorld(t)
	w.write("bin/app", program.Bytes())
	w.write("lib/lib.so", library.Bytes())
	w.write("bin/script", []byte("no ELF file"))
	maps := w.mapping(0x401000, "bin/app") + w.mapping(0x500000, "bin/script") +
		w.mapping(0x7f0000001000, "lib/lib.so") + "7f0000005000-7f0000006000 rw-p 00000000 00:00 0\n"
	w.process(10, "bin/app", maps)
	u := NewUser(Options{Root: w.root, Demangle: true})
	w.expect(u, 10, 0x401110, "main+16 [/bin/app]")
	w.expect(u, 10, 0x401200, "net::Server::start()+0 [/bin/app]")
	w.expect(u, 10, 0x401300, "")
	w.expect(u, 10, 0x500100, "")
	w.expect(u, 10, 0x7f0000001804, "work+4 [/lib/lib.so]")
	w.expect(u, 10, 0x7f0000005004, "")
	w.expect(u, 10, 0x10, "")
	w.expect(u, 11, 0x401110, "")
	if f, _ := u.Lookup(10, 0x500100); f.Module != "/bin/script" {
		t.Errorf("an address in a mapping without symbols is in %q", f.Module)
	}

	plain := NewUser(Options{Root: w.root})
	w.expect(plain, 10, 0x401200, "_ZN3net6Server5startEv+0 [/bin/app]")

	// What was asked once is known after the end.
	w.end(10)
	w.expect(u, 10, 0x401110, "main+16 [/bin/app]")
	w.expect(NewUser(Options{Root: w.root}), 10, 0x401110, "")
}

// A library that is loaded later is found; a process that runs another program
// is not taken for the old one.
func TestUserChanges(t *testing.T) {
	w := newWorld(t)
	w.write("bin/app", program.Bytes())
	w.write("bin/other", other.Bytes())
	w.write("lib/lib.so", library.Bytes())
	w.process(10, "bin/app", w.mapping(0x401000, "bin/app"))
	u := NewUser(Options{Root: w.root})
	w.expect(u, 10, 0x401110, "main+16 [/bin/app]")
	w.expect(u, 10, 0x7f0000001804, "")
	w.process(10, "bin/app", w.mapping(0x401000, "bin/app")+w.mapping(0x7f0000001000, "lib/lib.so"))
	w.expect(u, 10, 0x7f0000001804, "work+4 [/lib/lib.so]")

	w.process(10, "bin/other", w.mapping(0x401000, "bin/other"))
	for _, p := range u.processes.m {
		p.checked = p.checked.Add(-2 * recheck)
	}
	w.expect(u, 10, 0x401110, "successor+16 [/bin/other]")
}

// The file of a mapping must not be taken for another that has its name now.
func TestUserReplacedFile(t *testing.T) {
	w := newWorld(t)
	w.write("bin/app", program.Bytes())
	maps := w.mapping(0x401000, "bin/app")
	w.write("bin/new", other.Bytes())
	if err := os.Rename(filepath.Join(w.root, "bin/new"), filepath.Join(w.root, "bin/app")); err != nil {
		t.Fatal(err)
	}
	w.process(10, "bin/app", maps)
	w.expect(NewUser(Options{Root: w.root}), 10, 0x401110, "")
}

func TestUserModes(t *testing.T) {
	w := newWorld(t)
	w.write("bin/app", program.Bytes())
	for _, pid := range []int{10, 11, 12} {
		w.process(pid, "bin/app", w.mapping(0x401000, "bin/app"))
	}
	perProgram := NewUser(Options{Root: w.root, Mode: PerProgram})
	w.expect(perProgram, 10, 0x401100, "main+0 [/bin/app]")
	perProgram.Preload(11)
	none := NewUser(Options{Root: w.root, Mode: NoCache})
	w.expect(none, 10, 0x401100, "main+0 [/bin/app]")
	w.end(10)
	w.end(11)
	w.end(12)
	w.expect(perProgram, 10, 0x401100, "main+0 [/bin/app]")
	w.expect(perProgram, 11, 0x401100, "main+0 [/bin/app]")
	w.expect(perProgram, 12, 0x401100, "") // never seen alive
	w.expect(none, 10, 0x401100, "")
}

// TestUserPreload: libraries that a program loads after it was first seen are known when
// it has ended, too.
func TestUserPreload(t *testing.T) {
	w := newWorld(t)
	w.write("bin/app", program.Bytes())
	w.write("lib/lib.so", library.Bytes())
	w.process(10, "bin/app", w.mapping(0x401000, "bin/app"))
	u := NewUser(Options{Root: w.root})
	u.Preload(10)
	w.process(10, "bin/app", w.mapping(0x401000, "bin/app")+w.mapping(0x7f0000001000, "lib/lib.so"))
	u.Preload(10)
	w.end(10)
	w.expect(u, 10, 0x401100, "main+0 [/bin/app]")
	w.expect(u, 10, 0x7f0000001804, "work+4 [/lib/lib.so]")
}

func TestUserJIT(t *testing.T) {
	w := newWorld(t)
	w.write("bin/app", program.Bytes())
	w.process(10, "bin/app", "30000000-30010000 rwxp 00000000 00:00 0\n")
	w.write("proc/10/status", []byte("Name:\tjava\nNSpid:\t10\t7\n"))
	u := NewUser(Options{Root: w.root})
	w.expect(u, 10, 0x30000010, "")
	w.write("tmp/perf-7.map", []byte("30000000 20 old::name\n30000100 40 LFoo;::bar (interpreted)\nbroken\n"))
	w.expect(u, 10, 0x30000010, "old::name+16")
	w.expect(u, 10, 0x3000013f, "LFoo;::bar (interpreted)+63")
	w.expect(u, 10, 0x30000140, "")
	w.write("tmp/perf-7.map", []byte("30000000 20 old::name\n30000000 80 new\n0x30000200 0x10 late\n"))
	w.expect(u, 10, 0x30000204, "late+4")
	w.expect(u, 10, 0x30000010, "new+16")
}

func TestVDSO(t *testing.T) {
	f := readVDSO()
	if f == nil {
		t.Skip("no vDSO here")
	}
	if f.Table.Len() == 0 {
		t.Error("no symbols")
	}
}

func TestFIFO(t *testing.T) {
	f := newFIFO[int, string](2)
	f.put(1, "a")
	f.put(2, "b")
	f.put(3, "c")
	_, one := f.get(1)
	v, three := f.get(3)
	if one || !three || v != "c" || len(f.m) != 2 {
		t.Errorf("%v", f)
	}
}
