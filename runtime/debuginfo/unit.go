package debuginfo

import (
	"bytes"
	"debug/dwarf"
	"encoding/binary"
	"errors"
)

// unit is a piece of .debug_info: what the compiler said of one source file. Positions
// are offsets there, bytes.
type unit struct {
	start, end uint64
	// root is where its first entry is.
	root uint64
}

// units lists the units by their headers (DWARF 5, section 7.5.1).
func units(info []byte, order binary.ByteOrder) ([]unit, error) {
	errCut := errors.New("a unit is cut off")
	var list []unit
	for at := uint64(0); at < uint64(len(info)); {
		rest := info[at:]
		if len(rest) < 4 {
			return nil, errCut
		}
		length, header, word := uint64(order.Uint32(rest)), uint64(4), uint64(4)
		switch {
		case length == 0: // padding
			at += header
			continue
		case length == 0xffff_ffff: // the 64-bit format
			if len(rest) < 12 {
				return nil, errCut
			}
			length, header, word = order.Uint64(rest[4:]), 12, 8
		}
		if length > uint64(len(rest))-header || length < 4 {
			return nil, errCut
		}
		u := unit{start: at, end: at + header + length}
		const version, addressSize, unitType = 2, 1, 1
		u.root = at + header + version + word + addressSize
		if order.Uint16(rest[header:]) >= 5 {
			u.root += unitType
			switch rest[header+version] {
			case utSkeleton, utSplitCompile:
				u.root += 8 // id
			case utType, utSplitType:
				u.root += 8 + word // signature and place of the type
			}
		}
		list = append(list, u)
		at = u.end
	}
	return list, nil
}

// The unit types (DWARF 5, section 7.5.1) whose headers are longer.
const (
	utType         = 2
	utSkeleton     = 4
	utSplitCompile = 5
	utSplitType    = 6
)

// crosses tells whether an entry for a function may refer to one of another unit, as after
// optimisation at link time: DW_FORM_ref_addr among the forms of the abbreviations
// (DWARF 5, section 7.5.3). When none does, each unit can be decoded by itself.
func crosses(abbrev []byte) (bool, error) {
	const refAddr, implicitConst = 0x10, 0x21
	errCut := errors.New("the abbreviations are cut off")
	r := bytes.NewReader(abbrev)
	number := func() uint64 {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			errCut = err
			return 0
		}
		return n
	}
	for r.Len() > 0 {
		if number() == 0 {
			continue // the end of a unit's table
		}
		tag := dwarf.Tag(number())
		if _, err := r.ReadByte(); err != nil { // whether it has children
			return false, errCut
		}
		for {
			attr, form := number(), number()
			if form == implicitConst {
				number() // signed, but as long
			}
			if attr == 0 && form == 0 {
				break
			}
			if r.Len() == 0 {
				return false, errCut
			}
			if form == refAddr && dwarf.Attr(attr) == dwarf.AttrAbstractOrigin &&
				(tag == dwarf.TagInlinedSubroutine || tag == dwarf.TagSubprogram) {
				return true, nil
			}
		}
	}
	return false, nil
}

// entry is one of a unit, outside the descriptions of types.
type entry struct {
	*dwarf.Entry
	data *dwarf.Data
	// base is what makes a place in .debug_info of a reference to the unit itself.
	base dwarf.Offset
	// within is the origin of the function or instance that the entry stands in, if any.
	within dwarf.Offset
}

// place is where an entry is in .debug_info.
func (e *entry) place() dwarf.Offset { return e.base + e.Offset }

// origin is the place of the function that an entry is an instance of, its own place when
// it is not one of another.
func (e *entry) origin() dwarf.Offset {
	if origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
		return e.base + origin
	}
	return e.place()
}

// isCode tells that an entry describes a function or an instance of one.
func (e *entry) isCode() bool {
	return e.Tag == dwarf.TagSubprogram || e.Tag == dwarf.TagInlinedSubroutine
}

// entries decodes a unit and hands over each entry. Only one goroutine may be in a unit.
func (f *File) entries(u unit, crossing bool, visit func(entry)) error {
	info, base := f.parts[".debug_info"], dwarf.Offset(0)
	var d *dwarf.Data
	var err error
	if crossing {
		d, err = f.whole()
	} else {
		// References are relative to what is given, which saves decoding the abbreviations
		// of all units.
		base = dwarf.Offset(u.start)
		d, err = f.dwarf(info[u.start:u.end])
	}
	if err != nil {
		return f.damaged(err)
	}
	r := d.Reader()
	r.Seek(dwarf.Offset(u.root) - base)
	var within []dwarf.Offset // for each entry that is open
	for {
		raw, err := r.Next()
		if err != nil {
			return f.damaged(err)
		}
		if raw == nil {
			return nil
		}
		switch raw.Tag {
		case 0:
			within = within[:max(0, len(within)-1)]
		case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType, dwarf.TagSubroutineType, dwarf.TagArrayType:
			r.SkipChildren()
		default:
			e := entry{Entry: raw, data: d, base: base}
			if len(within) > 0 {
				e.within = within[len(within)-1]
			}
			visit(e)
			if e.Children && e.isCode() {
				within = append(within, e.origin())
			} else if e.Children {
				within = append(within, e.within)
			}
		}
		if len(within) == 0 {
			return nil
		}
	}
}
