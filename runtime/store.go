package runtime

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/runtime/maps"
	"sonde/runtime/sys"
)

// Store keeps maps alive over sessions and lets sessions share them, by name: what a
// script calls @x in one session is what it calls @x in the next. Stack traces,
// which maps refer to by number, are kept with them. Sessions of one
// store handle their events one at a time.
type Store struct {
	output sync.Mutex

	mu   sync.Mutex
	maps map[string]*stored
}

// stored is a map of the store.
type stored struct {
	fd   int
	spec sys.MapSpec
	m    *plan.Map
	v    *plan.Var // nil: not a map of the script
}

// NewStore makes an empty store.
func NewStore() *Store {
	return &Store{maps: map[string]*stored{}}
}

// stacks gives the map that keeps stack traces of up to so many words, -1 when there
// is none.
func (s *Store) stacks(words int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.maps {
		if isStacks(have.m, words) {
			return have.fd
		}
	}
	return -1
}

// isStacks tells whether m keeps stack traces of up to so many words.
func isStacks(m *plan.Map, words int) bool {
	return m.Kind == plan.Stacks && m.ValueSize == uint32(8*words)
}

// Env gives what rendering maps of the store needs while no session runs; it asks
// parent, which may be nil, for the rest.
func (s *Store) Env(parent types.Env) *Env {
	e := NewEnv(parent)
	e.session.Store(&services{clock: NewClock(), plan: &plan.Plan{}, store: s})
	return e
}

// keeps tells which kinds of maps outlive a session.
func keeps(kind plan.MapKind) bool { return kind == plan.Data || kind == plan.Stacks }

// keep gives a descriptor, for the caller to close, of map i of a plan: of the one
// that the store has, or of a new one that it then has. A map of another shape under
// the same name is an error.
func (s *Store) keep(p *plan.Plan, i int, spec sys.MapSpec, create func() (int, error)) (int, error) {
	m, name, v := p.Maps[i], storeName(p, i), varOf(p, i)
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.maps[name]
	if have == nil {
		fd, err := create()
		if err != nil {
			return -1, err
		}
		have = &stored{fd: fd, spec: spec, m: m, v: v}
		s.maps[name] = have
	} else if d := have.differs(name, spec, v); d != nil {
		return -1, d
	}
	fd, err := unix.FcntlInt(uintptr(have.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, mapError(p, i, err)
	}
	return fd, nil
}

// storeName is what the store calls map i of a plan.
func storeName(p *plan.Plan, i int) string {
	if v := varOf(p, i); v != nil {
		return v.Name
	}
	return p.Maps[i].Name
}

func varOf(p *plan.Plan, i int) *plan.Var {
	for _, v := range p.Vars {
		if v.Map == i {
			return v
		}
	}
	return nil
}

// differs says in what a map of the same name is another one.
func (have *stored) differs(name string, spec sys.MapSpec, v *plan.Var) *source.Diagnostic {
	spec.Name = have.spec.Name
	same := spec == have.spec && (v == nil) == (have.v == nil)
	if same && v != nil {
		same = typeName(v.Key) == typeName(have.v.Key) && typeName(v.Value) == typeName(have.v.Value) && v.Present == have.v.Present
	}
	if same {
		return nil
	}
	at := source.Span{}
	if v == nil || have.v == nil {
		return source.Errorf(at, "map-differs", "%s exists with another layout", name)
	}
	return source.Errorf(v.Span, "map-differs", "%s holds %s by %s already, here it would hold %s by %s", name,
		typeName(have.v.Value), typeName(have.v.Key), typeName(v.Value), typeName(v.Key)).
		WithHint("use another name, or drop the map first")
}

func typeName(t types.Type) string {
	if t == nil {
		return "nothing"
	}
	return t.String()
}

// Vars lists the script's maps in the store, by name.
func (s *Store) Vars() []*plan.Var {
	s.mu.Lock()
	defer s.mu.Unlock()
	var vars []*plan.Var
	for _, have := range s.maps {
		if have.v != nil {
			vars = append(vars, have.v)
		}
	}
	slices.SortFunc(vars, byName)
	return vars
}

// Map finds a map of the script by name, with its @.
func (s *Store) Map(name string) (*plan.Var, event.Map, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.maps[name]
	if have == nil || have.v == nil {
		return nil, nil, source.Errorf(source.Span{}, "no-map", "there is no map %s", name)
	}
	m, err := maps.New(have.fd, have.m, have.v)
	if err != nil {
		return nil, nil, err
	}
	return have.v, m, nil
}

// Drop forgets a map. Sessions that use it go on with it; the next one that mentions the name
// gets a new one.
func (s *Store) Drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.maps[name]; have != nil {
		unix.Close(have.fd)
		delete(s.maps, name)
	}
}

// Close forgets all maps.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.maps {
		unix.Close(have.fd)
	}
	clear(s.maps)
}
