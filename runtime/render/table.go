package render

import (
	"bytes"
	"slices"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// table is a map as it is shown: its elements, sorted.
type table struct {
	value    types.Renderer
	elements []element
}

type element struct{ key, value []byte }

// read takes a copy of a map, sorts it and keeps the last top elements, or all
// when top is 0.
func read(v *plan.Var, m event.Map, top, div uint64) (*table, error) {
	t := &table{value: renderer(v.Value)}
	var arena []byte
	err := m.Each(func(key, value []byte) error {
		if n := len(key) + len(value); cap(arena)-len(arena) < n {
			arena = make([]byte, 0, max(n, 64<<10))
		}
		k := len(arena)
		arena = append(arena, key...)
		val := len(arena)
		arena = append(arena, value...)
		t.elements = append(t.elements, element{arena[k:val:val], arena[val:len(arena):len(arena)]})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if a, ok := t.value.(types.Aligner); ok {
		all := make([][]byte, len(t.elements))
		for i, e := range t.elements {
			all[i] = e.value
		}
		t.value = a.Aligned(all)
	}
	t.sort(v)
	if n := uint64(len(t.elements)); top > 0 && n > top {
		t.elements = t.elements[n-top:]
	}
	if div > 1 {
		t.value = scaled(t.value, div)
	}
	return t, nil
}

// sort orders elements by value where values are quantities, and by key where
// they are not or are equal.
func (t *table) sort(v *plan.Var) {
	byValue := isQuantity(v.Value)
	var key types.Renderer = types.Void{}
	if v.Key != nil {
		key = renderer(v.Key)
	}
	slices.SortStableFunc(t.elements, func(a, b element) int {
		if byValue {
			if c := t.value.Compare(a.value, b.value); c != 0 {
				return c
			}
		}
		if c := key.Compare(a.key, b.key); c != 0 {
			return c
		}
		// Keys that count as equal still come out in one order.
		return bytes.Compare(a.key, b.key)
	})
}

func isQuantity(t types.Type) bool {
	switch t.(type) {
	case types.Int, *types.Enum, types.Aggregate:
		return true
	}
	return false
}

func isBlock(t types.Renderer) bool {
	v, ok := t.(types.MapValue)
	return ok && v.Block()
}

// kindOf names the JSON record of a map of such values.
func kindOf(t types.Renderer) string {
	if v, ok := t.(types.MapValue); ok {
		return v.Kind()
	}
	return "map"
}

// renderer gives the type as one that can be shown; what can't is shown as
// nothing. Checking lets only such types into maps and events.
func renderer(t types.Type) types.Renderer {
	if r, ok := t.(types.Renderer); ok {
		return r
	}
	return types.Void{}
}

// part gives size bytes from offset on, or as many as there are.
func part(raw []byte, offset, size int) []byte {
	if offset >= len(raw) {
		return nil
	}
	return raw[offset:min(offset+size, len(raw))]
}
