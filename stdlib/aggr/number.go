// Package aggr holds the aggregations: functions whose results are kept in a map
// slot for each CPU and put together when the map is read.
//
// Comes in: a call's argument and its slot, when lowering; the slots' bytes, when
// the map is shown. Goes out: code that changes the slot in place, and the type
// of the map's values, which merges, compares and renders slots. Guaranteed: a
// slot that was never written is all zero bytes and merges as nothing, so the
// order in which CPUs are merged changes nothing.
package aggr

import (
	"cmp"
	"encoding/binary"
	"strconv"

	"sonde/lang/types"
)

// word is the size and alignment of everything in a slot, bytes.
const word = 8

// get reads word i; what raw is short of counts as zero.
func get(raw []byte, i int) uint64 {
	if len(raw) < (i+1)*word {
		return 0
	}
	return binary.NativeEndian.Uint64(raw[i*word:])
}

func put(raw []byte, i int, v uint64) { binary.NativeEndian.PutUint64(raw[i*word:], v) }

// add adds words i of src to those of dst.
func add(dst, src []byte, words int) {
	for i := range words {
		put(dst, i, get(dst, i)+get(src, i))
	}
}

// number is how a 64-bit integer is shown: with a sign or not, and divided by div
// unless that is 0.
type number struct {
	signed bool
	div    uint64
}

func (n number) scale(v uint64) uint64 {
	if n.div == 0 {
		return v
	}
	return n.quo(v, n.div)
}

// quo divides, towards zero; by zero it gives zero.
func (n number) quo(v, by uint64) uint64 {
	switch {
	case by == 0:
		return 0
	case n.signed:
		return uint64(int64(v) / int64(by))
	}
	return v / by
}

func (n number) appendText(dst []byte, v uint64) []byte {
	if n.signed {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return strconv.AppendUint(dst, v, 10)
}

func (n number) appendJSON(dst []byte, v uint64) []byte {
	return types.AppendJSONInt(dst, int64(v), n.signed)
}

func (n number) compare(a, b uint64) int {
	if n.signed {
		return cmp.Compare(int64(a), int64(b))
	}
	return cmp.Compare(a, b)
}
