package interp

import (
	"bytes"
	"fmt"
	"strings"

	"sonde/codegen/ssa"
)

const (
	errNoEnt = ^uint64(1)  // -ENOENT
	errFault = ^uint64(13) // -EFAULT
	errRange = ^uint64(33) // -ERANGE, of addresses that can't be the kernel's (mm/maccess.c)
)

// fakes are the helpers of helpers.go. What they give depends on the seed and on
// what the program did so far, never on how often they were asked: unused calls
// that only read may go away.
func fakes() map[string]Helper {
	h := map[string]Helper{
		"map_lookup_elem":  mapLookup,
		"map_update_elem":  mapUpdate,
		"map_delete_elem":  mapDelete,
		"ktime_get_ns":     func(m *Machine, _ *ssa.Value, _ []uint64) (uint64, error) { return uint64(1000 * len(m.Log)), nil },
		"get_stackid":      func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) { return mix(m.Memory.Seed+a[2]) >> 50, nil },
		"ringbuf_query":    func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) { return uint64(len(m.Log)) + a[1], nil },
		"ringbuf_reserve":  ringbufReserve,
		"ringbuf_output":   ringbufOutput,
		"ringbuf_submit":   giveBack("submit"),
		"ringbuf_discard":  giveBack("discard"),
		"get_stack":        getStack,
		"get_current_comm": getComm,
		"loop":             loop,

		"for_each_map_elem":      forEach,
		"map_lookup_percpu_elem": lookupPerCPU,
		"bpf_iter_num_new":       iterNew,
		"bpf_iter_num_next":      iterNext,
		"bpf_iter_num_destroy":   iterDestroy,
		"bpf_rdonly_cast":        func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) { return a[0], nil },
	}
	// Small enough for loops up to them to end.
	for i, name := range []string{"get_smp_processor_id", "get_current_pid_tgid", "get_current_uid_gid"} {
		h[name] = func(m *Machine, _ *ssa.Value, _ []uint64) (uint64, error) {
			x := mix(m.Memory.Seed + uint64(i))
			return x>>24&(0xff<<32) | x&0xff, nil
		}
	}
	for i, name := range []string{"get_current_task", "get_current_task_btf", "get_attach_cookie"} {
		h[name] = func(m *Machine, _ *ssa.Value, _ []uint64) (uint64, error) {
			return mix(m.Memory.Seed+uint64(i)+3) &^ 7, nil
		}
	}
	h["get_prandom_u32"] = func(m *Machine, _ *ssa.Value, _ []uint64) (uint64, error) {
		return mix(m.Memory.Seed^uint64(len(m.Log))) >> 32, nil
	}
	for name, failure := range map[string]uint64{"probe_read_kernel": errRange, "probe_read_user": errFault} {
		h[name] = probeRead(failure)
		h[name+"_str"] = probeReadStr(failure)
	}
	return h
}

func mapLookup(m *Machine, call *ssa.Value, a []uint64) (uint64, error) {
	mp, key, err := m.key(call, a[1])
	if err != nil {
		return 0, err
	}
	if m.Arrays[mp.Of.Name] {
		return mp.elem(m, key).Base, nil
	}
	if r := mp.elems[key]; r != nil {
		return r.Base, nil
	}
	return 0, nil
}

func mapUpdate(m *Machine, call *ssa.Value, a []uint64) (uint64, error) {
	mp, key, err := m.key(call, a[1])
	if err != nil {
		return 0, err
	}
	val, err := m.Memory.Read(a[2], int(mp.Of.ValueSize))
	if err != nil {
		return 0, err
	}
	m.Logf("update m%d[%x] = %x", mp.Of.Index, key, val)
	return 0, m.Memory.Write(mp.elem(m, key).Base, val)
}

func mapDelete(m *Machine, call *ssa.Value, a []uint64) (uint64, error) {
	mp, key, err := m.key(call, a[1])
	if err != nil {
		return 0, err
	}
	m.Logf("delete m%d[%x]", mp.Of.Index, key)
	if mp.elems[key] == nil {
		return errNoEnt, nil
	}
	delete(mp.elems, key)
	return 0, nil
}

func (m *Machine) key(call *ssa.Value, addr uint64) (*Map, string, error) {
	mp, err := m.mapOf(call)
	if err != nil {
		return nil, "", err
	}
	key, err := m.Memory.Read(addr, int(mp.Of.KeySize))
	return mp, string(key), err
}

func ringbufReserve(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	if m.FullEvery > 0 && mix(m.Memory.Seed+uint64(len(m.Log)))%m.FullEvery == 0 {
		m.Logf("no room for %d bytes", a[1])
		return 0, nil
	}
	r := m.Memory.Alloc("record", int(a[1]), false)
	m.records[r.Base] = r
	return r.Base, nil
}

func giveBack(how string) Helper {
	return func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
		r := m.records[a[0]]
		if r == nil {
			return 0, fmt.Errorf("%#x is no reserved record", a[0])
		}
		delete(m.records, a[0])
		r.freed = true
		if how == "discard" {
			m.Logf("discard")
		} else {
			m.Logf("%s %s flags %d", how, r.Text(), a[1])
		}
		return 0, nil
	}
}

func ringbufOutput(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	data, err := m.Memory.Read(a[1], int(a[2]))
	m.Logf("output %x flags %d", data, a[3])
	return 0, err
}

// fill writes what a helper gives, unless its memory is none of ours.
func (m *Machine) fill(dst uint64, data []byte, result uint64) (uint64, error) {
	return result, m.Memory.Write(dst, data)
}

func getComm(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	data := make([]byte, a[1])
	copy(data, fmt.Sprintf("task%d", m.Memory.Seed%1000))
	return m.fill(a[0], data, 0)
}

func getStack(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	data := make([]byte, a[2])
	copy(data, m.Memory.Kernel(a[3], int(a[2]/2)))
	return m.fill(a[1], data, a[2]/2)
}

func probeRead(failure uint64) Helper {
	return func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
		if a[2] < 4096 {
			return m.fill(a[0], make([]byte, a[1]), failure)
		}
		if m.Memory.Find(a[2]) != nil {
			data, err := m.Memory.Read(a[2], int(a[1]))
			if err != nil {
				return 0, err
			}
			return m.fill(a[0], data, 0)
		}
		return m.fill(a[0], m.Memory.Kernel(a[2], int(a[1])), 0)
	}
}

// probeReadStr leaves the bytes after the string's end as they were.
func probeReadStr(failure uint64) Helper {
	return func(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
		if a[2] < 4096 {
			return m.fill(a[0], make([]byte, a[1]), failure)
		}
		if r := m.Memory.Find(a[2]); r != nil {
			text, _, _ := bytes.Cut(r.Bytes[min(a[2]-r.Base, uint64(len(r.Bytes))):], []byte{0})
			text = append(bytes.Clone(text[:min(len(text), int(a[1])-1)]), 0)
			return m.fill(a[0], text, uint64(len(text)))
		}
		n := min(mix(a[2])%16, a[1]-1)
		str := strings.Repeat(string(rune('a'+a[2]%26)), int(n)) + "\x00"
		return m.fill(a[0], []byte(str), n+1)
	}
}

// loop is bpf_loop(nr, callback, ctx, flags).
func loop(m *Machine, _ *ssa.Value, a []uint64) (uint64, error) {
	f, err := m.callback(a[1])
	if err != nil {
		return 0, err
	}
	for i := range a[0] {
		stop, err := m.Call(f, i, a[2])
		if err != nil {
			return 0, err
		}
		if stop != 0 {
			return i + 1, nil
		}
	}
	return a[0], nil
}
