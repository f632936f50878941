package feature

import (
	"encoding/binary"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// watch opens a watchpoint for writes of this thread to a word.
func watch(word *uint64) (event int, err error) {
	const write = 2 // HW_BREAKPOINT_W
	return sys.OpenPerfEvent(&sys.PerfEvent{
		Type: unix.PERF_TYPE_BREAKPOINT, Breakpoint: write, Address: uint64(uintptr(unsafe.Pointer(word))), Number: 8,
		Sample: 1, CPU: -1,
	})
}

// watchpoint watches a word and writes to it: kernels take watchpoints even where
// the (virtual) processor has none that work.
func watchpoint(*Kernel) answer {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	word := new(uint64)
	fd, err := watch(word)
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

// stuck is after which time a thread that has one word to write does not get over it.
const stuck = 200 * time.Millisecond

// watchpointStep writes to a word whose watchpoint has a program. A thread that the kernel
// does not step over the instruction comes back to it for ever, until the watchpoint goes.
func watchpointStep(*Kernel) answer {
	program, err := load(ofType(ebpf.PerfEvent), nothing()...)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	type opened struct {
		event int
		err   error
	}
	ready, done := make(chan opened), make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		word := new(uint64)
		event, err := watch(word)
		if err == nil {
			err = sys.SetPerfEventProgram(program, event)
		}
		ready <- opened{event, err}
		if err == nil {
			atomic.StoreUint64(word, 1)
		}
	}()
	o := <-ready
	result := yes
	if o.err != nil {
		result = refused(o.err)
	}
	select {
	case <-done:
	case <-time.After(stuck):
		result = no
	}
	if o.event >= 0 {
		unix.Close(o.event)
	}
	<-done
	return result
}
