// Package hosttest is a machine made of plain data, for tests of the checker and
// of code generation.
//
// New gives a small amd64 machine with the types of package btftest, a few
// tracepoints, kernel functions, binaries and processes. Tests change what they
// need in the fields before they use it.
package hosttest

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/lang/types/btftest"
	"sonde/lang/types/tracepoint"
)

//go:embed formats.txtar
var formats []byte

// Host is a machine. Lists need not be sorted.
type Host struct {
	Types    types.BTF // nil: none
	Set      feature.Set
	Machine  string // GOARCH
	CPUs     int
	Formats  map[string]string // text of format files by "category:event"
	RawTPs   []string
	Dynamic  []string // "category:event" of the Formats that users have defined
	Funcs    []string // "module:name"
	Kallsyms map[string]uint64
	Loaded   []check.BPFProgram
	// Debug are the places where functions were inlined; nil: there is no debugging
	// information.
	Debug map[string][]check.KernelPlace
	// Files are the binaries by absolute path, Names what bare names stand for.
	Files map[string][]check.BinarySymbol
	Names map[string]string
	PIDs  []int
	// Cgroups are ids by path.
	Cgroups map[string]uint64
}

var _ check.Host = (*Host)(nil)

// New gives a machine with everything that a recent kernel has.
func New() *Host {
	h := &Host{
		Types:   btftest.Kernel(),
		Set:     feature.UpTo{Major: 6, Minor: 18},
		Machine: "amd64",
		CPUs:    4,
		Formats: map[string]string{},
		RawTPs:  btftest.Kernel().Names("rawtracepoint"),
		Funcs: []string{
			"vmlinux:vfs_read", "vmlinux:vfs_write", "vmlinux:vfs_open", "vmlinux:tcp_connect",
			"vmlinux:do_nanosleep", "vmlinux:by_value", "vmlinux:no_btf_here", "ext4:ext4_sync_file",
		},
		Kallsyms: map[string]uint64{
			"vfs_read": 0xffffffff81200000, "vfs_write": 0xffffffff81200400, "jiffies": 0xffffffff82005000,
			"__per_cpu_offset": 0xffffffff82006000, "process_counts": 0x1f000,
		},
		Files: map[string][]check.BinarySymbol{
			"/usr/bin/bash": symbols(0x400000, 0x1000, "main", "readline", "execute_command"),
			"/usr/lib/libc.so.6": symbols(0, 0x28000, "malloc", "free", "calloc", "open", "puts", "getenv",
				"__libc_start_main"),
			"/opt/app/server":   symbols(0, 0x2000, "main", "_ZN3net6Server5startEv", "main.handle"),
			"/opt/app/goserver": symbols(0x400000, 0, "main.main", "main.(*server).handle", "runtime.copystack"),
		},
		Names: map[string]string{
			"bash": "/usr/bin/bash", "libc": "/usr/lib/libc.so.6", "libc.so.6": "/usr/lib/libc.so.6",
		},
		PIDs:    []int{1, 1234},
		Cgroups: map[string]uint64{"/sys/fs/cgroup": 1, "/sys/fs/cgroup/system.slice": 77},
	}
	for _, f := range txtar.Parse(formats).Files {
		h.Formats[f.Name] = string(f.Data)
	}
	return h
}

// symbols lays functions of 256 bytes out one after the other.
func symbols(base, offset uint64, names ...string) []check.BinarySymbol {
	var list []check.BinarySymbol
	for i, name := range names {
		at := offset + uint64(i)*256
		list = append(list, check.BinarySymbol{Name: name, Address: base + at, Offset: at, Size: 256, Func: true})
	}
	return list
}

// BTF implements check.Host.
func (h *Host) BTF() types.BTF { return h.Types }

// Features implements check.Host.
func (h *Host) Features() feature.Set { return h.Set }

// Arch implements check.Host.
func (h *Host) Arch() *arch.Arch { return arch.Of(h.Machine) }

// NumCPU implements check.Host.
func (h *Host) NumCPU() int { return h.CPUs }

// matching gives the names that match the glob, sorted.
func matching(glob string, names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		ok, err := path.Match(glob, name)
		if err != nil {
			return nil, fmt.Errorf("bad pattern %q: %w", glob, err)
		}
		if ok {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, nil
}

func keys[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}

// Tracepoints implements check.Host.
func (h *Host) Tracepoints(category, event string) ([]string, error) {
	return matching(category+":"+event, keys(h.Formats))
}

// TracepointFormat implements check.Host.
func (h *Host) TracepointFormat(category, event string) (*types.Struct, uint64, error) {
	text, ok := h.Formats[category+":"+event]
	if !ok {
		return nil, 0, fmt.Errorf("tracepoint %s:%s: %w", category, event, fs.ErrNotExist)
	}
	f, err := tracepoint.Parse(category, event, text, h.BTF)
	if err != nil {
		return nil, 0, err
	}
	return f.Record, f.ID, nil
}

// DynamicEvent implements check.Host.
func (h *Host) DynamicEvent(category, event string) bool {
	return slices.Contains(h.Dynamic, category+":"+event)
}

// RawTracepoints implements check.Host.
func (h *Host) RawTracepoints(glob string) ([]string, error) { return matching(glob, h.RawTPs) }

// Functions implements check.Host.
func (h *Host) Functions(module, glob string) ([]string, error) {
	if module == "" {
		module = "*"
	}
	return matching(module+":"+glob, h.Funcs)
}

// Programs implements check.Host.
func (h *Host) Programs(id uint32) ([]check.BPFProgram, error) {
	var list []check.BPFProgram
	for _, p := range h.Loaded {
		if id == 0 || id == p.ID {
			list = append(list, p)
		}
	}
	return list, nil
}

// NoKprobe implements check.Host.
func (h *Host) NoKprobe(function string) bool {
	n := 0
	for _, f := range h.Funcs {
		if strings.HasSuffix(f, ":"+function) {
			n++
		}
	}
	return n > 1
}

// KernelSymbol implements check.Host.
func (h *Host) KernelSymbol(name string) (uint64, error) { return h.Kallsyms[name], nil }

// KernelFunction implements check.Host; only first addresses of functions are known.
func (h *Host) KernelFunction(address uint64) string {
	for name, at := range h.Kallsyms {
		if at == address {
			return name
		}
	}
	return ""
}

// Inlined implements check.Host.
func (h *Host) Inlined(function string) ([]check.KernelPlace, error) {
	if h.Debug == nil {
		return nil, fmt.Errorf("there is no debugging information of this kernel: %w", fs.ErrNotExist)
	}
	if len(h.Debug[function]) == 0 {
		return nil, fmt.Errorf("vmlinux has no function %s", function)
	}
	return h.Debug[function], nil
}

// Binaries implements check.Host.
func (h *Host) Binaries(name string, _ int) ([]string, error) {
	if p, ok := h.Names[name]; ok {
		name = p
	}
	if name == "*" {
		return slices.Sorted(maps.Keys(h.Files)), nil
	}
	list, err := matching(name, keys(h.Files))
	if err == nil && len(list) == 0 && !strings.ContainsAny(name, "*?[") {
		err = fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return list, err
}

// BinarySymbols implements check.Host.
func (h *Host) BinarySymbols(path string) ([]check.BinarySymbol, error) {
	list, ok := h.Files[path]
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return list, nil
}

// BinaryOffset implements check.Host.
func (h *Host) BinaryOffset(path string, address uint64) (uint64, error) {
	list, err := h.BinarySymbols(path)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		if address >= s.Address && address < s.Address+s.Size {
			return s.Offset + address - s.Address, nil
		}
	}
	return 0, fmt.Errorf("%s: address %#x is not in the file", path, address)
}

// Process implements check.Host.
func (h *Host) Process(pid int) bool { return slices.Contains(h.PIDs, pid) }

// PIDNamespace implements check.Host.
func (h *Host) PIDNamespace() (dev, inode uint64, initial bool) { return 4, 0xEFFFFFFC, true }

// CgroupID implements check.Host.
func (h *Host) CgroupID(path string) (uint64, error) {
	id, ok := h.Cgroups[path]
	if !ok {
		return 0, errors.New(path + " is not a cgroup v2 directory")
	}
	return id, nil
}
