package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Attach types of links, from enum bpf_attach_type.
const (
	attachIter          = 28
	attachPerfEvent     = 41
	attachKprobeMulti   = 42
	attachUprobeMulti   = 48
	attachKprobeSession = 56
)

// LinkPerfEvent runs the program at each occurrence of a perf event, with an
// attach cookie, until the link is closed. EINVAL: the kernel has no such links
// (before 5.15).
func LinkPerfEvent(prog, event int, cookie uint64) (int, error) {
	attr := struct {
		prog, target, kind, flags uint32
		cookie                    uint64
	}{prog: uint32(prog), target: uint32(event), kind: attachPerfEvent, cookie: cookie}
	return bpf(cmdLinkCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// SetPerfEventProgram is LinkPerfEvent without link or cookie: the program stays
// until the event itself is closed (PERF_EVENT_IOC_SET_BPF, kernel 4.1).
func SetPerfEventProgram(prog, event int) error {
	return unix.IoctlSetInt(event, unix.PERF_EVENT_IOC_SET_BPF, prog)
}

// OpenRawTracepoint runs the program at a raw tracepoint until the descriptor is
// closed; name is "" for programs that are bound to theirs when loaded. Cookie:
// kernel 6.10.
func OpenRawTracepoint(prog int, name string, cookie uint64) (int, error) {
	attr := struct {
		name    unsafe.Pointer
		prog, _ uint32
		cookie  uint64
	}{prog: uint32(prog), cookie: cookie}
	if name != "" {
		attr.name = first(append([]byte(name), 0))
	}
	return bpf(cmdRawTracepointOpen, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// UprobeMulti is a set of places in one file.
type UprobeMulti struct {
	Path    string
	Offsets []uint64 // within the file, bytes
	// Cookies and RefCounters are as many as Offsets, or none.
	Cookies     []uint64
	RefCounters []uint64
	Return      bool
	PID         int // 0: all processes
}

const uprobeMultiReturn = 1 // BPF_F_UPROBE_MULTI_RETURN

// LinkUprobes runs the program at all places of u until the link is closed. Kernel
// 6.6; the program must have been loaded for BPF_TRACE_UPROBE_MULTI.
func LinkUprobes(prog int, u *UprobeMulti) (int, error) {
	attr := struct {
		prog, target, kind, flags0 uint32
		path, offsets, refs, cooks unsafe.Pointer
		count, flags, pid, _       uint32
	}{
		prog: uint32(prog), kind: attachUprobeMulti,
		path: first(append([]byte(u.Path), 0)), offsets: first(u.Offsets), refs: first(u.RefCounters), cooks: first(u.Cookies),
		count: uint32(len(u.Offsets)), pid: uint32(u.PID),
	}
	if u.Return {
		attr.flags = uprobeMultiReturn
	}
	return bpf(cmdLinkCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// KprobeMulti is a set of kernel functions, by name.
type KprobeMulti struct {
	Symbols []string
	Cookies []uint64 // as many as Symbols, or none
	Return  bool
	// Session: the program runs at entry and return of each; it was loaded for
	// BPF_TRACE_KPROBE_SESSION (kernel 6.10) instead of BPF_TRACE_KPROBE_MULTI.
	Session bool
}

const kprobeMultiReturn = 1 // BPF_F_KPROBE_MULTI_RETURN

// LinkKprobes runs the program at all functions of k until the link is closed. Kernel
// 5.18. ESRCH: not all of them can be traced.
func LinkKprobes(prog int, k *KprobeMulti) (int, error) {
	attr := struct {
		prog, target, kind, flags0 uint32
		flags, count               uint32
		symbols, addresses, cooks  unsafe.Pointer
	}{prog: uint32(prog), kind: attachKprobeMulti, count: uint32(len(k.Symbols)), cooks: first(k.Cookies)}
	if k.Session {
		attr.kind = attachKprobeSession
	}
	if k.Return {
		attr.flags = kprobeMultiReturn
	}
	names := make([]unsafe.Pointer, len(k.Symbols))
	for i, s := range k.Symbols {
		names[i] = first(append([]byte(s), 0))
	}
	attr.symbols = first(names)
	return bpf(cmdLinkCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// LinkIterator makes an iterator of a program that was loaded for BPF_TRACE_ITER
// (kernel 5.8). pid, when not 0, restricts it to one process (kernel 6.1). order, when not
// 0, is that of cgroups, from their root on (kernel 6.1).
func LinkIterator(prog, pid int, order uint32) (int, error) {
	// union bpf_iter_link_info, as far as it is about tasks or cgroups.
	type tasks struct{ tid, pid, pidFD uint32 }
	type cgroups struct {
		order, fd uint32
		id        uint64
	}
	attr := struct {
		prog, target, kind, flags uint32
		info                      unsafe.Pointer
		infoLen, _                uint32
	}{prog: uint32(prog), kind: attachIter}
	switch {
	case order != 0:
		attr.info, attr.infoLen = unsafe.Pointer(&cgroups{order: order}), uint32(unsafe.Sizeof(cgroups{}))
	case pid != 0:
		attr.info, attr.infoLen = unsafe.Pointer(&tasks{pid: uint32(pid)}), uint32(unsafe.Sizeof(tasks{}))
	}
	return bpf(cmdLinkCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// ReadIterator opens an iterator for reading, from the first object on.
func ReadIterator(link int) (int, error) {
	attr := struct{ link, flags uint32 }{link: uint32(link)}
	return bpf(cmdIterCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// Pin keeps a BPF object in a file, which must not exist, of a BPF file system.
func Pin(fd int, path string) error {
	attr := struct {
		path      unsafe.Pointer
		fd, flags uint32
	}{path: first(append([]byte(path), 0)), fd: uint32(fd)}
	_, err := bpf(cmdPin, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err
}
