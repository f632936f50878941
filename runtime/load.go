package runtime

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/maps"
	"sonde/runtime/sys"
)

// ringFloor and ringCeiling bound the size of the ring buffer, bytes, when the
// script leaves it open.
const (
	ringFloor   = 4 << 20
	ringCeiling = 16 << 20
	ringPerCPU  = 256 << 10
	// ringUrgent is for events that are read at once, all of them: they do not pile up.
	ringUrgent = 512 << 10
)

// kernel is a plan in the kernel: descriptors, by the indices of the plan.
type kernel struct {
	plan  *plan.Plan
	store *Store
	clock *Clock
	maps  []int
	progs []int
	btf   int

	mu sync.Mutex
	// created are the names of maps that the store did not have before.
	created []string
	// extra are programs that were loaded again.
	extra []int
}

// load creates the plan's maps and loads its programs. Nothing runs yet. It tells how
// far it is (tell may be nil), and when ctx is done, it gives up.
func load(ctx context.Context, p *plan.Plan, store *Store, clock *Clock, tell *progress) (*kernel, error) {
	k := &kernel{
		plan: p, store: store, clock: clock,
		maps: filled(len(p.Maps), -1), progs: filled(len(p.Programs), -1),
	}
	if err := k.load(ctx, tell); err != nil {
		k.undo()
		return nil, err
	}
	return k, nil
}

// undo is close for a session that never ran: the store keeps nothing of it.
func (k *kernel) undo() {
	for _, name := range k.created {
		k.store.Drop(name)
	}
	k.close()
}

func (k *kernel) load(ctx context.Context, tell *progress) error {
	p := k.plan
	sys.RaiseLimits(uint64(len(p.Maps) + len(p.Programs) + 2*len(p.Attach) + 64))
	// The BTF only serves to explain programs: a kernel that does not take it is no
	// reason to stop.
	var btf sync.WaitGroup
	if len(p.BTF) > 0 {
		btf.Go(func() { k.btf, _ = sys.LoadBTF(p.BTF) })
	}
	err := inParallel(len(p.Maps), k.createMap)
	btf.Wait()
	if err != nil {
		return err
	}
	var loaded atomic.Int64
	if tell != nil {
		tell.step("programs loaded", len(p.Programs), func() int { return int(loaded.Load()) })
	}
	return inParallel(len(p.Programs), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		fd, err := k.loadProgram(i, p.Programs[i].AttachType)
		k.progs[i] = fd
		loaded.Add(1)
		return err
	})
}

// reload loads program i to be attached in another way than the plan says.
func (k *kernel) reload(i int, as ebpf.AttachType) (int, error) {
	fd, err := k.loadProgram(i, as)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.extra = append(k.extra, fd)
	}
	return fd, err
}

// close lets go of maps and programs. Programs that are attached live until they
// are detached.
func (k *kernel) close() {
	for _, fd := range k.maps {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	for _, fd := range slices.Concat(k.progs, k.extra) {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	if k.btf > 0 {
		unix.Close(k.btf)
	}
}

func (k *kernel) createMap(i int) error {
	m := k.plan.Maps[i]
	spec := sys.MapSpec{
		Name: m.Name, Type: uint32(m.Type), Key: m.KeySize, Value: m.ValueSize, Entries: m.MaxEntries, Flags: m.Flags,
	}
	if m.Kind == plan.Events && spec.Entries == 0 {
		spec.Entries = k.ringSize()
	}
	create := func() (int, error) {
		fd, err := sys.CreateMap(spec)
		if err != nil {
			return -1, mapError(k.plan, i, err)
		}
		return fd, nil
	}
	var err error
	if k.store != nil && keeps(m.Kind) {
		k.maps[i], err = k.store.keep(k.plan, i, spec, func() (int, error) {
			fd, err := create()
			if err == nil {
				k.mu.Lock()
				k.created = append(k.created, storeName(k.plan, i))
				k.mu.Unlock()
			}
			return fd, err
		})
	} else {
		k.maps[i], err = create()
	}
	if err != nil {
		return err
	}
	contents := m.Contents
	if m.Kind == plan.Globals {
		contents = k.globals(m)
	}
	for n := uint32(0); len(contents) > 0; n++ {
		key := binary.NativeEndian.AppendUint32(nil, n)
		if err := sys.Update(k.maps[i], key, contents[:m.ValueSize], sys.Any); err != nil {
			return mapError(k.plan, i, err)
		}
		contents = contents[m.ValueSize:]
	}
	return nil
}

// globals is the initial content of the Globals map, with the words that are
// known only now.
func (k *kernel) globals(m *plan.Map) []byte {
	words := make([]byte, m.ValueSize)
	copy(words, m.Contents)
	for _, g := range k.plan.Globals {
		var v uint64
		switch g.Name {
		case "start_boot_ns":
			v = k.clock.Start
		case "wall_minus_boot_ns":
			v = uint64(k.clock.offset)
		case "tai_minus_boot_ns":
			v = uint64(k.clock.offset + taiOffset())
		case "tracer_pid":
			v = uint64(os.Getpid())
		default:
			continue
		}
		binary.NativeEndian.PutUint64(words[g.Offset:], v)
	}
	return words
}

// setStarted lets those programs run that wait for plan.Started. None of them is running:
// nobody else writes the words.
func (k *kernel) setStarted() error {
	at := slices.IndexFunc(k.plan.Globals, func(g plan.Global) bool { return g.Name == plan.Started })
	if at < 0 {
		return nil
	}
	i := k.kindOf(plan.Globals)
	key, words := make([]byte, 4), make([]byte, k.plan.Maps[i].ValueSize)
	if err := sys.Lookup(k.maps[i], key, words); err != nil {
		return mapError(k.plan, i, err)
	}
	binary.NativeEndian.PutUint64(words[k.plan.Globals[at].Offset:], 1)
	if err := sys.Update(k.maps[i], key, words, sys.Any); err != nil {
		return mapError(k.plan, i, err)
	}
	return nil
}

// ringSize is the size of the plan's ring buffer, bytes, unless it says one itself.
func (k *kernel) ringSize() uint32 {
	size := ringSize(k.plan.Config.PerfRBPages)
	piles := func(ev *plan.Event) bool { return !ev.Urgent }
	if k.plan.Config.PerfRBPages == 0 && !slices.ContainsFunc(k.plan.Events, piles) {
		size = min(size, ringUrgent)
	}
	return size
}

// ringSize is the size of the ring buffer for a setting in pages, 0 for none: a
// power of two, as the kernel wants it.
func ringSize(pages uint64) uint32 {
	page := uint64(os.Getpagesize())
	if pages > 0 {
		return uint32(powerOfTwo(min(pages*page, 1<<30)))
	}
	size := uint64(ringFloor)
	if cpus, err := sys.PossibleCPUs(); err == nil {
		size = max(size, uint64(cpus)*ringPerCPU)
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		// Not more than 1/64 of the machine's memory.
		size = min(size, uint64(info.Totalram)*uint64(info.Unit)/64)
	}
	return uint32(powerOfTwo(min(max(size, page), ringCeiling)))
}

// powerOfTwo rounds up.
func powerOfTwo(n uint64) uint64 {
	p := uint64(1)
	for p < n {
		p <<= 1
	}
	return p
}

// loadProgram loads program i, to be attached as said. It is loaded silently first:
// keeping the log costs the verifier more time than its work.
func (k *kernel) loadProgram(i int, as ebpf.AttachType) (int, error) {
	p := k.plan.Programs[i]
	code, err := k.code(p)
	if err != nil {
		return -1, fmt.Errorf("program %s: %w", p.Name, err)
	}
	license := k.plan.Config.License
	if license == "" {
		license = "GPL"
	}
	spec := sys.Program{
		Name: p.Name, Type: uint32(p.Type), AttachType: uint32(as), AttachBTFID: p.AttachBTFID,
		License: license, Code: code, BTF: k.btf, FuncInfo: p.FuncInfo, LineInfo: p.LineInfo,
	}
	if spec.AttachTo, err = attachTo(p); err != nil {
		return -1, err
	}
	fd, err := sys.LoadProgram(&spec)
	if spec.AttachTo > 0 {
		defer unix.Close(spec.AttachTo)
	}
	if err == nil {
		return fd, nil
	}
	return k.explainLoad(p, &spec, err)
}

// attachTo opens what a program is bound to, apart from the kernel proper; 0: nothing.
func attachTo(p *plan.Program) (fd int, err error) {
	switch {
	case p.AttachProg != 0:
		if fd, err = sys.OpenProgram(p.AttachProg); err != nil {
			return 0, fmt.Errorf("%s: BPF program %d: %w", p.Probe, p.AttachProg, err)
		}
	case p.AttachModule != "":
		if fd, err = sys.OpenModuleBTF(p.AttachModule); err != nil {
			return 0, fmt.Errorf("%s: type information of module %s: %w", p.Probe, p.AttachModule, err)
		}
	}
	return fd, nil
}

// code is the program as the kernel takes it: jumps resolved, maps by descriptor.
func (k *kernel) code(p *plan.Program) ([]byte, error) {
	insns := make(asm.Instructions, len(p.Instructions))
	copy(insns, p.Instructions)
	for i := range insns {
		ins := &insns[i]
		if !ins.IsLoadFromMap() || ins.Reference() == "" {
			continue
		}
		m := k.mapNamed(ins.Reference())
		if m < 0 {
			return nil, fmt.Errorf("instruction %d refers to map %q, which the plan does not have", i, ins.Reference())
		}
		if err := ins.AssociateMap(descriptor(k.maps[m])); err != nil {
			return nil, fmt.Errorf("instruction %d: %w", i, err)
		}
	}
	buf := bytes.NewBuffer(make([]byte, 0, insns.Size()))
	if err := insns.Marshal(buf, sys.ByteOrder()); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (k *kernel) mapNamed(name string) int {
	for i, m := range k.plan.Maps {
		if m.Name == name {
			return i
		}
	}
	return -1
}

// descriptor is what cilium/ebpf takes for a map.
type descriptor int

func (d descriptor) FD() int { return int(d) }

// kindOf finds the plan's first map of a kind, -1 when there is none.
func (k *kernel) kindOf(kind plan.MapKind) int {
	for i, m := range k.plan.Maps {
		if m.Kind == kind {
			return i
		}
	}
	return -1
}

// access gives a script's map for reading.
func (k *kernel) access(v *plan.Var) (*maps.Map, error) {
	m := k.plan.Maps[v.Map]
	return maps.New(k.maps[v.Map], m, v)
}

func filled(n, v int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// inParallel calls f for 0 … n-1, on as many processors as there are, this
// goroutine's among them, and gives the error of the lowest index.
func inParallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			errs[i] = f(int(i))
		}
	}
	var wg sync.WaitGroup
	for range min(n, runtime.NumCPU()) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
