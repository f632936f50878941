package interp

import (
	"fmt"
	"sort"

	"sonde/codegen/ssa"
)

// Answer gives what a call of a helper or kfunc runs: the model of it, or else one
// that touches memory as the description of its arguments says, and gives what depends on its name and on the numbers it gets.
func (m *Machine) Answer(callee *ssa.Helper) Helper {
	if h := m.Helpers[callee.Name]; h != nil {
		return h
	}
	return func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) { return m.generic(callee, a) }
}

func (m *Machine) generic(callee *ssa.Helper, a []uint64) (uint64, error) {
	sum := m.Memory.Seed
	for _, c := range []byte(callee.Name) {
		sum = mix(sum + uint64(c))
	}
	var seen []uint64 // addresses are not the same in all forms of a program
	for i, kind := range callee.Args {
		if kind == ssa.ArgAny && m.Memory.Find(a[i]) == nil {
			sum = mix(sum + a[i])
			seen = append(seen, a[i])
		}
	}
	if callee.Effect == ssa.Writes {
		m.Logf("%s %x", callee.Name, seen)
	}
	for i, kind := range callee.Args {
		if callee.ReadsArg>>i&1 == 0 && callee.WritesArg>>i&1 == 0 {
			continue
		}
		n := 8
		switch {
		case kind == ssa.ArgMem && i+1 < len(a):
			n = int(a[i+1])
		case kind != ssa.ArgLong:
			continue
		}
		if callee.ReadsArg>>i&1 == 1 {
			data, err := m.Memory.Read(a[i], n)
			if err != nil {
				return 0, err
			}
			m.Logf("%s reads %x", callee.Name, data)
		}
		if callee.WritesArg>>i&1 == 1 {
			if err := m.Memory.Write(a[i], m.Memory.Kernel(sum, n)); err != nil {
				return 0, err
			}
		}
	}
	return sum, nil
}

// Each calls f, the callback of for_each_map_elem, for the elements of a map in order
// of their keys: with the map, the addresses of key and value, and ctx. It gives the
// number of calls.
func (m *Machine) Each(call *ssa.Value, ctx uint64, f func(args ...uint64) (uint64, error)) (uint64, error) {
	mp, err := m.mapOf(call)
	if err != nil {
		return 0, err
	}
	var keys []string
	for key := range mp.elems {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for i, key := range keys {
		value := mp.elems[key]
		if value == nil {
			continue // removed by the callback
		}
		at := m.Memory.Alloc("key", len(key), true)
		copy(at.Bytes, key)
		stop, err := f(uint64(mp.Of.Index), at.Base, value.Base, ctx)
		if err != nil {
			return 0, err
		}
		if stop != 0 {
			return uint64(i) + 1, nil
		}
	}
	return uint64(len(keys)), nil
}

// forEach is bpf_for_each_map_elem(map, callback, ctx, flags).
func forEach(m *Machine, call *ssa.Value, a []uint64) (uint64, error) {
	f, err := m.callback(a[1])
	if err != nil {
		return 0, err
	}
	return m.Each(call, a[2], func(args ...uint64) (uint64, error) { return m.Call(f, args...) })
}

// callback gives the function with an address.
func (m *Machine) callback(addr uint64) (*ssa.Func, error) {
	if addr == 0 || addr > uint64(len(m.funcs)) {
		return nil, fmt.Errorf("%#x is no function", addr)
	}
	return m.funcs[addr-1], nil
}

// lookupPerCPU is bpf_map_lookup_percpu_elem: there is one processor.
func lookupPerCPU(m *Machine, call *ssa.Value, a []uint64) (uint64, error) {
	if a[2] != 0 {
		return 0, nil
	}
	return mapLookup(m, call, a)
}

// The iterator of numbers, two of 32 bits: the next one and the end.
func iterNew(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	if err := m.Memory.Store(a[0], 32, a[1]); err != nil {
		return 0, err
	}
	return 0, m.Memory.Store(a[0]+4, 32, a[2])
}

func iterNext(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	now, err := m.Memory.Load(a[0], 32)
	if err != nil {
		return 0, err
	}
	end, err := m.Memory.Load(a[0]+4, 32)
	if err != nil || int32(now) >= int32(end) {
		return 0, err
	}
	r := m.Memory.Alloc("number", 4, true)
	if err := m.Memory.Store(r.Base, 32, now); err != nil {
		return 0, err
	}
	return r.Base, m.Memory.Store(a[0], 32, now+1)
}

func iterDestroy(*Machine, *ssa.Value, []uint64) (uint64, error) { return 0, nil }
