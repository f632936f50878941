// Package hugeheap puts the heap that starting up needs on one huge page. Importing
// it is all there is to it.
//
// A tracer that is attached after 20 ms has taken hundreds of page faults for a
// heap of 2 MiB, one for each 4 KiB: on bare metal that is a tenth of a millisecond, but
// 15 µs each in virtual machines whose page tables the hypervisor shadows, and then
// a third of the whole time to start. One huge page is one fault, of 0.1 to 0.3 ms. Kernels
// that have no huge page to give (transparent_hugepage/enabled is never, memory is
// in pieces) ignore the advice, and nothing depends on it.
//
// The package depends on package syscall only, so that it is initialised before most
// others are.
package hugeheap

import (
	"syscall"
	"unsafe"
)

const (
	size  = 2 << 20  // of a huge page, and its alignment
	block = 64 << 10 // divides size; what Go's allocator gives whole pages to
	// The allocator begins at a random page of a 4 MiB chunk and hands out pages in
	// order, so this many blocks pass an alignment boundary even when the chunk
	// ends before it.
	blocks = 2*size/block + 8
)

// init takes memory without touching it, so that it costs address space only,
// until the allocator has come to where a huge page can begin. What it hands out from
// then on is on that page. The blocks are garbage at once.
func init() {
	for range blocks {
		taken = new([block]byte)
		if at := uintptr(unsafe.Pointer(taken)); at%size == 0 {
			// A failure changes nothing.
			syscall.RawSyscall(syscall.SYS_MADVISE, at, size, syscall.MADV_HUGEPAGE)
			break
		}
	}
	taken = nil
}

// taken makes the blocks escape to the heap.
var taken *[block]byte
