package debuginfo

import (
	"cmp"
	"context"
	"debug/dwarf"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Instance is a place where the code of a function begins.
type Instance struct {
	// Address as linked.
	Address uint64
	// Inlined: within another function. Else it is code of its own, which may be a
	// variant that the compiler made (name.isra.0).
	Inlined bool
}

// Reading is how far a search has come, in units: each is looked through for the name, and
// those that mention it are then decoded. It may be asked at any time.
type Reading struct{ done, total atomic.Int64 }

// Done is how many of these steps have been made, of how many known so far.
func (r *Reading) Done() (done, total int) { return int(r.done.Load()), int(r.total.Load()) }

// Instances gives the places where the code of the functions of a name begins, in order of
// address, each once: there may be several functions of the name in different source files.
// Known tells that there is such a function, even one without any code left.
func (f *File) Instances(ctx context.Context, function string, reading *Reading) (list []Instance, known bool, err error) {
	if err := f.load(); err != nil {
		return nil, false, err
	}
	all, err := units(f.parts[".debug_info"], f.elf.ByteOrder)
	if err != nil {
		return nil, false, f.damaged(err)
	}
	crossing, err := crosses(f.parts[".debug_abbrev"])
	if err != nil {
		return nil, false, f.damaged(err)
	}
	reading.total.Add(int64(len(all)))
	naming, err := f.mentioning(ctx, function, all, reading)
	if err != nil {
		return nil, false, err
	}
	s := &search{file: f, function: function, crossing: crossing, reading: reading, origins: map[dwarf.Offset]position{}}
	if crossing {
		// Any unit may have instances of what others name.
		reading.total.Add(int64(len(naming) + len(all)))
		if err = parallel(ctx, naming, s.names); err == nil {
			err = parallel(ctx, all, s.instances)
		}
	} else {
		reading.total.Add(int64(len(naming)))
		err = parallel(ctx, naming, s.both)
	}
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(s.found, func(a, b Instance) int { return cmp.Compare(a.Address, b.Address) })
	return slices.CompactFunc(s.found, func(a, b Instance) bool { return a.Address == b.Address }), len(s.origins) > 0, nil
}

// search is one for the instances of a function.
type search struct {
	file     *File
	function string
	crossing bool
	reading  *Reading

	mu sync.Mutex
	// origins are the entries that describe functions of the name, by place in .debug_info.
	origins map[dwarf.Offset]position
	found   []Instance
}

// position is one in the source; files are numbered within a unit.
type position struct{ file, line int64 }

func positionOf(e *dwarf.Entry, file, line dwarf.Attr) position {
	var p position
	p.file, _ = e.Val(file).(int64)
	p.line, _ = e.Val(line).(int64)
	return p
}

func declared(e *dwarf.Entry) position { return positionOf(e, dwarf.AttrDeclFile, dwarf.AttrDeclLine) }

// names collects the origins of a unit.
func (s *search) names(_ int, u unit) error {
	defer s.reading.done.Add(1)
	return s.file.entries(u, s.crossing, func(e entry) {
		if s.named(&e) {
			s.mu.Lock()
			s.origins[e.place()] = declared(e.Entry)
			s.mu.Unlock()
		}
	})
}

// instances collects the instances of a unit, of origins that are all known.
func (s *search) instances(_ int, u unit) error {
	defer s.reading.done.Add(1)
	return s.file.entries(u, s.crossing, func(e entry) {
		if e.isCode() {
			s.add(&e, s.origins)
		}
	})
}

// both collects origins and instances of a unit that no other unit refers to. Instances
// may stand before their origin.
func (s *search) both(_ int, u unit) error {
	defer s.reading.done.Add(1)
	var list []entry
	origins := map[dwarf.Offset]position{}
	err := s.file.entries(u, s.crossing, func(e entry) {
		if s.named(&e) {
			origins[e.place()] = declared(e.Entry)
		}
		if e.isCode() {
			list = append(list, e)
		}
	})
	for i := range list {
		s.add(&list[i], origins)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.origins, origins)
	return err
}

// named tells that an entry describes a function of the name. One that is only declared
// has no instances here.
func (s *search) named(e *entry) bool {
	if e.Tag != dwarf.TagSubprogram {
		return false
	}
	declared, _ := e.Val(dwarf.AttrDeclaration).(bool)
	return !declared && e.Val(dwarf.AttrName) == s.function
}

// add keeps an entry if it is an instance of one of the origins. Compilers split functions
// in two, and may put both halves into the caller: the second is then described as a call
// of the function by itself, from the line that declares it (GCC's -fpartial-inlining). That
// is no instance.
func (s *search) add(e *entry, origins map[dwarf.Offset]position) {
	origin := e.origin()
	at, ok := origins[origin]
	if !ok || e.within == origin && positionOf(e.Entry, dwarf.AttrCallFile, dwarf.AttrCallLine) == at {
		return
	}
	address, ok := entryPoint(e.data, e.Entry)
	if !ok || s.file.Section(address) == "" {
		return
	}
	s.mu.Lock()
	s.found = append(s.found, Instance{Address: address, Inlined: e.Tag == dwarf.TagInlinedSubroutine})
	s.mu.Unlock()
}

// entryPoint is where the code of an entry is entered (DWARF 5, section 2.18): at
// DW_AT_entry_pc, an address or a distance from where the code begins, or else there: at
// its lowest address, or that of its first range. Not ok when no code is left.
func entryPoint(d *dwarf.Data, e *dwarf.Entry) (address uint64, ok bool) {
	distance := int64(0)
	switch entry := e.Val(dwarf.AttrEntrypc).(type) {
	case uint64:
		return entry, true
	case int64:
		distance = entry
	}
	if low, ok := e.Val(dwarf.AttrLowpc).(uint64); ok {
		return low + uint64(distance), true
	}
	ranges, err := d.Ranges(e)
	if err != nil {
		return 0, false
	}
	for _, r := range ranges {
		if r[0] < r[1] {
			return r[0] + uint64(distance), true
		}
	}
	return 0, false
}
