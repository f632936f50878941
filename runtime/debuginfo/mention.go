package debuginfo

import (
	"bytes"
	"context"
	"debug/dwarf"
	"encoding/binary"
	"slices"
	"sort"
)

// mention looks for units that may name something. It looks at bytes only, which takes a
// tenth of a second per 200 MB where decoding takes some seconds; it may take a unit for
// one that names it, but misses none.
type mention struct {
	file *File
	// inline is the name as it stands in a unit itself (DW_FORM_string).
	inline []byte
	// places of it in .debug_str (DW_FORM_strp), and a coarse filter for them by their
	// lower 16 bits.
	places map[uint32]bool
	filter [1 << 16 / 64]uint64
	// slots of .debug_str_offsets (DW_FORM_strx), ascending, that hold one of the places.
	slots []uint64
}

func (f *File) newMention(name string) *mention {
	m := &mention{file: f, inline: append([]byte(name), 0), places: map[uint32]bool{}}
	// The name may also be the end of a longer one: linkers share what is equal.
	for text, at := f.parts[".debug_str"], 0; ; {
		i := bytes.Index(text[at:], m.inline)
		if i < 0 {
			break
		}
		place := uint32(at + i)
		m.places[place] = true
		m.filter[uint16(place)/64] |= 1 << (place % 64)
		at += i + 1
	}
	order := f.elf.ByteOrder
	for slots, at := f.parts[".debug_str_offsets"], 0; at+4 <= len(slots); at += 4 {
		if m.places[order.Uint32(slots[at:])] {
			m.slots = append(m.slots, uint64(at))
		}
	}
	return m
}

// in tells whether a unit may name it.
func (m *mention) in(u unit) bool {
	raw := m.file.parts[".debug_info"][u.start:u.end]
	return m.refers(raw) || bytes.Contains(raw, m.inline) || m.indexed(u)
}

// refers: the unit has a number that may be a place of the name.
func (m *mention) refers(raw []byte) bool {
	if len(m.places) == 0 {
		return false
	}
	if m.file.elf.ByteOrder == binary.BigEndian {
		for ; len(raw) >= 4; raw = raw[1:] {
			if m.places[binary.BigEndian.Uint32(raw)] {
				return true
			}
		}
		return false
	}
	for ; len(raw) >= 4; raw = raw[1:] {
		low := uint16(raw[0]) | uint16(raw[1])<<8
		if m.filter[low/64]>>(low%64)&1 != 0 && m.places[binary.LittleEndian.Uint32(raw)] {
			return true
		}
	}
	return false
}

// indexed: the unit's part of .debug_str_offsets has a place of the name.
func (m *mention) indexed(u unit) bool {
	if len(m.slots) == 0 {
		return false
	}
	slots, order := m.file.parts[".debug_str_offsets"], m.file.elf.ByteOrder
	found := false
	err := m.file.root(u, func(e *dwarf.Entry) {
		// The base is that of the first slot; a header of 8 bytes before it gives the
		// length of what follows its first word (DWARF 5, section 7.26).
		base, ok := e.Val(dwarf.AttrStrOffsetsBase).(int64)
		if !ok || base < 8 || uint64(base) > uint64(len(slots)) {
			return
		}
		end := uint64(base) - 4 + uint64(order.Uint32(slots[base-8:]))
		i := sort.Search(len(m.slots), func(i int) bool { return m.slots[i] >= uint64(base) })
		found = i < len(m.slots) && m.slots[i] < end
	})
	return found || err != nil // decoding it tells what is wrong
}

// root decodes the first entry of a unit.
func (f *File) root(u unit, visit func(*dwarf.Entry)) error {
	d, err := f.dwarf(f.parts[".debug_info"][u.start:u.end])
	if err != nil {
		return err
	}
	e, err := d.Reader().Next()
	if err == nil && e != nil {
		visit(e)
	}
	return err
}

// mentioning gives the units that may name something.
func (f *File) mentioning(ctx context.Context, name string, all []unit, reading *Reading) ([]unit, error) {
	m := f.newMention(name)
	has := make([]bool, len(all))
	if err := parallel(ctx, all, func(i int, u unit) error {
		has[i] = m.in(u)
		reading.done.Add(1)
		return nil
	}); err != nil {
		return nil, err
	}
	i := -1
	return slices.DeleteFunc(slices.Clone(all), func(unit) bool { i++; return !has[i] }), nil
}
