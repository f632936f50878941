package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const ioringRegisterFiles = 2

// Hold moves descriptors out of the process into an io_uring, of which it gives the
// descriptor: closing that, or the end of the process, closes them all without
// waiting, because the kernel's worker threads do. It tells whether it could; if
// not, nothing happened.
//
// The last close of a perf tracepoint or perf uprobe waits for grace periods
// under a global lock (kernel/trace/trace_event_perf.c, trace_uprobe.c):
// 22 to 70 ms each, one after the other however many threads close them, and so
// does the exit of a process that has them open. The kernel may not offer io_uring (before 5.1,
// sysctl kernel.io_uring_disabled, a seccomp filter).
func Hold(fds []int) (ring int, ok bool) {
	var params [120]byte // struct io_uring_params: all defaults
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return -1, false
	}
	files := make([]int32, len(fds))
	for i, fd := range fds {
		files[i] = int32(fd)
	}
	_, _, errno = unix.Syscall6(unix.SYS_IO_URING_REGISTER, fd, ioringRegisterFiles,
		uintptr(unsafe.Pointer(unsafe.SliceData(files))), uintptr(len(files)), 0, 0)
	if errno != 0 {
		unix.Close(int(fd))
		return -1, false
	}
	CloseAll(fds)
	return int(fd), true
}

// HandOver closes descriptors without waiting, see Hold.
func HandOver(fds []int) bool {
	if len(fds) == 0 {
		return true
	}
	ring, ok := Hold(fds)
	if ok {
		unix.Close(ring)
	}
	return ok
}
