package interp

import (
	"fmt"
	"slices"
	"sort"

	"sonde/codegen/ssa"
)

// Map is a kernel map: a hash by the bytes of its keys. A map without key size
// is an array of one.
type Map struct {
	Of    *ssa.Map
	elems map[string]*Region
}

// Map gives the model of a map.
func (m *Machine) Map(of *ssa.Map) *Map {
	mp := m.maps[of.Index]
	if mp == nil {
		mp = &Map{Of: of, elems: map[string]*Region{}}
		m.maps[of.Index] = mp
	}
	return mp
}

// single gives the value of an array of one.
func (mp *Map) single(m *Machine) *Region { return mp.elem(m, "") }

func (mp *Map) elem(m *Machine, key string) *Region {
	r := mp.elems[key]
	if r == nil {
		r = m.Memory.Alloc("value of m"+fmt.Sprint(mp.Of.Index), int(mp.Of.ValueSize), true)
		mp.elems[key] = r
	}
	return r
}

// Contents gives all elements, in order of their keys, one line each. An
// element of an array that holds only zeroes is left out: it is so whether it was used or not.
func (m *Machine) Contents() []string {
	var lines []string
	for i, mp := range m.maps {
		for key, r := range mp.elems {
			if (mp.Of.KeySize == 0 || m.Arrays[mp.Of.Name]) && !slices.ContainsFunc(r.Bytes, func(b byte) bool { return b != 0 }) {
				continue
			}
			lines = append(lines, fmt.Sprintf("m%d[%x] = %s", i, key, r.Text()))
		}
	}
	sort.Strings(lines)
	return lines
}

// mapOf gives the map that a call's first argument names.
func (m *Machine) mapOf(call *ssa.Value) (*Map, error) {
	for _, a := range call.Args {
		if a.Op == ssa.OpMapPtr {
			return m.Map(a.Aux.(*ssa.Map)), nil
		}
	}
	return nil, fmt.Errorf("no map among the arguments")
}

// MapValue gives the address of the value of an array of one.
func (m *Machine) MapValue(of *ssa.Map) uint64 { return m.Map(of).single(m).Base }
