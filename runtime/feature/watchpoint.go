package feature

import (
	"encoding/binary"
	"os"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// watchpoint watches a word and writes to it: kernels take watchpoints even where
// the (virtual) processor has none that work.
func watchpoint(*Kernel) answer {
	const write = 2 // HW_BREAKPOINT_W
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	word := new(uint64)
	fd, err := sys.OpenPerfEvent(&sys.PerfEvent{
		Type: unix.PERF_TYPE_BREAKPOINT, Breakpoint: write, Address: uint64(uintptr(unsafe.Pointer(word))), Number: 8,
		Sample: 1, CPU: -1,
	})
	if err != nil {
		return refused(err)
	}
	event := os.NewFile(uintptr(fd), "watchpoint")
	defer event.Close()
	atomic.StoreUint64(word, 1)
	var count [8]byte
	if _, err := event.Read(count[:]); err != nil || binary.NativeEndian.Uint64(count[:]) == 0 {
		return no
	}
	return yes
}
