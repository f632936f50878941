package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Attach types of links, from enum bpf_attach_type.
const (
	attachPerfEvent   = 41
	AttachUprobeMulti = 48
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
// 6.6; the program must have been loaded with AttachUprobeMulti.
func LinkUprobes(prog int, u *UprobeMulti) (int, error) {
	attr := struct {
		prog, target, kind, flags0 uint32
		path, offsets, refs, cooks unsafe.Pointer
		count, flags, pid, _       uint32
	}{
		prog: uint32(prog), kind: AttachUprobeMulti,
		path: first(append([]byte(u.Path), 0)), offsets: first(u.Offsets), refs: first(u.RefCounters), cooks: first(u.Cookies),
		count: uint32(len(u.Offsets)), pid: uint32(u.PID),
	}
	if u.Return {
		attr.flags = uprobeMultiReturn
	}
	return bpf(cmdLinkCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}
