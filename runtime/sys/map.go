package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// MapSpec is a map to create. Sizes are in bytes, and those of a ring buffer in
// Entries.
type MapSpec struct {
	Name    string
	Type    uint32
	Key     uint32
	Value   uint32
	Entries uint32
	Flags   uint32
}

// CreateMap makes a map (BPF_MAP_CREATE) and gives its descriptor.
func CreateMap(s MapSpec) (int, error) {
	attr := struct {
		kind, key, value, entries, flags, inner, numa uint32
		name                                          [16]byte
		ifindex                                       uint32
	}{kind: s.Type, key: s.Key, value: s.Value, entries: s.Entries, flags: s.Flags, name: name(s.Name)}
	return bpf(cmdMapCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

type elemAttr struct {
	fd, _ uint32
	key   unsafe.Pointer
	value unsafe.Pointer
	flags uint64
}

// Flags of Update.
const (
	Any   = 0 // create or replace
	Exist = 2 // replace only
)

// Lookup copies the value at key: for a per-CPU map, that of each possible CPU,
// rounded up to 8 bytes. ENOENT: there is none.
func Lookup(fd int, key, value []byte) error {
	attr := elemAttr{fd: uint32(fd), key: first(key), value: first(value)}
	_, err := bpf(cmdMapLookup, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err
}

// Update sets the value at key, in the form that Lookup gives. ENOENT with Exist:
// there is none; E2BIG: the map is full.
func Update(fd int, key, value []byte, flags uint64) error {
	attr := elemAttr{fd: uint32(fd), key: first(key), value: first(value), flags: flags}
	_, err := bpf(cmdMapUpdate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err
}

// Delete removes the element at key. ENOENT: there is none.
func Delete(fd int, key []byte) error {
	attr := elemAttr{fd: uint32(fd), key: first(key)}
	_, err := bpf(cmdMapDelete, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err
}

// Batch is the position of a walk over a map by batches. The zero Batch is the
// start.
type Batch struct {
	started bool
	cursor  [8]byte // the kernel's: a bucket or an index
}

type batchAttr struct {
	in, out      unsafe.Pointer
	keys, values unsafe.Pointer
	count, fd    uint32
	elemFlags    uint64
	flags        uint64
}

// LookupBatch copies the next elements, at most count of them, keys and values
// packed (see Lookup); it gives how many, and whether the walk is over. ENOSPC:
// the next bucket of the hash table has more than count elements and none were
// copied; try again with more. Each element that is in the map throughout the
// walk is seen exactly once, because buckets are copied whole, under their lock
// (kernel/bpf/hashtab.c). Kernel 5.6; arrays 5.6, per-CPU arrays 5.13.
func (b *Batch) LookupBatch(fd int, keys, values []byte, count uint32) (n uint32, end bool, err error) {
	return b.walk(cmdMapLookupBatch, fd, keys, values, count)
}

// LookupDeleteBatch is LookupBatch that also removes what it copies. Hash tables
// only.
func (b *Batch) LookupDeleteBatch(fd int, keys, values []byte, count uint32) (n uint32, end bool, err error) {
	return b.walk(cmdMapLookupDeleteBatch, fd, keys, values, count)
}

func (b *Batch) walk(cmd uintptr, fd int, keys, values []byte, count uint32) (uint32, bool, error) {
	out := b.cursor
	attr := batchAttr{out: unsafe.Pointer(&out), keys: first(keys), values: first(values), count: count, fd: uint32(fd)}
	if b.started {
		attr.in = unsafe.Pointer(&b.cursor)
	}
	_, err := bpf(cmd, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	switch err {
	case nil:
		b.started, b.cursor = true, out
		return attr.count, false, nil
	case unix.ENOENT:
		return attr.count, true, nil
	}
	return 0, false, err
}
