package runtest

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sonde/lang/feature"
	"sonde/runtime/elfsym"
	"sonde/runtime/elfsym/elftest"
	"sonde/runtime/feature/featuretest"
)

// TestKprobeInlined: a kprobe on a function that was inlined. Kernels' debugging information
// is too large to be on every machine, so some is made here: with the build ID of the
// kernel that runs, linked elsewhere than it runs, it tells that a function was inlined where
// known functions begin, and where the kernel allows no probe.
func TestKprobeInlined(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Kprobes)
	symbols, err := os.ReadFile("/proc/kallsyms")
	if err != nil {
		t.Fatal(err)
	}
	address := func(function string) uint64 {
		m := regexp.MustCompile(`(?m)^([0-9a-f]+) [Tt] ` + regexp.QuoteMeta(function) + `$`).FindSubmatch(symbols)
		if m == nil {
			t.Fatalf("the kernel has no function %s", function)
		}
		n, err := strconv.ParseUint(string(m[1]), 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	notes, err := os.ReadFile("/sys/kernel/notes")
	if err != nil {
		t.Fatal(err)
	}
	id, err := hex.DecodeString(elfsym.NoteBuildID(notes, binary.NativeEndian))
	if err != nil || len(id) == 0 {
		t.Fatalf("the kernel has no build ID: %v", err)
	}
	const moved, size = 0x40_0000, 16
	file := elftest.File{BuildID: id, Code: elftest.Range{Address: 1 << 63, Size: 1<<63 - 1}}
	var places []uint64
	for _, function := range []string{"vfs_read", "vfs_write", refusing(t)} {
		at := address(function) - moved
		places = append(places, at)
		file.Symtab = append(file.Symtab, elftest.Func(function, at, size))
	}
	const inlined = "no_symbol_at_all"
	file.Debug = map[string][]byte{".debug_info": inlinedUnit(inlined, places), ".debug_abbrev": inlinedAbbrev}
	path := filepath.Join(t.TempDir(), "vmlinux")
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BPFTRACE_VMLINUX", path)

	w := prepareWorkload(t, []string{"reads", "1", "20", "300"})
	r := trace(t, "-v", "-e", "kprobe:"+inlined+" /pid == "+itoa(w.cmd.Process.Pid)+`/ { @[probe, func] = count(); @stacks[kstack(1)] = count(); }`)
	<-r.attached
	w.run(t)
	r.interrupt(t)
	status, out, errs := r.wait(t)
	if status != 0 || !strings.Contains(out, "@[kprobe:"+inlined+", vfs_read]: 3\n") || !regexp.MustCompile(`@stacks\[\s+vfs_read\+\d+\n\]: 3\n`).MatchString(out) {
		t.Errorf("status %d, printed %s%s", status, out, errs)
	}
	for _, want := range []string{
		"INFO: kprobe:" + inlined + ": perf event of a kprobe at vfs_read+0\n",
		"WARNING: Unable to attach probe: kprobe:" + inlined + ": 1 of 3 places of the inlined function, such as ",
		"Attached 2 probes\n",
	} {
		if !strings.Contains(out+errs, want) {
			t.Errorf("does not say %q: %s%s", want, out, errs)
		}
	}
	if status, _, errs := trace(t, "-e", "kprobe:not_even_inlined { }").wait(t); status != 1 || !strings.Contains(errs, path+" has no function not_even_inlined\n") {
		t.Errorf("a function that is unknown: status %d, %s", status, errs)
	}
}

// refusing is a function in which the kernel allows no kprobes.
func refusing(t *testing.T) string {
	list, err := os.ReadFile("/sys/kernel/debug/kprobes/blacklist")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)\t(\w*kprobe\w*)$`).FindSubmatch(list)
	if m == nil {
		t.Fatal("the kernel allows kprobes everywhere")
	}
	return string(m[1])
}

// inlinedAbbrev are the forms of the entries in inlinedUnit (DWARF 4, section 7.5).
var inlinedAbbrev = []byte{
	1, 0x11, 1, 0, 0, // compile unit with children
	2, 0x2e, 0, 0x03, 0x08, 0x20, 0x0b, 0, 0, // subprogram: name as text, inline as a byte
	3, 0x1d, 0, 0x31, 0x13, 0x11, 0x01, 0, 0, // inlined subroutine: abstract origin in the unit, low pc
	0,
}

// inlinedUnit says that a function was inlined at addresses.
func inlinedUnit(function string, addresses []uint64) []byte {
	order := binary.NativeEndian
	unit := []byte{0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8} // length, version, abbreviations, size of addresses
	order.PutUint16(unit[4:], 4)
	unit = append(unit, 1)
	origin := uint32(len(unit))
	unit = append(append(append(unit, 2), function...), 0, 3)
	for _, at := range addresses {
		unit = order.AppendUint64(order.AppendUint32(append(unit, 3), origin), at)
	}
	unit = append(unit, 0)
	order.PutUint32(unit, uint32(len(unit)-4))
	return unit
}
