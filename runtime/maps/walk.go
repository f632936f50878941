package maps

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// Batches begin small and grow by what the map turns out to hold, in bytes of
// keys and values.
const (
	firstBatch = 64 << 10
	lastBatch  = 4 << 20
)

type walker func(b *sys.Batch, fd int, keys, values []byte, count uint32) (n uint32, end bool, err error)

// eachBatch walks a hash table by buckets, many elements per call.
func (m *Map) eachBatch(f func(key, value []byte) error, next walker) error {
	keySize := int(m.spec.KeySize)
	// A batch has room for the fullest bucket at least; where it has not, the
	// kernel says so. There are never more elements than the map has room for,
	// except that LRU and per-CPU free lists let it grow by a few.
	most := uint32(m.spec.MaxEntries + 64)
	count := clampCount(firstBatch/(keySize+m.raw), most)
	keys, values := make([]byte, int(count)*keySize), make([]byte, int(count)*m.raw)
	var b sys.Batch
	for {
		n, end, err := next(&b, m.fd, keys, values, count)
		if errors.Is(err, unix.ENOSPC) && count < most {
			count = min(count*2, most)
			keys, values = make([]byte, int(count)*keySize), make([]byte, int(count)*m.raw)
			continue
		}
		if err != nil {
			if notOffered(err) {
				return err
			}
			return m.failed("reading", err)
		}
		for i := range int(n) {
			value, ok := m.value(values[i*m.raw : (i+1)*m.raw])
			if !ok {
				continue
			}
			if err := f(keys[i*keySize:(i+1)*keySize], value); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
		if grown := clampCount(lastBatch/(keySize+m.raw), most); count < grown {
			count = min(count*4, grown)
			keys, values = make([]byte, int(count)*keySize), make([]byte, int(count)*m.raw)
		}
	}
}

func clampCount(n int, most uint32) uint32 { return uint32(min(max(n, 16), int(most))) }

// eachKey walks a hash table key by key, for kernels before 5.6. When the key
// it stands at is deleted meanwhile, the kernel begins again: keys that were seen
// are left out then.
func (m *Map) eachKey(f func(key, value []byte) error) error {
	seen := map[string]bool{}
	var key []byte
	next, raw := make([]byte, m.spec.KeySize), make([]byte, m.raw)
	// The bound is for a map that is emptied and filled faster than it is read.
	for range 4 * (uint64(m.spec.MaxEntries) + 64) {
		err := sys.NextKey(m.fd, key, next)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return m.failed("reading", err)
		}
		key = append(key[:0], next...)
		if seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		if err := sys.Lookup(m.fd, key, raw); err != nil {
			if errors.Is(err, unix.ENOENT) {
				continue
			}
			return m.failed("reading", err)
		}
		value, ok := m.value(raw)
		if !ok {
			continue
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}

func putIndex(key []byte, i uint32) { binary.NativeEndian.PutUint32(key, i) }
