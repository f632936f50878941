// Package maps reads and changes the maps of a script from outside.
//
// Comes in: a map's descriptor and its description in the plan. Goes out: its
// elements, one merged value per key, as event.Map. Guaranteed, while programs
// change the map: an element that is there from beginning to end of Each is
// given exactly once, with a value that it had in between, per CPU; one that comes
// or goes meanwhile is given once or not at all. Clear removes every element that
// was there when it began, and what is added during it is removed or stays whole.
// Values wider than 8 bytes that programs change in place can be read half-changed.
package maps

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/runtime/sys"
)

// Map is one map of a script. Its methods may be called at the same time.
type Map struct {
	fd   int
	spec *plan.Map
	v    *plan.Var
	// cpus is how many copies a value has, stride how far they are apart; raw is
	// the length of a value as the kernel copies it.
	cpus, stride, raw int
	merge             func(dst, src []byte)
	hash              bool
}

var _ event.Map = (*Map)(nil)

// New gives access to the map fd, which holds v.
func New(fd int, spec *plan.Map, v *plan.Var) (*Map, error) {
	m := &Map{fd: fd, spec: spec, v: v, cpus: 1, stride: int(spec.ValueSize)}
	switch spec.Type {
	case ebpf.PerCPUHash, ebpf.LRUCPUHash, ebpf.PerCPUArray:
		cpus, err := sys.PossibleCPUs()
		if err != nil {
			return nil, err
		}
		m.cpus, m.stride = cpus, (m.stride+7)&^7
	case ebpf.Hash, ebpf.LRUHash, ebpf.Array:
	default:
		return nil, fmt.Errorf("%s: maps of kind %s hold no elements", v.Name, spec.Type)
	}
	switch spec.Type {
	case ebpf.Array, ebpf.PerCPUArray:
	default:
		m.hash = true
	}
	m.raw = m.cpus * m.stride
	if a, ok := v.Value.(types.Aggregate); ok {
		m.merge = a.Merge
	}
	return m, nil
}

// flagged tells whether a byte of each value says that it exists.
func (m *Map) flagged() bool { return m.v.Present > 0 }

// value folds the copies of an element into the first one and gives it. ok is
// false when there is no element although the kernel has a slot.
func (m *Map) value(raw []byte) (value []byte, ok bool) {
	size := m.stride
	if m.v.Value != nil {
		size = m.v.Value.Size()
	}
	found := -1
	for cpu := range m.cpus {
		slot := raw[cpu*m.stride : (cpu+1)*m.stride]
		if m.flagged() && slot[m.v.Present] == 0 {
			continue
		}
		switch {
		case found < 0:
			found = cpu
			value = slot[:size]
			if m.merge == nil && !m.flagged() && allZero(value) && cpu < m.cpus-1 {
				found = -1 // not written on this CPU
			}
		case m.merge != nil:
			m.merge(value, slot[:size])
		}
	}
	return value, value != nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Lookup implements event.Map.
func (m *Map) Lookup(key []byte) (value []byte, ok bool, err error) {
	if m.v.Scalar || len(key) == 0 {
		key = make([]byte, m.spec.KeySize)
	}
	raw := make([]byte, m.raw)
	if err := sys.Lookup(m.fd, key, raw); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return nil, false, nil
		}
		return nil, false, m.failed("reading", err)
	}
	value, ok = m.value(raw)
	return value, ok, nil
}

// Each implements event.Map.
func (m *Map) Each(f func(key, value []byte) error) error {
	if !m.hash {
		return m.eachSlot(f)
	}
	return m.eachBatch(f, (*sys.Batch).LookupBatch)
}

// eachSlot walks an array.
func (m *Map) eachSlot(f func(key, value []byte) error) error {
	key, raw := make([]byte, m.spec.KeySize), make([]byte, m.raw)
	for i := range m.spec.MaxEntries {
		putIndex(key, i)
		if err := sys.Lookup(m.fd, key, raw); err != nil {
			return m.failed("reading", err)
		}
		if value, ok := m.value(raw); ok {
			if err := f(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Map) failed(doing string, err error) error {
	return fmt.Errorf("%s %s: %w", doing, m.v.Name, err)
}

// Clear implements event.Map.
func (m *Map) Clear() error {
	if !m.hash {
		return m.reset(func([]byte) {})
	}
	return m.eachBatch(func(_, _ []byte) error { return nil }, (*sys.Batch).LookupDeleteBatch)
}

// Zero implements event.Map. Elements are replaced one by one, because the kernel's
// batches would bring back those that were deleted meanwhile.
func (m *Map) Zero() error {
	if !m.hash {
		return m.reset(func(slot []byte) {
			if m.flagged() {
				slot[m.v.Present] = 1
			}
		})
	}
	keys, err := m.keys()
	if err != nil {
		return err
	}
	zero := make([]byte, m.raw)
	for key := range slices.Chunk(keys, int(m.spec.KeySize)) {
		if err := sys.Update(m.fd, key, zero, sys.Exist); err != nil && !errors.Is(err, unix.ENOENT) {
			return m.failed("zeroing", err)
		}
	}
	return nil
}

// reset overwrites all slots of an array with zeros, changed by mark if the
// slot had an element.
func (m *Map) reset(mark func(slot []byte)) error {
	key, raw := make([]byte, m.spec.KeySize), make([]byte, m.raw)
	for i := range m.spec.MaxEntries {
		putIndex(key, i)
		if err := sys.Lookup(m.fd, key, raw); err != nil {
			return m.failed("reading", err)
		}
		for slot := range slices.Chunk(raw, m.stride) {
			had := !m.flagged() || slot[m.v.Present] != 0
			clear(slot)
			if had {
				mark(slot)
			}
		}
		if err := sys.Update(m.fd, key, raw, sys.Any); err != nil {
			return m.failed("clearing", err)
		}
	}
	return nil
}

// keys gives the keys of all elements, packed.
func (m *Map) keys() (keys []byte, err error) {
	err = m.Each(func(key, _ []byte) error {
		keys = append(keys, key...)
		return nil
	})
	return keys, err
}
