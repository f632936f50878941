package maps

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/sys"
)

var ne = binary.NativeEndian

// sum is an aggregation that adds.
type sum struct{ types.Int }

func (sum) String() string                                 { return "sum" }
func (sum) Size() int                                      { return 8 }
func (sum) Align() int                                     { return 8 }
func (sum) AppendText(dst, raw []byte, _ types.Env) []byte { return dst }
func (sum) AppendJSON(dst, raw []byte, _ types.Env) []byte { return dst }
func (sum) Compare(a, b []byte) int                        { return 0 }
func (sum) Merge(dst, src []byte)                          { ne.PutUint64(dst, ne.Uint64(dst)+ne.Uint64(src)) }

// newMap creates a map for tests. Values are uint64, or sums of them.
func newMap(t testing.TB, kind ebpf.MapType, entries uint32, value types.Type, present int) *Map {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("creates BPF maps: needs root")
	}
	spec := &plan.Map{Name: "m", Type: kind, KeySize: 4, ValueSize: 8, MaxEntries: entries}
	if present > 0 {
		spec.ValueSize = 16
	}
	fd, err := sys.CreateMap(sys.MapSpec{Name: "m", Type: uint32(kind), Key: 4, Value: spec.ValueSize, Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	m, err := New(fd, spec, &plan.Var{Name: "@m", Key: types.Uint32, Value: value, Present: present})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func key(i int) []byte { return ne.AppendUint32(nil, uint32(i)) }

// put sets the value of a key: on per-CPU maps v on the first CPU, 2v on the last.
func (m *Map) put(t testing.TB, i int, v uint64) {
	t.Helper()
	raw := make([]byte, m.raw)
	ne.PutUint64(raw, v)
	if m.cpus > 1 {
		ne.PutUint64(raw[m.raw-m.stride:], 2*v)
	}
	if m.flagged() {
		raw[m.v.Present] = 1
		raw[m.raw-m.stride+m.v.Present] = 1
	}
	if err := sys.Update(m.fd, key(i), raw, sys.Any); err != nil {
		t.Fatal(err)
	}
}

func (m *Map) content(t testing.TB) map[int]uint64 {
	t.Helper()
	got := map[int]uint64{}
	err := m.Each(func(k, v []byte) error {
		n := int(ne.Uint32(k))
		if _, twice := got[n]; twice {
			return fmt.Errorf("key %d comes twice", n)
		}
		got[n] = ne.Uint64(v)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (m *Map) want(t testing.TB, want map[int]uint64) {
	t.Helper()
	if got := m.content(t); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// times is what the sum over CPUs makes of a value that put stored.
func (m *Map) times() uint64 {
	if m.cpus > 1 {
		return 3
	}
	return 1
}

var hashes = []ebpf.MapType{ebpf.Hash, ebpf.LRUHash, ebpf.PerCPUHash, ebpf.LRUCPUHash}

func eachHash(t *testing.T, entries uint32, f func(t *testing.T, m *Map)) {
	for _, kind := range hashes {
		t.Run(kind.String(), func(t *testing.T) { f(t, newMap(t, kind, entries, sum{}, 0)) })
	}
}

func TestHash(t *testing.T) {
	eachHash(t, 4096, func(t *testing.T, m *Map) {
		m.want(t, map[int]uint64{})
		want := map[int]uint64{}
		for i := range 1000 {
			m.put(t, i, uint64(i))
			want[i] = uint64(i) * m.times()
		}
		m.want(t, want)

		value, ok, err := m.Lookup(key(7))
		if err != nil || !ok || ne.Uint64(value) != want[7] {
			t.Errorf("Lookup(7) = %v, %v, %v", value, ok, err)
		}
		if _, ok, err := m.Lookup(key(5000)); ok || err != nil {
			t.Errorf("Lookup of what is not there: %v, %v", ok, err)
		}

		if err := m.Zero(); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i] = 0
		}
		m.want(t, want)

		if err := m.Clear(); err != nil {
			t.Fatal(err)
		}
		m.want(t, map[int]uint64{})
	})
}

// One element in a map of one, and a full map: batches of all sizes.
func TestSizes(t *testing.T) {
	for _, n := range []int{1, 2, 17, 5000} {
		m := newMap(t, ebpf.Hash, uint32(n), types.Uint64, 0)
		want := map[int]uint64{}
		for i := range n {
			m.put(t, i, 1)
			want[i] = 1
		}
		m.want(t, want)
	}
}

// The caller's error ends the walk.
func TestEachError(t *testing.T) {
	eachHash(t, 64, func(t *testing.T, m *Map) {
		m.put(t, 1, 1)
		m.put(t, 2, 1)
		stop := errors.New("stop")
		calls := 0
		err := m.Each(func(_, _ []byte) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
	})
}

func TestScalar(t *testing.T) {
	for _, kind := range []ebpf.MapType{ebpf.Array, ebpf.PerCPUArray} {
		t.Run(kind.String(), func(t *testing.T) {
			m := newMap(t, kind, 1, sum{}, 8)
			m.v.Scalar = true
			m.want(t, map[int]uint64{})
			if _, ok, err := m.Lookup(nil); ok || err != nil {
				t.Errorf("Lookup of what was never set: %v, %v", ok, err)
			}
			// Zeroing does not make what was not there.
			if err := m.Zero(); err != nil {
				t.Fatal(err)
			}
			m.want(t, map[int]uint64{})

			m.put(t, 0, 5)
			m.want(t, map[int]uint64{0: 5 * m.times()})
			if value, ok, err := m.Lookup(nil); err != nil || !ok || ne.Uint64(value) != 5*m.times() {
				t.Errorf("Lookup = %v, %v, %v", value, ok, err)
			}
			if err := m.Zero(); err != nil {
				t.Fatal(err)
			}
			m.want(t, map[int]uint64{0: 0})
			if err := m.Clear(); err != nil {
				t.Fatal(err)
			}
			m.want(t, map[int]uint64{})
		})
	}
}

// value merges in memory, which needs no kernel.
func TestMerge(t *testing.T) {
	slot := func(v uint64, flag byte) []byte { return append(ne.AppendUint64(nil, v), flag, 0, 0, 0, 0, 0, 0, 0) }
	cat := func(slots ...[]byte) (raw []byte) {
		for _, s := range slots {
			raw = append(raw, s...)
		}
		return raw
	}
	for _, test := range []struct {
		name    string
		value   types.Type
		present int
		raw     []byte
		want    uint64
		ok      bool
	}{
		{"sums add", sum{}, 8, cat(slot(1, 1), slot(2, 1), slot(4, 1)), 7, true},
		{"unset slots are left out", sum{}, 8, cat(slot(1, 0), slot(2, 1), slot(4, 0)), 2, true},
		{"set to zero is something", sum{}, 8, cat(slot(0, 0), slot(0, 1), slot(0, 0)), 0, true},
		{"nothing set", sum{}, 8, cat(slot(1, 0), slot(2, 0), slot(4, 0)), 0, false},
		{"without flags all slots count", sum{}, 0, cat(slot(1, 0), slot(0, 0), slot(4, 0)), 5, true},
		{"plain values: the first that was written", types.Uint64, 0, cat(slot(0, 0), slot(3, 0), slot(4, 0)), 3, true},
		{"plain values: all zero", types.Uint64, 0, cat(slot(0, 0), slot(0, 0), slot(0, 0)), 0, true},
	} {
		m := &Map{v: &plan.Var{Value: test.value, Present: test.present}, cpus: 3, stride: 16, raw: 48}
		if a, ok := test.value.(types.Aggregate); ok {
			m.merge = a.Merge
		}
		got, ok := m.value(test.raw)
		if ok != test.ok || ok && ne.Uint64(got) != test.want {
			t.Errorf("%s: got %v, %v; want %d, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

// While a map changes, what stays is seen exactly once, and clearing never
// removes what stays for longer than the clearing.
func TestChanging(t *testing.T) {
	eachHash(t, 8192, func(t *testing.T, m *Map) {
		for i := range 500 {
			m.put(t, i, 1)
		}
		dup, err := unix.Dup(m.fd)
		if err != nil {
			t.Fatal(err)
		}
		handle, err := ebpf.NewMapFromFD(dup)
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 0; ; i = (i + 1) % 2000 {
				select {
				case <-stop:
					return
				default:
				}
				m.put(t, 1000+i, 1)
				_ = handle.Delete(key(1000 + (i+1000)%2000))
			}
		})
		for range 20 {
			got := m.content(t)
			for i := range 500 {
				if got[i] != m.times() {
					t.Errorf("key %d is %d", i, got[i])
				}
			}
		}
		if err := m.Clear(); err != nil {
			t.Error(err)
		}
		for i := range 500 {
			if _, ok, _ := m.Lookup(key(i)); ok {
				t.Errorf("key %d survived Clear", i)
			}
		}
		close(stop)
		wg.Wait()
	})
}

func TestKindsWithoutElements(t *testing.T) {
	_, err := New(-1, &plan.Map{Type: ebpf.RingBuf}, &plan.Var{Name: "@m"})
	if err == nil {
		t.Error("no error for a ring buffer")
	}
}

func benchmark(b *testing.B, kind ebpf.MapType, n int) {
	m := newMap(b, kind, uint32(n), sum{}, 0)
	for i := range n {
		m.put(b, i, 1)
	}
	for b.Loop() {
		read := 0
		if err := m.Each(func(_, _ []byte) error { read++; return nil }); err != nil || read != n {
			b.Fatal(read, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/element")
}

func BenchmarkHash50k(b *testing.B)       { benchmark(b, ebpf.Hash, 50_000) }
func BenchmarkPerCPUHash20k(b *testing.B) { benchmark(b, ebpf.PerCPUHash, 20_000) }
