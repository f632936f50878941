// Package host answers the checker's questions about the running machine.
//
// Comes in: questions through check.Host. Goes out: what /proc, /sys and ELF
// files say. Guaranteed: nothing is read before it is asked for, and the same
// question gets the same answer for the life of the Host; errors say what to do.
package host

import (
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/runtime/elfsym"
	probe "sonde/runtime/feature"
	"sonde/runtime/proc"
	"sonde/runtime/sym"
	"sonde/runtime/sys"
)

// Options change where the Host looks. The zero value is the running machine.
type Options struct {
	// Root is where the file system to look at is mounted, "/" if empty.
	Root string
	// BTF is a file to use instead of the kernel's own type information.
	BTF string
	// TraceableFunctions is a file to use instead of available_filter_functions.
	TraceableFunctions string
	// Vmlinux is a file with debugging information to use instead of looking for that of
	// the running kernel.
	Vmlinux string
	// Watch, when not nil, is told of work that may take seconds: of what it does some of
	// how much. It gives what to call when that is over.
	Watch func(what string, done func() (done, total int)) (over func())
	// Features answers for the kernel; nil: it is asked itself.
	Features feature.Set
	// Without names features to do without, when the kernel is asked.
	Without []string
}

// Host is the running machine. It may be used by several goroutines.
type Host struct {
	opt     Options
	btf     func() (types.BTF, error)
	tracing func() (string, error)
	kernel  func() (*sym.Kernel, error)
	dynamic func() map[string]bool
	// kernelDebug is asked for kprobes on functions that are no symbols only.
	kernelDebug func() (*kernelDebug, error)
	// traceable is the kernel's list of functions, as text.
	traceable func() ([]byte, error)

	mu      sync.Mutex
	formats map[string]formatResult
	files   map[string]fileResult
}

type fileResult struct {
	file *elfsym.File
	err  error
}

var _ check.Host = (*Host)(nil)

// New makes a Host; it reads nothing yet.
func New(opt Options) *Host {
	if opt.Root == "" {
		opt.Root = "/"
	}
	h := &Host{opt: opt, formats: map[string]formatResult{}, files: map[string]fileResult{}}
	h.btf = sync.OnceValues(h.loadBTF)
	if h.opt.Features == nil {
		h.opt.Features = probe.New(h.BTF, opt.Without)
	}
	h.tracing = sync.OnceValues(h.findTracing)
	h.dynamic = sync.OnceValue(h.readDynamic)
	h.kernelDebug = sync.OnceValues(h.openKernelDebug)
	h.traceable = sync.OnceValues(h.readTraceable)
	h.kernel = sync.OnceValues(func() (*sym.Kernel, error) { return sym.LoadKernel(h.at("proc/kallsyms")) })
	return h
}

// at gives the path of a file below the root.
func (h *Host) at(name string) string { return path.Join(h.opt.Root, name) }

// Prefetch begins to load the type information, so that it is there when the
// script has been parsed. Worth it only for a script that will need it.
func (h *Host) Prefetch() { go h.btf() }

// BTF implements check.Host.
func (h *Host) BTF() types.BTF {
	b, _ := h.btf()
	return b
}

// BTFError tells why there is no type information; nil when there is.
func (h *Host) BTFError() error {
	_, err := h.btf()
	return err
}

// Features implements check.Host.
func (h *Host) Features() feature.Set { return h.opt.Features }

// Arch implements check.Host.
func (h *Host) Arch() *arch.Arch { return arch.Of(runtime.GOARCH) }

// NumCPU implements check.Host: as many as per-CPU maps have values for.
func (h *Host) NumCPU() int {
	n, err := sys.PossibleCPUs()
	if err != nil {
		return runtime.NumCPU()
	}
	return n
}

// KernelSymbol implements check.Host.
func (h *Host) KernelSymbol(name string) (uint64, error) {
	k, err := h.kernel()
	if err != nil {
		return 0, err
	}
	return k.Address(name), nil
}

// KernelFunction implements check.Host.
func (h *Host) KernelFunction(address uint64) string {
	k, err := h.kernel()
	if err != nil {
		return ""
	}
	frame, _ := k.Lookup(address)
	return frame.Name
}

// Kernel gives the kernel's symbols, loaded once.
func (h *Host) Kernel() (*sym.Kernel, error) { return h.kernel() }

// Process implements check.Host.
func (h *Host) Process(pid int) bool { return proc.Exists(h.opt.Root, pid) }

// initialPIDNamespace is the fixed inode number of the first PID namespace
// (PROC_PID_INIT_INO in include/linux/proc_ns.h).
const initialPIDNamespace = 0xEFFFFFFC

// PIDNamespace implements check.Host. Without /proc it is taken to be the first.
func (h *Host) PIDNamespace() (dev, inode uint64, initial bool) {
	var st syscall.Stat_t
	if syscall.Stat(h.at("proc/self/ns/pid"), &st) != nil {
		return 0, initialPIDNamespace, true
	}
	return st.Dev, st.Ino, st.Ino == initialPIDNamespace
}

// matching gives those names that match a glob, sorted and without repetitions.
func matching(glob string, names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		ok, err := path.Match(glob, name)
		if err != nil {
			return nil, badPattern(glob, err)
		}
		if ok {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// literal tells that a glob stands for one name only.
func literal(glob string) bool { return !strings.ContainsAny(glob, `*?[\`) }

// dirs lists the folders in a folder.
func dirs(name string) ([]string, error) {
	list, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range list {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
