// Package btf reads the kernel's type information (BTF) for the checker.
//
// Comes in: the bytes of BTF objects, as /sys/kernel/btf has them. Goes out:
// types.BTF. Guaranteed: damaged BTF gives an error or missing types, never a
// crash; a type that was handed out once is the same object ever after.
//
// The reader exists because start-up time matters: a general BTF library spends
// 10 to 15 ms on indexing the kernel's 130,000 types, of which a script wants a
// handful. Here one pass notes where every sixteenth type begins, in the background,
// and a look-up searches the string section for the name first and then compares
// numbers.
package btf

import (
	"math"
	"slices"
	"strings"
	"sync"

	"sonde/lang/types"
)

// Modules gives the BTF of kernel modules when something is not in the kernel
// proper.
type Modules interface {
	// Modules lists the modules that have BTF, sorted.
	Modules() []string
	// ModuleBTF gives the BTF of one, split from the kernel's.
	ModuleBTF(name string) ([]byte, error)
}

// Spec is the type information of one kernel. It may be used by several
// goroutines.
type Spec struct {
	mu      sync.Mutex
	base    *blob
	modules Modules
	loaded  map[string]*blob // nil for those that could not be read
	types   map[key]types.Type
	nesting map[key]nesting
	// foreign: the types are not the kernel's.
	foreign bool
}

// key names a type: the object that holds it, and its id.
type key struct {
	blob *blob
	id   uint32
}

var (
	_ types.BTF      = (*Spec)(nil)
	_ types.Declarer = (*Spec)(nil)
)

// New makes a Spec of raw, which must not change any more. modules may be nil.
func New(raw []byte, modules Modules) (*Spec, error) {
	b, err := parse(raw, nil)
	if err != nil {
		return nil, err
	}
	return &Spec{
		base:    b,
		modules: modules,
		loaded:  map[string]*blob{},
		types:   map[key]types.Type{},
		nesting: map[key]nesting{},
	}, nil
}

// Foreign makes a Spec of type information that is not the kernel's: that of a BPF
// program. Its structs have no BTF id, by which the kernel would take them for its own.
func Foreign(raw []byte) (*Spec, error) {
	s, err := New(raw, nil)
	if err == nil {
		s.foreign = true
	}
	return s, err
}

// Damage tells why types after some point in the kernel's BTF are missing: it ends in
// the middle, or has a kind of type that is newer than this reader. It waits for the whole
// BTF to be indexed. nil: none are missing.
func (s *Spec) Damage() error {
	s.base.index.known(math.MaxUint32)
	s.base.index.mu.Lock()
	defer s.base.index.mu.Unlock()
	return s.base.index.damage
}

// module gives a module's BTF, nil when there is none.
func (s *Spec) module(name string) *blob {
	if name == "" || name == "vmlinux" {
		return s.base
	}
	if s.modules == nil {
		return nil
	}
	b, ok := s.loaded[name]
	if !ok {
		if raw, err := s.modules.ModuleBTF(name); err == nil {
			if b, err = parse(raw, s.base); err == nil {
				b.module = name
			} else {
				b = nil
			}
		}
		s.loaded[name] = b
	}
	return b
}

// each calls f with the kernel's BTF and then with that of each module, until f
// returns true.
func (s *Spec) each(f func(*blob) bool) {
	if f(s.base) || s.modules == nil {
		return
	}
	for _, name := range s.modules.Modules() {
		if b := s.module(name); b != nil && f(b) {
			return
		}
	}
}

// find gives the first type of that name and one of the kinds, the kernel's
// before those of modules.
func (s *Spec) find(name string, kinds ...int) (found key) {
	s.each(func(b *blob) bool {
		if id := b.find(name, kinds...); id != 0 {
			found = key{b, id}
			return true
		}
		return false
	})
	return found
}

// Struct implements types.BTF.
func (s *Spec) Struct(kind, name string) *types.Struct {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.find(name, structKind(kind))
	if k.blob == nil {
		return nil
	}
	t, _ := s.resolve(k.blob, k.id).(*types.Struct)
	return t
}

func structKind(kind string) int {
	if kind == "union" {
		return kindUnion
	}
	return kindStruct
}

// Enum implements types.BTF.
func (s *Spec) Enum(name string) *types.Enum {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.find(name, kindEnum, kindEnum64)
	if k.blob == nil {
		return nil
	}
	t, _ := s.resolve(k.blob, k.id).(*types.Enum)
	return t
}

// EnumConst implements types.BTF.
func (s *Spec) EnumConst(name string) (enum *types.Enum, value int64, ok bool) {
	if name == "" {
		return nil, 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each(func(b *blob) bool {
		id, i := b.findConst(name)
		if id == 0 {
			return false
		}
		enum, _ = s.resolve(b, id).(*types.Enum)
		if enum != nil && i < len(enum.Values) {
			value, ok = enum.Values[i].Value, true
		}
		return ok
	})
	return enum, value, ok
}

// findConst finds the enum of b itself that has a constant of that name, and its
// index.
func (b *blob) findConst(name string) (id uint32, index int) {
	names := slices.Collect(b.stringOffsets(name))
	if len(names) == 0 {
		return 0, 0
	}
	for id, r := range b.all() {
		k := r.kind()
		if k != kindEnum && k != kindEnum64 {
			continue
		}
		step := trailing[k].each / 4
		for j := range r.vlen() {
			if slices.Contains(names, r.word(j*step)) {
				return id, j
			}
		}
	}
	return 0, 0
}

// Typedef implements types.BTF.
func (s *Spec) Typedef(name string) types.Type {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.find(name, kindTypedef, kindInt)
	if k.blob == nil {
		return nil
	}
	return s.resolve(k.blob, k.id)
}

// Names implements types.BTF; "typedef" is a kind, too.
func (s *Spec) Names(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var want []int
	prefix := ""
	switch kind {
	case "struct":
		want = []int{kindStruct}
	case "union":
		want = []int{kindUnion}
	case "enum":
		want = []int{kindEnum, kindEnum64}
	case "func":
		want = []int{kindFunc}
	case "typedef":
		want = []int{kindTypedef}
	case "rawtracepoint":
		want, prefix = []int{kindTypedef}, rawTracepointPrefix
	default:
		return nil
	}
	var names []string
	s.each(func(b *blob) bool {
		for _, r := range b.all() {
			if !slices.Contains(want, r.kind()) {
				continue
			}
			if name, ok := strings.CutPrefix(r.name(), prefix); ok && name != "" {
				names = append(names, name)
			}
		}
		return false
	})
	slices.Sort(names)
	return slices.Compact(names)
}
