package debuginfo

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sonde/runtime/elfsym/elftest"
)

// builder writes entries of a unit.
type builder struct{ unit []byte }

// entry adds an entry of an abbreviation with the values of its attributes: bytes, words of
// 4 bytes, addresses and text. It gives the entry's place in the unit.
func (b *builder) entry(abbreviation byte, values ...any) uint32 {
	at := uint32(len(b.unit))
	b.unit = append(b.unit, abbreviation)
	for _, v := range values {
		switch v := v.(type) {
		case int:
			b.unit = append(b.unit, byte(v))
		case uint32:
			b.unit = binary.NativeEndian.AppendUint32(b.unit, v)
		case uint64:
			b.unit = binary.NativeEndian.AppendUint64(b.unit, v)
		case string:
			b.unit = append(append(b.unit, v...), 0)
		}
	}
	return at
}

// end closes the entry whose children were added last.
func (b *builder) end() { b.unit = append(b.unit, 0) }

// The abbreviations of these tests (DWARF 4, section 7.5).
const (
	compileUnit = iota + 1
	function    // name, file and line of the declaration; has children
	atEntry     // inlined: origin, entry pc, file and line of the call; has children
	atDistance  // inlined: origin, low pc, distance of the entry from there
	atRanges    // inlined: origin, place of the ranges
	nowhere     // inlined: origin
)

var abbreviations = []byte{
	compileUnit, 0x11, 1, 0, 0,
	function, 0x2e, 1, 0x03, 0x08, 0x3a, 0x0b, 0x3b, 0x0b, 0, 0,
	atEntry, 0x1d, 1, 0x31, 0x13, 0x52, 0x01, 0x58, 0x0b, 0x59, 0x0b, 0, 0,
	atDistance, 0x1d, 0, 0x31, 0x13, 0x11, 0x01, 0x52, 0x0b, 0, 0,
	atRanges, 0x1d, 0, 0x31, 0x13, 0x55, 0x17, 0, 0,
	nowhere, 0x1d, 0, 0x31, 0x13, 0, 0,
	0,
}

// TestEntryPoints: where an instance is entered, and which are none.
func TestEntryPoints(t *testing.T) {
	order := binary.NativeEndian
	b := &builder{unit: []byte{0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8}}
	order.PutUint16(b.unit[4:], 4)
	b.entry(compileUnit)
	f := b.entry(function, "f", 1, 20)
	b.end()
	b.entry(function, "caller", 1, 60)
	b.entry(atEntry, f, uint64(0x1100), 1, 61)
	b.entry(atEntry, f, uint64(0x1110), 1, 20) // the other half of f
	b.end()
	b.entry(atEntry, f, uint64(0x1120), 1, 22) // f calls itself
	b.end()
	b.end()
	b.entry(atDistance, f, uint64(0x1200), 8)
	b.entry(atRanges, f, uint32(0))
	b.entry(nowhere, f)
	b.entry(atEntry, f, uint64(0x9000), 1, 62) // the linker left no code there
	b.end()
	b.entry(atEntry, f, uint64(0x1100), 1, 63) // a second time
	b.end()
	b.end()
	// What a macro makes of a line is declared and called there.
	b.entry(function, "macro", 1, 20)
	b.entry(atEntry, f, uint64(0x1300), 1, 20)
	b.end()
	b.end()
	b.end()
	order.PutUint32(b.unit, uint32(len(b.unit)-4))
	var ranges []byte
	for _, at := range []uint64{0x1400, 0x1400, 0x1420, 0x1430, 0x1408, 0x1410, 0, 0} { // the first is empty
		ranges = order.AppendUint64(ranges, at)
	}
	file := elftest.File{
		Code:  elftest.Range{Address: 0x1000, Size: 0x1000},
		Debug: map[string][]byte{".debug_info": b.unit, ".debug_abbrev": abbreviations, ".debug_ranges": ranges},
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	found, known := instances(t, open(t, path), "f")
	var at []uint64
	for _, i := range found {
		at = append(at, i.Address)
	}
	if want := []uint64{0x1100, 0x1120, 0x1208, 0x1300, 0x1420}; !known || !slices.Equal(at, want) {
		t.Errorf("f is entered at %#x, not %#x", at, want)
	}
}
