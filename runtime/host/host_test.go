package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sonde/lang/feature"
	"sonde/lang/types/btftest"
	"sonde/runtime/elfsym/elftest"
)

// machine is a root directory with what a test needs.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T) *machine {
	t.Setenv("PATH", "/bin:/usr/bin")
	return &machine{t, t.TempDir()}
}

func (m *machine) host(opt Options) *Host {
	opt.Root = m.root
	if opt.Features == nil {
		opt.Features = feature.Only{}
	}
	return New(opt)
}

func (m *machine) write(name, text string) string {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// strip takes the root off paths.
func (m *machine) strip(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.TrimPrefix(s, m.root))
	}
	return out
}

const format = `name: x
ID: 42
format:
	field:int pid;	offset:8;	size:4;	signed:1;
	field:struct file * file;	offset:16;	size:8;	signed:0;
`

func (m *machine) events(dir string, names ...string) {
	for _, name := range names {
		category, event, _ := strings.Cut(name, ":")
		m.write(filepath.Join(dir, "events", category, event, "format"), format)
		m.write(filepath.Join(dir, "events", category, "enable"), "0")
	}
}

func TestTracepoints(t *testing.T) {
	for _, dir := range tracingDirs {
		m := newMachine(t)
		m.events(dir, "sched:sched_switch", "sched:sched_wakeup", "syscalls:sys_enter_read", "ftrace:function")
		h := m.host(Options{})
		for _, tt := range []struct{ category, event, want string }{
			{"sched", "sched_switch", "[sched:sched_switch]"},
			{"sched", "sched_*", "[sched:sched_switch sched:sched_wakeup]"},
			{"s*", "*w*", "[sched:sched_switch sched:sched_wakeup]"},
			{"*", "*", "[sched:sched_switch sched:sched_wakeup syscalls:sys_enter_read]"},
			{"nope", "*", "[]"},
			{"sched", "nope", "[]"},
			{"sched", "enable", "[]"},
			{"sched/sched_switch", "..", "[]"},
			{"sched", "../sched/sched_switch", "[]"},
		} {
			got, err := h.Tracepoints(tt.category, tt.event)
			if err != nil || fmt.Sprint(got) != tt.want {
				t.Errorf("%s:%s gives %v, %v, want %s", tt.category, tt.event, got, err, tt.want)
			}
		}
		if _, err := h.Tracepoints("sched", "[a"); err == nil || !strings.Contains(err.Error(), "bad pattern") {
			t.Error(err)
		}
		if got, err := h.RawTracepoints("sched_*"); err != nil || fmt.Sprint(got) != "[sched_switch sched_wakeup]" {
			t.Errorf("raw tracepoints without type information: %v, %v", got, err)
		}
	}
}

func TestTracepointFormat(t *testing.T) {
	m := newMachine(t)
	m.events(tracingDirs[0], "vfs:open")
	m.write("btf", string(btftest.Raw()))
	h := m.host(Options{BTF: filepath.Join(m.root, "btf")})
	s, id, err := h.TracepointFormat("vfs", "open")
	if err != nil || id != 42 {
		t.Fatal(id, err)
	}
	if f, ok := s.Field("file"); !ok || f.Type.String() != "struct file*" {
		t.Errorf("%v", f)
	}
	again, _, _ := h.TracepointFormat("vfs", "open")
	if again != s {
		t.Error("the same question has another answer")
	}
	if _, _, err := h.TracepointFormat("vfs", "nope"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if got, err := h.RawTracepoints("sched_switch"); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	if got, err := h.RawTracepoints("sched_s*"); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
}

func TestNoTracefs(t *testing.T) {
	h := newMachine(t).host(Options{})
	for _, f := range []func() error{
		func() error { _, err := h.Tracepoints("*", "*"); return err },
		func() error { _, _, err := h.TracepointFormat("sched", "sched_switch"); return err },
		func() error { _, err := h.Functions("", "vfs_*"); return err },
		func() error { _, err := h.RawTracepoints("*"); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "mount -t tracefs") {
			t.Errorf("does not say what to type: %v", err)
		}
	}
}

func TestNotPermitted(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs an ordinary user: root may read everything")
	}
	m := newMachine(t)
	m.events(tracingDirs[0], "sched:sched_switch")
	dir := filepath.Join(m.root, tracingDirs[0])
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	if _, err := m.host(Options{}).Tracepoints("*", "*"); err == nil || !strings.Contains(err.Error(), "CAP_") {
		t.Errorf("does not name the capability: %v", err)
	}
}

func TestBTF(t *testing.T) {
	m := newMachine(t)
	h := m.host(Options{})
	if h.BTF() != nil || h.BTFError() == nil || !strings.Contains(h.BTFError().Error(), "BPFTRACE_BTF") {
		t.Errorf("%v, %v", h.BTF(), h.BTFError())
	}
	m.write("sys/kernel/btf/vmlinux", string(btftest.Raw()))
	h = m.host(Options{})
	h.Prefetch()
	if h.BTF() == nil || h.BTFError() != nil || h.BTF().Struct("struct", "task_struct") == nil {
		t.Error(h.BTFError())
	}
	bad := m.write("bad", "garbage, but long enough for a header")
	h = m.host(Options{BTF: bad})
	if h.BTF() != nil || !strings.Contains(fmt.Sprint(h.BTFError()), bad) {
		t.Error(h.BTFError())
	}
}

func TestFunctions(t *testing.T) {
	const list = "vfs_read\nvfs_write\next4_sync [ext4]\nvfs_read.part.0\n__ftrace_invalid_address___16\nbpf_one\t[bpf]\n\nvfs_read\n"
	m := newMachine(t)
	m.events(tracingDirs[0], "sched:sched_switch")
	m.write(tracingDirs[0]+"/available_filter_functions", list)
	own := m.write("own", "mine\n")
	for _, tt := range []struct{ file, module, glob, want string }{
		{"", "", "vfs_*", "[vmlinux:vfs_read vmlinux:vfs_write]"},
		{"", "ext4", "*", "[ext4:ext4_sync]"},
		{"", "*", "*_*", "[bpf:bpf_one ext4:ext4_sync vmlinux:vfs_read vmlinux:vfs_write]"},
		{"", "vmlinux", "ext4_*", "[]"},
		{own, "", "*", "[vmlinux:mine]"},
	} {
		got, err := m.host(Options{TraceableFunctions: tt.file}).Functions(tt.module, tt.glob)
		if err != nil || fmt.Sprint(got) != tt.want {
			t.Errorf("%s:%s gives %v, %v, want %s", tt.module, tt.glob, got, err, tt.want)
		}
	}
}

var library = elftest.File{PIE: true, Offset: 0x1000, Address: 0x401000, Symtab: []elftest.Symbol{
	elftest.Func("malloc", 0x401100, 0x40), elftest.Func("elsewhere", 0x10, 0x40),
}}

func TestBinaries(t *testing.T) {
	m := newMachine(t)
	elf := string(library.Bytes())
	for _, name := range []string{
		"bin/app", "usr/bin/zsh", "usr/bin/bash", "usr/lib/libc.so.6", "usr/lib/libcrypt-2.31.so", "opt/v1/server", "opt/v2/server",
	} {
		m.write(name, elf)
	}
	m.write("usr/bin/mesh", "#!/bin/sh\n")
	m.write("opt/v3/server", "text")
	t.Setenv("PATH", filepath.Join(m.root, "nowhere")+":/usr/bin:/bin")
	h := m.host(Options{})
	for _, tt := range []struct{ name, want string }{
		{"/bin/app", "[/bin/app]"},
		{"app", "[/bin/app]"},
		{"libc", "[/usr/lib/libc.so.6]"},
		{"c", "[/usr/lib/libc.so.6]"},
		{"libc.so.6", "[/usr/lib/libc.so.6]"},
		{"crypt", "[/usr/lib/libcrypt-2.31.so]"},
		{"/opt/*/server", "[/opt/v1/server /opt/v2/server]"},
		{"/nowhere/*", "[]"},
		{"*sh", "[/usr/bin/bash /usr/bin/zsh]"},
	} {
		got, err := h.Binaries(tt.name, 0)
		if err != nil || fmt.Sprint(m.strip(got)) != tt.want {
			t.Errorf("%s is %v, %v, want %s", tt.name, m.strip(got), err, tt.want)
		}
	}
	for name, want := range map[string]string{
		"/bin/nope": "does not exist", "nope": "$PATH", "lib": "$PATH", "/bin": "not a file", "/bin/[a": "bad pattern",
	} {
		if _, err := h.Binaries(name, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Binaries("nope", 0); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// The libraries of a process are those that it has loaded, in its own root.
func TestBinariesOfProcess(t *testing.T) {
	m := newMachine(t)
	container := t.TempDir()
	inside := &machine{t, container}
	inside.write("app/lib/libssl.so.3", string(library.Bytes()))
	inside.write("bin/app", string(library.Bytes()))
	m.write("proc/7/maps", "7f0000000000-7f0000001000 r-xp 00000000 fd:01 99    /app/lib/libssl.so.3\n")
	if err := os.Symlink(container, filepath.Join(m.root, "proc/7/root")); err != nil {
		t.Fatal(err)
	}
	h := m.host(Options{})
	for name, want := range map[string]string{
		"ssl": "/proc/7/root/app/lib/libssl.so.3", "libssl": "/proc/7/root/app/lib/libssl.so.3", "app": "/proc/7/root/bin/app",
		"/bin/app": "/proc/7/root/bin/app",
	} {
		got, err := h.Binaries(name, 7)
		if err != nil || len(got) != 1 || m.strip(got)[0] != want {
			t.Errorf("%s is %v, %v, want %s", name, m.strip(got), err, want)
		}
	}
	m.write("proc/9/maps", "00400000-00401000 r-xp 00000000 fd:01 5    /bin/tool\n7f0000000000-7f0000001000 r--p 00000000 fd:01 6    /etc/data\n")
	m.write("bin/tool", string(library.Bytes()))
	if err := os.Symlink(m.root, filepath.Join(m.root, "proc/9/root")); err != nil {
		t.Fatal(err)
	}
	for pid, want := range map[int]string{
		7: "[/proc/7/root/app/lib/libssl.so.3]", 9: "[/proc/9/root/bin/tool]",
		0: "[/proc/7/root/app/lib/libssl.so.3 /proc/9/root/bin/tool]",
	} {
		if got, err := h.Binaries("*", pid); err != nil || fmt.Sprint(m.strip(got)) != want {
			t.Errorf("what %d runs is %v, %v, want %s", pid, m.strip(got), err, want)
		}
	}
	if _, err := h.Binaries("ssl", 8); err == nil || !strings.Contains(err.Error(), "no process 8") {
		t.Error(err)
	}
}

func TestBinarySymbols(t *testing.T) {
	m := newMachine(t)
	path := m.write("lib.so", string(library.Bytes()))
	h := m.host(Options{})
	list, err := h.BinarySymbols(path)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if s := list[0]; s.Name != "malloc" || s.Offset != 0x1100 || s.Address != 0x401100 || s.Size != 0x40 || !s.Func {
		t.Errorf("%+v", s)
	}
	if o, err := h.BinaryOffset(path, 0x401104); err != nil || o != 0x1104 {
		t.Error(o, err)
	}
	if _, err := h.BinaryOffset(path, 0x900000); err == nil || !strings.Contains(err.Error(), "0x900000") {
		t.Error(err)
	}
	text := m.write("text", "hello")
	for _, f := range []func(string) error{
		func(p string) error { _, err := h.BinarySymbols(p); return err },
		func(p string) error { _, err := h.BinaryOffset(p, 1); return err },
	} {
		if err := f(text); err == nil || !strings.Contains(err.Error(), "not an ELF file") {
			t.Error(err)
		}
		if err := f(path + ".none"); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
}

func TestKernelSymbol(t *testing.T) {
	m := newMachine(t)
	m.write("proc/kallsyms", "ffffffff81000000 T vfs_read\n")
	h := m.host(Options{})
	if a, err := h.KernelSymbol("vfs_read"); err != nil || a != 0xffffffff81000000 {
		t.Error(a, err)
	}
	if a, err := h.KernelSymbol("nope"); err != nil || a != 0 {
		t.Error(a, err)
	}
}

func TestProcesses(t *testing.T) {
	m := newMachine(t)
	m.write("proc/7/maps", "")
	h := m.host(Options{})
	if !h.Process(7) || h.Process(8) || h.Process(0) {
		t.Error("processes that are and are not")
	}
	if _, _, initial := h.PIDNamespace(); !initial {
		t.Error("without /proc, the namespace must be taken for the first")
	}
	if _, inode, _ := New(Options{}).PIDNamespace(); inode == 0 {
		t.Error("no namespace here")
	}
}

func TestCgroupID(t *testing.T) {
	h := New(Options{Features: feature.Only{}})
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "cgroup v2", dir + "/none": "no such cgroup"} {
		if _, err := h.CgroupID(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestMatchLibrary(t *testing.T) {
	for _, tt := range []struct {
		file, name string
		want       bool
	}{
		{"libc.so.6", "libc", true}, {"libc.so.6", "c", true}, {"libc.so.6", "libc.so.6", true}, {"libc.so", "libc.so", true},
		{"libc-2.31.so", "c", true}, {"libc-2.31.so", "libc", true}, {"libcrypt.so.1", "libc", false},
		{"libc-client.so.2007", "c", false}, {"libstdc++.so.6", "stdc++", true}, {"mod_ssl.so", "mod_ssl", true},
		{"libc.socket", "libc", false}, {"", "c", false},
	} {
		if got := isLibrary(tt.file, tt.name); got != tt.want {
			t.Errorf("%q is %q: %v", tt.file, tt.name, got)
		}
	}
}

func TestLoaderCache(t *testing.T) {
	cache := loaderCache(0x0303, [2]string{"libc.so.6", "/lib/libc.so.6"}, [2]string{"libz.so.1", "/lib/libz.so.1"})
	want := []cachedLibrary{{"libz.so.1", "/lib/libz.so.1"}, {"libc.so.6", "/lib/libc.so.6"}}
	old := append([]byte(oldCache), 1, 0, 0, 0)
	old = append(old, make([]byte, 12+4)...) // an entry, and up to a multiple of 8
	for name, raw := range map[string][]byte{"new": cache, "behind the old": append(old, cache...)} {
		if got := parseLoaderCache(raw, 0x0303); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := parseLoaderCache(cache, 0x0803); got != nil {
		t.Errorf("libraries of another machine: %v", got)
	}
	if got := parseLoaderCache(cache, 0); len(got) != 2 {
		t.Errorf("%v", got)
	}
	for n := range len(cache) {
		parseLoaderCache(cache[:n], 0) // must not crash
	}
}
