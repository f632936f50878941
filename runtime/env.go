package runtime

import (
	"encoding/binary"
	"slices"
	"sync/atomic"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/sys"
)

// Env gives rendering the services that only a running session has: stack traces
// by id and the clock. It is made before the session, so that the output can be,
// and answers for others by its parent.
type Env struct {
	parent  types.Env
	session atomic.Pointer[services]
}

// NewEnv makes an Env that asks parent (which may be nil) for what a session does
// not have.
func NewEnv(parent types.Env) *Env { return &Env{parent: parent} }

// Service implements types.Env.
func (e *Env) Service(key any) any {
	if s := e.session.Load(); s != nil {
		switch key.(type) {
		case *types.Stacks:
			return s
		case *types.Clock:
			return s.clock
		}
	}
	if e.parent == nil {
		return nil
	}
	return e.parent.Service(key)
}

// services is what a session knows. Its methods are for the goroutine of the event
// loop.
type services struct {
	clock *Clock
	plan  *plan.Plan
	maps  []int
	store *Store // nil: none
	raw   []byte
	words []uint64
}

func newServices(k *kernel) *services {
	return &services{clock: k.clock, plan: k.plan, maps: k.maps, store: k.store}
}

// Stack implements types.Stacks. The map that keeps traces of up to so many
// words is known by the size of its values.
func (s *services) Stack(words int, id uint64) ([]uint64, bool) {
	fd := -1
	if i := slices.IndexFunc(s.plan.Maps, func(m *plan.Map) bool { return isStacks(m, words) }); i >= 0 {
		fd = s.maps[i]
	} else if s.store != nil {
		fd = s.store.stacks(words)
	}
	if fd < 0 {
		return nil, false
	}
	if len(s.raw) != 8*words {
		s.raw = make([]byte, 8*words)
	}
	if sys.Lookup(fd, binary.NativeEndian.AppendUint64(nil, id), s.raw) != nil {
		return nil, false
	}
	s.words = s.words[:0]
	for at := 0; at+8 <= len(s.raw); at += 8 {
		s.words = append(s.words, binary.NativeEndian.Uint64(s.raw[at:]))
	}
	return s.words, true
}
