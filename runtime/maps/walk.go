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

// eachBatch walks a hash table by buckets, many elements per call. Every kernel with
// ring buffers can (5.6 against 5.8).
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

func putIndex(key []byte, i uint32) { binary.NativeEndian.PutUint32(key, i) }
