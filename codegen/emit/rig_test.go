package emit_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/codegen/emit"
	"sonde/codegen/ssa"
	"sonde/runtime/ring"
	"sonde/runtime/sys"
)

// needRoot skips what loads programs.
func needRoot(t testing.TB) {
	if os.Geteuid() != 0 {
		t.Skip("loading programs needs root")
	}
}

// rig runs programs in the kernel, one after the other on one thread and CPU, so
// that they see the same in every run. Maps and type information are made once and
// serve all programs that want the like: making them costs far more than running.
type rig struct {
	cpu  int
	maps map[mapShape]*rigMap
	btf  map[string]int // descriptors, by contents
}

// mapShape tells maps apart: two of a program have different numbers.
type mapShape struct {
	index      int
	key, value int32
}

type rigMap struct {
	mapShape
	fd   int
	ring *ring.Reader // nil: not a ring buffer
}

// FD is what cilium/ebpf asks of a map.
func (m *rigMap) FD() int { return m.fd }

// Sizes of the maps: entries and bytes.
const (
	rigEntries = 1024
	rigRing    = 1 << 16
)

// newRig keeps the calling goroutine on its thread, and that on the n-th CPU that it
// may use (counted round), for good: the thread ends with the goroutine.
func newRig(n int) (*rig, error) {
	runtime.LockOSThread()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("CPUs: %w", err)
	}
	n %= set.Count()
	cpu := 0
	for ; n > 0 || !set.IsSet(cpu); cpu++ {
		if set.IsSet(cpu) {
			n--
		}
	}
	set.Zero()
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("CPU %d: %w", cpu, err)
	}
	return &rig{cpu: cpu, maps: map[mapShape]*rigMap{}, btf: map[string]int{}}, nil
}

func (r *rig) close() {
	for _, m := range r.maps {
		if m.ring != nil {
			m.ring.Close()
		}
		unix.Close(m.fd)
	}
	for _, fd := range r.btf {
		unix.Close(fd)
	}
}

// run loads code as a raw tracepoint program, runs it once on a context of these
// bytes, and gives its result and the contents of its maps, written as the
// interpreter does.
func (r *rig) run(p *ssa.Program, code *emit.Code, ctx []byte) (string, error) {
	var maps []*rigMap
	insns := append(code.Instructions[:0:0], code.Instructions...)
	for _, m := range programMaps(p) {
		km, err := r.mapOf(mapShape{m.Index, m.KeySize, m.ValueSize})
		if err != nil {
			return "", err
		}
		maps = append(maps, km)
		for i := range insns {
			if insns[i].IsLoadFromMap() && insns[i].Reference() == m.Name {
				if err := insns[i].AssociateMap(km); err != nil {
					return "", err
				}
			}
		}
	}
	var raw bytes.Buffer
	if err := insns.Marshal(&raw, sys.ByteOrder()); err != nil {
		return "", err
	}
	fd, err := r.load(code, raw.Bytes())
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	ret, err := sys.RunProgram(fd, ctx)
	if err != nil {
		return "", fmt.Errorf("running: %w", err)
	}
	var lines []string
	for _, km := range maps {
		some, err := km.empty()
		if err != nil {
			return "", err
		}
		lines = append(lines, some...)
	}
	sort.Strings(lines)
	return fmt.Sprint(ret, " ", lines), nil
}

// load has the kernel verify a program. Only callbacks need a description.
func (r *rig) load(code *emit.Code, raw []byte) (fd int, err error) {
	spec := sys.Program{Name: "test", Type: uint32(ebpf.RawTracepoint), License: "GPL", Code: raw}
	if len(code.Funcs) > 1 {
		d := emit.NewDebug(nil)
		spec.FuncInfo, spec.LineInfo = d.Add(code)
		types := d.BTF()
		if fd, ok := r.btf[string(types)]; ok {
			spec.BTF = fd
		} else if spec.BTF, err = sys.LoadBTF(types); err != nil {
			return -1, fmt.Errorf("BTF: %w", err)
		}
		r.btf[string(types)] = spec.BTF
	}
	if fd, err = sys.LoadProgram(&spec); err == nil || errors.Is(err, unix.E2BIG) {
		return fd, err
	}
	spec.Log = make([]byte, 1<<20)
	_, _ = sys.LoadProgram(&spec) // once more, for what the verifier says
	log, _, _ := bytes.Cut(spec.Log, []byte{0})
	return -1, fmt.Errorf("%w\n%s", err, log)
}

// mapOf gives an empty map: an array of one when there is no key, a ring buffer
// when there is neither key nor value.
func (r *rig) mapOf(s mapShape) (*rigMap, error) {
	if m := r.maps[s]; m != nil {
		return m, nil
	}
	spec := sys.MapSpec{Name: "test", Type: uint32(ebpf.Hash), Key: uint32(s.key), Value: uint32(s.value), Entries: rigEntries}
	switch {
	case s.key == 0 && s.value == 0:
		spec.Type, spec.Entries = uint32(ebpf.RingBuf), rigRing
	case s.key == 0:
		spec.Type, spec.Key, spec.Entries = uint32(ebpf.Array), 4, 1
	}
	fd, err := sys.CreateMap(spec)
	if err != nil {
		return nil, fmt.Errorf("creating a map of %d and %d bytes: %w", s.key, s.value, err)
	}
	m := &rigMap{mapShape: s, fd: fd}
	if ebpf.MapType(spec.Type) == ebpf.RingBuf {
		if m.ring, err = ring.New(fd, rigRing); err != nil {
			return nil, err
		}
	}
	r.maps[s] = m
	return m, nil
}

// empty gives what is in a map and removes it.
func (m *rigMap) empty() (lines []string, err error) {
	switch {
	case m.ring != nil:
		m.ring.Drain(func(record []byte) bool {
			lines = append(lines, fmt.Sprintf("record %x", record))
			return true
		})
		return lines, nil
	case m.key == 0:
		key, value := make([]byte, 4), make([]byte, m.value)
		if err := sys.Lookup(m.fd, key, value); err != nil || len(bytes.Trim(value, "\x00")) == 0 {
			return nil, err // all zero is as if never touched
		}
		lines = append(lines, fmt.Sprintf("m%d[] = %x", m.index, value))
		return lines, sys.Update(m.fd, key, make([]byte, m.value), sys.Any)
	}
	keys, values := make([]byte, rigEntries*m.key), make([]byte, rigEntries*m.value)
	for b := (sys.Batch{}); ; {
		n, end, err := b.LookupDeleteBatch(m.fd, keys, values, rigEntries)
		if err != nil {
			return nil, err
		}
		for i := range int32(n) {
			lines = append(lines, fmt.Sprintf("m%d[%x] = %x", m.index, keys[i*m.key:(i+1)*m.key], values[i*m.value:(i+1)*m.value]))
		}
		if end {
			return lines, nil
		}
	}
}

// programMaps are the maps that a program uses, by number.
func programMaps(p *ssa.Program) []*ssa.Map {
	seen := map[int]*ssa.Map{}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				if m, ok := v.Aux.(*ssa.Map); ok {
					seen[m.Index] = m
				}
			}
		}
	}
	var maps []*ssa.Map
	for _, m := range seen {
		maps = append(maps, m)
	}
	sort.Slice(maps, func(i, j int) bool { return maps[i].Index < maps[j].Index })
	return maps
}
