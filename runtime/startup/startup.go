// Package startup makes starting up cheap in what costs most of it: page faults.
//
// A tracer that is attached after 20 ms has taken more than 400 of them, one for each 4 KiB of
// fresh memory and each 64 KiB of the program itself. On bare metal that is a tenth of a
// millisecond, but in virtual machines whose page tables the hypervisor shadows each
// takes 15 µs, and 65 µs where data is written that was read before: in all a third of the time
// to start. Pages that are asked for together take half a microsecond each.
//
// Comes in: nothing; importing the package is enough for the heap. The program's
// own pages are asked for by entry, which must be the program's entry point for that:
// go build -ldflags '-E sonde/runtime/startup.entry'. Guaranteed: where the kernel
// refuses what is asked for (MADV_POPULATE_READ and MADV_POPULATE_WRITE are of Linux 5.14;
// it may have no huge page to give), the gain is lost and nothing else.
package startup

import (
	"syscall"
	"unsafe"
)

// entry asks for the program's text and data and goes on to the Go runtime's entry point. Only
// the linker may refer to it.
func entry()

var _ = entry

const (
	huge   = 2 << 20  // bytes of a huge page, and its alignment
	block  = 64 << 10 // divides huge; what the allocator takes from the heap itself
	blocks = huge/block + 8
	run    = 512 << 10 // bytes that a processor takes from there at once, for small objects

	populateWrite = 23 // MADV_POPULATE_WRITE
)

// init sees to it that what is taken from the heap from now on is on one huge page, which is
// one fault of 0.1 to 0.3 ms, and asks for what this processor has taken already. The
// heap hands out its pages mostly in order, so it is brought to where a huge page can begin by taking
// what is before, untouched. That is garbage at once, too little to make the
// garbage collector begin. Where the allocator does otherwise than assumed, less is gained.
//
// The package depends on package syscall only, so that it is initialised before most
// others are.
func init() {
	for range blocks {
		if at := take(block); at%huge == 0 {
			madvise(at, huge, syscall.MADV_HUGEPAGE)
			break
		}
	}
	madvise(take(4096)&^0xffff, run, populateWrite)
	taken = nil
}

// taken makes what take allocates escape to the Go heap.
var taken []byte

// take allocates n bytes and gives their address.
func take(n uintptr) uintptr {
	taken = make([]byte, n)
	return uintptr(unsafe.Pointer(unsafe.SliceData(taken)))
}

// madvise says something of n bytes of memory from a page on. A failure changes nothing.
func madvise(at, n, advice uintptr) {
	syscall.RawSyscall(syscall.SYS_MADVISE, at, n, advice)
}
