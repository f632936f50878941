// Package sys makes the system calls that the runtime lives on: bpf(2),
// perf_event_open(2) and io_uring(7), with nothing in between.
//
// Comes in: numbers, byte slices and file descriptors. Goes out: what the kernel
// answered, errors as unix.Errno (wrapped nowhere). Guaranteed: no call asks
// the kernel anything besides what it is told to do: no feature probes, no
// retries with other arguments, nothing pinned. A library that probes features before
// its first map and program costs a one-probe script more than creating them.
//
// The layouts of the attribute structures are those of include/uapi/linux/bpf.h;
// the kernel takes shorter ones than its own, and longer ones whose tail is zero.
package sys

import (
	"encoding/binary"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of bpf(2), from enum bpf_cmd.
const (
	cmdMapCreate            = 0
	cmdMapLookup            = 1
	cmdMapUpdate            = 2
	cmdMapDelete            = 3
	cmdProgLoad             = 5
	cmdPin                  = 6
	cmdProgTestRun          = 10
	cmdProgNextID           = 11
	cmdProgByID             = 13
	cmdInfoByFD             = 15
	cmdRawTracepointOpen    = 17
	cmdBTFLoad              = 18
	cmdBTFByID              = 19
	cmdBTFNextID            = 23
	cmdMapLookupBatch       = 24
	cmdMapLookupDeleteBatch = 25
	cmdLinkCreate           = 28
	cmdLinkByID             = 30
	cmdEnableStats          = 32
	cmdIterCreate           = 33
)

// loadAttempts bounds how often a program is verified again because a signal
// interrupted the verifier; the Go runtime sends itself signals.
const loadAttempts = 30

// bpf is bpf(2). The verifier answers EAGAIN when a signal is pending (kernel,
// kernel/bpf/verifier.c), which here never concerns the call.
func bpf(cmd uintptr, attr unsafe.Pointer, size uintptr) (int, error) {
	for try := 0; ; try++ {
		r, _, errno := unix.Syscall(unix.SYS_BPF, cmd, uintptr(attr), size)
		switch {
		case errno == 0:
			return int(r), nil
		case errno == unix.EINTR:
		case errno == unix.EAGAIN && cmd == cmdProgLoad && try < loadAttempts:
		default:
			return -1, errno
		}
	}
}

// name is what the kernel takes for a name: at most 15 bytes of letters, digits,
// underscores and dots.
func name(s string) (n [16]byte) {
	i := 0
	for _, c := range []byte(s) {
		ok := c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if ok && i < len(n)-1 {
			n[i] = c
			i++
		}
	}
	return n
}

// first gives the address of a slice's first byte, nil when it has none.
func first[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// ByteOrder is the machine's, as a value that cilium's assembler knows.
func ByteOrder() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

const membarrierGlobal = 1 // MEMBARRIER_CMD_GLOBAL

// Quiesce waits until all programs that run at this moment have ended: for one grace
// period of RCU, under which programs other than sleepable ones run.
func Quiesce() {
	if _, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, membarrierGlobal, 0, 0); errno != 0 {
		// Kernels with nohz_full have no such call. Programs run for microseconds.
		time.Sleep(10 * time.Millisecond)
	}
}

// CloseAll closes descriptors one after another.
func CloseAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
