package feature

import (
	"errors"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// uprobeMultiPID asks for places in a folder, where there are none, first for all
// processes and then for an impossible one. A kernel that has such links finds fault with
// the folder (EBADF). Since it takes the number for that of a process, where before it
// compared threads, it finds fault with the number before that (EINVAL): the same commit
// brought the one and the other, so that it could be told.
func uprobeMultiPID(*Kernel) answer {
	program, err := load(sys.Program{Type: uint32(ebpf.Kprobe), AttachType: uint32(ebpf.AttachTraceUprobeMulti)}, nothing()...)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	places := &sys.UprobeMulti{Path: "/", Offsets: []uint64{0}}
	if _, err := sys.LinkUprobes(program, places); !errors.Is(err, unix.EBADF) {
		return refused(err)
	}
	places.PID = -1
	if _, err := sys.LinkUprobes(program, places); !errors.Is(err, unix.EINVAL) {
		return no
	}
	return yes
}

// perfLink asks for a link to a perf event that is none (EBADF); a kernel without such
// links finds fault with the kind of link.
func perfLink(*Kernel) answer {
	program, err := load(ofType(ebpf.PerfEvent), nothing()...)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	if _, err := sys.LinkPerfEvent(program, -1, 0); !errors.Is(err, unix.EBADF) {
		return refused(err)
	}
	return yes
}
