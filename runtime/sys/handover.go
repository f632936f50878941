package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const ioringRegisterFiles = 2

// HandOver closes descriptors by giving them to the kernel, whose worker
// threads then do what waiting there is; it returns at once. It tells whether it
// could; if not, nothing happened.
//
// The last close of a perf tracepoint or perf uprobe waits for grace periods
// under a global lock (kernel/trace/trace_event_perf.c, trace_uprobe.c):
// 22 to 70 ms each, one after the other however many threads close them, and so
// does the exit of a process that holds them. What an io_uring holds is closed by a worker
// when the ring is gone. The kernel may not offer io_uring (before 5.1, sysctl
// kernel.io_uring_disabled, a seccomp filter).
func HandOver(fds []int) bool {
	if len(fds) == 0 {
		return true
	}
	var params [120]byte // struct io_uring_params: all defaults
	ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return false
	}
	defer unix.Close(int(ring))
	files := make([]int32, len(fds))
	for i, fd := range fds {
		files[i] = int32(fd)
	}
	_, _, errno = unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, ioringRegisterFiles,
		uintptr(unsafe.Pointer(&files[0])), uintptr(len(files)), 0, 0)
	if errno != 0 {
		return false
	}
	CloseAll(fds)
	return true
}
