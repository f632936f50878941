package sym

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kallsyms = `0000000000000000 A __per_cpu_start
0000000000001000 A cpu_info
ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000100 t helper
ffffffff81000200 T vfs_read
ffffffffc0000000 t ext4_sync	[ext4]
ffffffff82000000 D jiffies
ffffffffc0000100 t bpf_prog_6deef7357e7b4530_count	[bpf]
garbage
`

func load(t *testing.T, text string) (*Kernel, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kallsyms")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return LoadKernel(path)
}

func TestKernel(t *testing.T) {
	k, err := load(t, kallsyms)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[uint64]string{
		0xffffffff81000000: "_text+0",
		0xffffffff81000042: "_text+66",
		0xffffffff81000100: "helper+0",
		0xffffffff810002ff: "vfs_read+255",
		0xffffffff82000008: "jiffies+8",
		0xffffffffc0000010: "ext4_sync+16 [ext4]",
		0xffffffffc0000101: "bpf_prog_6deef7357e7b4530_count+1 [bpf]",
		0xffffffffc0fff000: "", // far behind the last
		0x1000:             "", // per-CPU offsets are no addresses
		0:                  "",
		1<<64 - 1:          "",
	} {
		f, ok := k.Lookup(address)
		if got := show(f); got != want || ok != (want != "") || f.Addr != address {
			t.Errorf("%#x is %q, want %q", address, got, want)
		}
	}
	for name, want := range map[string]uint64{
		"vfs_read": 0xffffffff81000200, "jiffies": 0xffffffff82000000, "_text": 0xffffffff81000000,
		"read": 0, "vfs": 0, "": 0, "cpu_info": 0,
	} {
		if got := k.Address(name); got != want {
			t.Errorf("%s is at %#x, want %#x", name, got, want)
		}
	}
}

func TestKernelErrors(t *testing.T) {
	if _, err := load(t, "0000000000000000 T _text\n0000000000000000 T vfs_read\n"); err == nil ||
		!strings.Contains(err.Error(), "kptr_restrict") {
		t.Errorf("hidden addresses: %v", err)
	}
	if _, err := LoadKernel(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(unwrap(err)) {
		t.Error(err)
	}
}

func TestRunningKernel(t *testing.T) {
	k, err := LoadKernel("/proc/kallsyms")
	if err != nil {
		if os.Geteuid() == 0 {
			t.Error(err)
		}
		t.Skip(err)
	}
	a := k.Address("vfs_read")
	if f, ok := k.Lookup(a + 1); a == 0 || !ok || f.Name != "vfs_read" || f.Offset != 1 {
		t.Errorf("%#x: %v", a, f)
	}
}

func BenchmarkLoadKernel(b *testing.B) {
	for b.Loop() {
		if _, err := LoadKernel("/proc/kallsyms"); err != nil {
			b.Skip(err)
		}
	}
}
