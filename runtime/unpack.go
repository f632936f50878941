package runtime

import (
	"encoding/binary"

	"sonde/codegen/plan"
)

// unpacker brings what follows the header of a packed record into the layout that
// handlers know.
type unpacker struct {
	// moves are the parts of constant length.
	moves []move
	// lengths are where the lengths of the packed elements stand, and begin where
	// those begin.
	lengths []int
	begin   int
	// to are the places of the packed elements in the payload.
	to      []move
	payload []byte // that of the last record
}

// move is a copy of n bytes (n at most, of a packed element).
type move struct{ from, to, n int }

// newUnpacker gives nil for events that are not packed.
func newUnpacker(ev *plan.Event) *unpacker {
	if !ev.Packed {
		return nil
	}
	fixed, packed := plan.Pack(ev.Payload)
	u := &unpacker{begin: fixed.Size(), payload: make([]byte, ev.Payload.Size())}
	next := 0
	for i, t := range ev.Payload.Elems {
		m := move{to: ev.Payload.Offset(i), n: t.Size()}
		if len(u.to) < len(packed) && packed[len(u.to)] == i {
			u.lengths = append(u.lengths, fixed.Offset(len(fixed.Elems)-len(packed)+len(u.to)))
			u.to = append(u.to, m)
			continue
		}
		m.from = fixed.Offset(next)
		next++
		u.moves = append(u.moves, m)
	}
	return u
}

// unpack gives the payload, valid until the next call; nil when the record is none of
// its kind. What stands behind the end of a string or buffer is undefined.
func (u *unpacker) unpack(record []byte) []byte {
	if len(record) < u.begin {
		return nil
	}
	for _, m := range u.moves {
		copy(u.payload[m.to:m.to+m.n], record[m.from:])
	}
	rest := record[u.begin:]
	for i, m := range u.to {
		n := int(binary.NativeEndian.Uint32(record[u.lengths[i]:]))
		if n > m.n || n > len(rest) {
			return nil
		}
		dst := u.payload[m.to : m.to+m.n]
		copy(dst, rest[:n])
		rest = rest[n:]
		// The NUL of an empty string was not sent, nor is there a length of an
		// empty buffer.
		clear(dst[n:min(n+4, m.n)])
	}
	return u.payload
}
