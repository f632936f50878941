package types

import "encoding/binary"

// load reads an unsigned integer of size bytes in the machine's byte order. What
// raw is short of counts as zero, so that a damaged record can't stop a session.
func load(raw []byte, size int) uint64 {
	if len(raw) < size {
		var full [8]byte
		copy(full[:], raw)
		raw = full[:]
	}
	switch size {
	case 1:
		return uint64(raw[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(raw))
	case 4:
		return uint64(binary.NativeEndian.Uint32(raw))
	case 8:
		return binary.NativeEndian.Uint64(raw)
	}
	return 0
}

// Load reads an integer of type t from raw, extended to 64 bits as its sign
// demands. Unsigned values keep their bits.
func (t Int) Load(raw []byte) int64 {
	return t.Extend(load(raw, t.Size()))
}

// Extend gives the value of the low bits of v, the others replaced by copies of
// the sign.
func (t Int) Extend(v uint64) int64 {
	return extend(v, t.Bits, t.Signed)
}

func extend(v uint64, bits int, signed bool) int64 {
	shift := 64 - uint(bits)
	if signed {
		return int64(v<<shift) >> shift
	}
	return int64(v << shift >> shift)
}

// bytes gives v as it lies in memory.
func (t Int) bytes(v int64) []byte {
	var b [8]byte
	switch t.Size() {
	case 1:
		b[0] = byte(v)
	case 2:
		binary.NativeEndian.PutUint16(b[:], uint16(v))
	case 4:
		binary.NativeEndian.PutUint32(b[:], uint32(v))
	case 8:
		binary.NativeEndian.PutUint64(b[:], uint64(v))
	}
	return b[:t.Size()]
}

// loadBits reads a bit field from raw, which begins with the struct.
func (f *Field) loadBits(raw []byte) int64 {
	v := load(part(raw, f.Offset, f.Type.Size()), f.Type.Size())
	t, _ := AsInt(f.Type)
	return extend(v>>uint(f.BitOffset), f.BitSize, t.Signed)
}

// part gives size bytes of raw from offset on, or as many as there are.
func part(raw []byte, offset, size int) []byte {
	if offset < 0 || offset >= len(raw) {
		return nil
	}
	return raw[offset:min(offset+size, len(raw))]
}
