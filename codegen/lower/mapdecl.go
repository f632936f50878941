package lower

import (
	"fmt"
	"reflect"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// Maps that are not the script's. A name that begins with a dot can't be one of
// the script's.
const (
	eventsName   = ".events"
	countersName = ".counters"
	zeroName     = ".zero"
	globalsName  = ".globals"
	namesName    = ".names"
)

var (
	countersMap = plan.Map{Name: countersName, Kind: plan.Counters, Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: 1}
	globalsMap  = plan.Map{Name: globalsName, Kind: plan.Globals, Type: ebpf.Array, KeySize: 4, MaxEntries: 1, Flags: flagMmapable}
	zeroMap     = plan.Map{Name: zeroName, Kind: plan.Scratch, Type: ebpf.Array, KeySize: 4, MaxEntries: 1, Flags: flagReadOnlyProg}
)

// Flags of maps, from include/uapi/linux/bpf.h.
const (
	flagNoPrealloc   = 1 << 0
	flagReadOnlyProg = 1 << 7
	flagMmapable     = 1 << 10
)

// mapInfo is how a map of the script is kept.
type mapInfo struct {
	*plan.Var
	m     *check.Map
	index int // in plan.Vars
	ssa   *ssa.Map
	// direct: the value is an array map's only one, whose address is a constant.
	direct bool
}

// declare chooses how a map of the script is kept. Without keys it is an array of
// one: its value is reached without a hash, or without any call. Aggregations are
// per CPU, so that no two CPUs share a slot.
func (u *unit) declare(m *check.Map) {
	value := m.Value
	if value == nil {
		value = types.Int64
	}
	_, aggregate := value.(types.Aggregate)
	v := &plan.Var{Name: m.Name, Key: m.Key, Value: value, PerCPU: aggregate, Present: -1}
	if m.First != nil {
		v.Span = m.First.Span()
	}
	pm := plan.Map{Name: u.mapName(m.Name), Kind: plan.Data, ValueSize: uint32(value.Size())}
	info := &mapInfo{Var: v, m: m, index: len(u.plan.Vars)}
	if m.Key == nil {
		v.Scalar, v.Present = true, value.Size()
		pm.Type, pm.KeySize, pm.MaxEntries = ebpf.Array, 4, 1
		pm.ValueSize = uint32(value.Size()+8) &^ 7
		if aggregate {
			pm.Type = ebpf.PerCPUArray
		}
		info.direct = !aggregate
	} else {
		pm.KeySize, pm.MaxEntries = uint32(m.Key.Size()), uint32(m.MaxEntries)
		if m.MaxEntries == 0 {
			pm.MaxEntries = uint32(u.checked.Config.MaxMapKeys)
		}
		lru := m.Kind == check.LRUHashMap || m.Kind == check.LRUPerCPUHashMap
		switch {
		case aggregate && lru, m.Kind == check.LRUPerCPUHashMap:
			pm.Type, v.PerCPU = ebpf.LRUCPUHash, true
		case aggregate, m.Kind == check.PerCPUHashMap:
			pm.Type, v.PerCPU = ebpf.PerCPUHash, true
		case lru:
			pm.Type = ebpf.LRUHash
		default:
			pm.Type = ebpf.Hash
		}
		v.FullCounter = u.loss(plan.Loss{
			What: "Map full; can't update element of " + m.Name + ". A larger max_map_keys in the config, or in the map's declaration, gives it room.",
			Span: v.Span, Helper: "map_update_elem", Code: -int(syscall.E2BIG),
		})
	}
	info.ssa = u.kernelMap(pm)
	v.Map = info.ssa.Index
	u.maps[m] = info
	u.plan.Vars = append(u.plan.Vars, v)
}

// maxName is how long the kernel's names of maps and programs may be, bytes.
const maxName = 15

// mapName makes the kernel's name of a map of the script.
func (u *unit) mapName(name string) string {
	name = kernelName(strings.TrimPrefix(name, "@"))
	if name == "" || u.kernel[name] != nil {
		name = fmt.Sprintf("map%d", len(u.plan.Vars))
	}
	for u.kernel[name] != nil {
		name = "_" + name
	}
	return name
}

// kernelName keeps what the kernel allows in a name.
func kernelName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), maxName)]
}

// kernelMap finds a map of the plan by its name, or adds it.
func (u *unit) kernelMap(m plan.Map) *ssa.Map {
	if s := u.kernel[m.Name]; s != nil {
		return s
	}
	if u.wastes(&m) {
		m.Flags |= flagNoPrealloc
	}
	s := &ssa.Map{Index: len(u.plan.Maps), Name: m.Name, KeySize: int32(m.KeySize), ValueSize: int32(m.ValueSize)}
	u.plan.Maps = append(u.plan.Maps, &m)
	u.kernel[m.Name] = s
	return s
}

// How much memory a hash table may take before it has an element, bytes. Elements that
// are there already are inserted some 50 ns faster. Those of per-CPU tables must be
// there unless that is out of the question: for programs the kernel keeps only one to
// three of them in stock, and at 5,000 new keys a second one in five found none
// (kernel 6.18).
const (
	maxPrealloc       = 2 << 20
	maxPreallocPerCPU = 64 << 20
)

// elemHeader is the kernel's struct htab_elem, bytes.
const elemHeader = 48

// wastes tells whether a map had better get memory as it needs it. Before
// bpf_mem_alloc, in 6.1, that was forbidden to perf event programs and unsafe in
// others that can interrupt the allocator.
func (u *unit) wastes(m *plan.Map) bool {
	elem := elemHeader + uint64(m.KeySize+7)&^7
	value := uint64(m.ValueSize+7) &^ 7
	limit := uint64(maxPrealloc)
	switch m.Type {
	case ebpf.Hash:
		elem += value
	case ebpf.PerCPUHash:
		elem += 8 + value*uint64(u.host.NumCPU())
		limit = maxPreallocPerCPU
	default:
		return false
	}
	return elem*uint64(m.MaxEntries) > limit && u.host.Features().Has(feature.MapAlloc)
}

// zeros gives the address of n zero bytes.
func (b *Builder) zeros(n int64) *ssa.Value {
	u := b.unit
	u.zeroLen = max(u.zeroLen, uint32(n))
	return b.MapValue(u.kernelMap(zeroMap), 0, int32(n))
}

// counters makes the map of counters, which every plan has.
func (u *unit) counters() { u.kernelMap(countersMap) }

// nextCounter is the first counter that is not taken.
func (u *unit) nextCounter() plan.Counter { return plan.FirstFree + plan.Counter(len(u.plan.Losses)) }

// loss gives the counter for something that can go wrong at a place.
func (u *unit) loss(loss plan.Loss) plan.Counter {
	for _, l := range u.plan.Losses { // code that is lowered twice counts as one
		loss.Counter = l.Counter
		if reflect.DeepEqual(l, loss) {
			return l.Counter
		}
	}
	loss.Counter = u.nextCounter()
	u.plan.Losses = append(u.plan.Losses, loss)
	return loss.Counter
}
