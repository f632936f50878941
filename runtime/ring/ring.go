// Package ring reads BPF ring buffers (BPF_MAP_TYPE_RINGBUF).
//
// Comes in: the descriptor of such a map. Goes out: its records, in the order in
// which they were reserved, in place: nothing is copied. Guaranteed: every
// record that was submitted is delivered exactly once, discarded ones never; a
// record that is still being written holds up those behind it.
//
// The layout is that of kernel/bpf/ringbuf.c: a page with the consumer's position,
// which is the reader's to write, a page with the producers', and the data, mapped
// twice in a row so that every record is contiguous.
package ring

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A record begins with a header of 8 bytes: length and two flags, and the
// kernel's own page offset. Records begin at multiples of 8.
const (
	headerSize = 8
	busy       = 1 << 31 // being written
	discarded  = 1 << 30
)

// Reader is one end of a ring buffer. Its methods are for one goroutine.
type Reader struct {
	consumer *uint64
	producer *uint64
	data     []byte // twice the size
	size     uint64
	at       uint64
	control  []byte // mappings, for Close
	buffer   []byte
}

// New maps the ring buffer fd of size bytes (the map's max_entries).
func New(fd int, size int) (*Reader, error) {
	page := os.Getpagesize()
	control, err := unix.Mmap(fd, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the ring buffer: %w", err)
	}
	buffer, err := unix.Mmap(fd, int64(page), page+2*size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		unix.Munmap(control)
		return nil, fmt.Errorf("mapping the ring buffer: %w", err)
	}
	r := newReader(control, buffer, page)
	r.control, r.buffer = control, buffer
	return r, nil
}

// newReader reads from memory laid out as the kernel does it.
func newReader(control, buffer []byte, page int) *Reader {
	data := buffer[page:]
	return &Reader{
		consumer: (*uint64)(unsafe.Pointer(&control[0])),
		producer: (*uint64)(unsafe.Pointer(&buffer[0])),
		data:     data,
		size:     uint64(len(data) / 2),
	}
}

// Close unmaps the buffer. What was not read is lost.
func (r *Reader) Close() error {
	err := unix.Munmap(r.buffer)
	if e := unix.Munmap(r.control); err == nil {
		err = e
	}
	return err
}

// Size is the buffer's size in bytes.
func (r *Reader) Size() int { return int(r.size) }

// Pending is how many bytes are reserved or submitted and not yet read.
func (r *Reader) Pending() int {
	return int(atomic.LoadUint64(r.producer) - atomic.LoadUint64(r.consumer))
}

// Position is where the record begins that Drain's function has, or else the next
// one: bytes since the buffer was made, as BPF_RB_PROD_POS counts them.
func (r *Reader) Position() uint64 { return r.at }

// Drain calls f with each record, until there is no more, the next one is still
// being written, f returns false, or a bufferful was read. f must not keep the
// slice. It gives how many bytes of the buffer were read and whether the buffer
// is now empty.
func (r *Reader) Drain(f func(record []byte) bool) (bytes int, empty bool) {
	start := atomic.LoadUint64(r.consumer)
	// Space is given back to the producers every now and then, not for each record:
	// they read that cache line at each reservation.
	pos, given, step := start, start, r.size/16
	end := atomic.LoadUint64(r.producer)
	for more := true; more && pos-start < r.size; {
		if pos == end {
			if end = atomic.LoadUint64(r.producer); pos == end {
				break
			}
		}
		offset := pos & (r.size - 1)
		header := atomic.LoadUint32((*uint32)(unsafe.Pointer(&r.data[offset])))
		if header&busy != 0 {
			break
		}
		length := uint64(header &^ discarded)
		r.at = pos
		pos += (length + headerSize + 7) &^ 7
		if header&discarded == 0 {
			record := r.data[offset+headerSize:]
			more = f(record[:length:length])
		}
		if pos-given >= step {
			atomic.StoreUint64(r.consumer, pos)
			given = pos
		}
	}
	r.at = pos
	if pos != given {
		atomic.StoreUint64(r.consumer, pos)
	}
	return int(pos - start), pos == atomic.LoadUint64(r.producer)
}
