package emit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen"
	"sonde/codegen/alloc"
	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
	"sonde/runtime/ring"
	"sonde/runtime/sys"
	"sonde/stdlib"
)

// harmful are the helpers that would do something to the process that runs the test,
// by number: signals, writes to its memory, changed results of kernel functions.
var harmful = map[int64]bool{36: true, 58: true, 109: true, 117: true}

// tracingFeatures bind programs to one place of the kernel, where a run by request can
// not put them.
var tracingFeatures = []string{"tp_btf", "fentry", "iter", "kprobe_session"}

// TestScriptsAgreeInKernel loads every script as both allocators make it, runs its programs
// by request, and compares results, maps and events. Programs of types that can not be
// run so become raw tracepoints, if the kernel takes them as such.
func TestScriptsAgreeInKernel(t *testing.T) {
	featuretest.NeedTime(t)
	needRoot(t)
	if _, err := newRig(0); err != nil {
		t.Fatal(err)
	}
	h := host.New(host.Options{Without: tracingFeatures})
	var compared, runs, large, harm int
	var refused []string
	all := allScripts(t)
	for _, script := range slices.Sorted(maps.Keys(all)) {
		if strings.Contains(script, "loops_cut_short") {
			continue // hundreds of millions of rounds, twenty times
		}
		p, ok := checked(t, script, all[script], h)
		if !ok {
			continue
		}
		var plans [2]*plan.Plan
		var err error
		for i, plain := range []bool{false, true} {
			if plans[i], err = codegen.Compile(p, stdlib.Default(), h, codegen.Options{Plain: plain}); err != nil {
				break
			}
		}
		var d *source.Diagnostic
		var full *alloc.FrameError
		switch {
		case errors.As(err, &d):
			continue // not on this machine
		case errors.As(err, &full) && plans[0] != nil:
			large++
			continue
		case err != nil:
			t.Errorf("%s: %v", script, err)
			continue
		case isHarmful(plans[0]):
			harm++
			continue
		}
		n, err := plansAgree(plans[0], plans[1])
		switch {
		case errors.Is(err, errRefused):
			refused = append(refused, script)
		case err != nil:
			t.Errorf("%s: %v\n%s", script, err, all[script])
		default:
			compared++
			runs += n
		}
	}
	t.Logf("%d scripts do the same with both allocators, %d runs each time; not compared: %d too large for the trivial one, %d harmful, %d no raw tracepoints: %s",
		compared, runs, large, harm, len(refused), strings.Join(refused, " "))
	if compared < 250 {
		t.Error("far too few scripts were compared")
	}
}

func isHarmful(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Programs, func(prog *plan.Program) bool {
		return slices.ContainsFunc(prog.Instructions, func(in asm.Instruction) bool {
			return in.IsBuiltinCall() && harmful[in.Constant]
		})
	})
}

// errRefused: the kernel does not take a program as a raw tracepoint.
var errRefused = errors.New("not as a raw tracepoint")

// attempts is how often what differs is compared again: clocks and the like change from
// run to run, and not always in time to be seen as what changes.
const attempts = 5

// plansAgree runs both plans, the first one several times around the other: what is not
// the same in all its runs does not count. It gives the number of programs.
func plansAgree(real, plain *plan.Plan) (n int, err error) {
	for range attempts {
		var runs [4][]item
		for i, p := range [...]*plan.Plan{real, plain, real, real} {
			// All from this line: a user stack holds where it was called.
			if runs[i], err = execute(p); err != nil {
				return 0, fmt.Errorf("run %d: %w", i, err)
			}
		}
		if err = agreeing([][]item{runs[0], runs[2], runs[3]}, runs[1]); err == nil {
			break
		}
	}
	return len(real.Programs), err
}

// item is something that a run leaves: a result, a record, an element of a map.
type item struct {
	name string
	data []byte
}

// agreeing compares a run with others, byte by byte where those have the same.
func agreeing(runs [][]item, got []item) error {
	first := runs[0]
	for _, r := range runs[1:] {
		if len(r) != len(first) {
			return nil // by chance more elements
		}
	}
	if len(got) != len(first) {
		return fmt.Errorf("%d results, records and elements with the trivial allocator, else %d", len(got), len(first))
	}
	for i, g := range got {
		same := func(f func(item) bool) bool {
			return !slices.ContainsFunc(runs, func(r []item) bool { return !f(r[i]) })
		}
		if !same(func(x item) bool { return x.name == first[i].name && len(x.data) == len(first[i].data) }) {
			continue
		}
		if g.name != first[i].name || len(g.data) != len(first[i].data) {
			return fmt.Errorf("%s of %d bytes with the trivial allocator, else %s of %d", g.name, len(g.data), first[i].name, len(first[i].data))
		}
		for k, c := range g.data {
			if c != first[i].data[k] && same(func(x item) bool { return x.data[k] == first[i].data[k] }) {
				return fmt.Errorf("%s: byte %d: trivial allocator\n%x\nreal\n%x", g.name, k, g.data, first[i].data)
			}
		}
	}
	return nil
}

// planRun is a plan in the kernel.
type planRun struct {
	plan *plan.Plan
	maps map[string]int
	ring *ring.Reader
	btf  int
}

// runRing is the size of the ring buffer, bytes.
const runRing = 1 << 20

// execute loads a plan, runs each program twice, in their order, and gives all that
// can be seen then.
func execute(p *plan.Plan) ([]item, error) {
	r := &planRun{plan: p, maps: map[string]int{}}
	defer r.close()
	for _, m := range p.Maps {
		if err := r.create(m); err != nil {
			return nil, fmt.Errorf("map %s: %w", m.Name, err)
		}
	}
	if r.btf, _ = sys.LoadBTF(p.BTF); r.btf < 0 {
		r.btf = 0
	}
	var progs []int
	defer func() {
		for _, fd := range progs {
			unix.Close(fd)
		}
	}()
	for _, prog := range p.Programs {
		fd, err := r.load(prog)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", prog.Probe, err)
		}
		progs = append(progs, fd)
	}
	var out []item
	for range 2 {
		for i, fd := range progs {
			// What is at the addresses that the context holds can not be read.
			ret, err := sys.RunProgram(fd, make([]byte, 96))
			if err != nil {
				return nil, fmt.Errorf("running %s: %w", p.Programs[i].Probe, err)
			}
			out = append(out, item{p.Programs[i].Name, binary.NativeEndian.AppendUint32(nil, ret)})
		}
	}
	for _, m := range p.Maps {
		some, err := r.contents(m)
		if err != nil {
			return nil, fmt.Errorf("map %s: %w", m.Name, err)
		}
		out = append(out, some...)
	}
	return out, nil
}

func (r *planRun) close() {
	if r.ring != nil {
		r.ring.Close()
	}
	for _, fd := range r.maps {
		unix.Close(fd)
	}
	if r.btf > 0 {
		unix.Close(r.btf)
	}
}

func (r *planRun) create(m *plan.Map) error {
	spec := sys.MapSpec{Name: m.Name, Type: uint32(m.Type), Key: m.KeySize, Value: m.ValueSize, Entries: m.MaxEntries, Flags: m.Flags}
	if m.Kind == plan.Events {
		spec.Entries = runRing
	}
	fd, err := sys.CreateMap(spec)
	if err != nil {
		return err
	}
	r.maps[m.Name] = fd
	if m.Kind == plan.Events {
		r.ring, err = ring.New(fd, runRing)
		return err
	}
	for n, rest := uint32(0), m.Contents; len(rest) > 0; n++ {
		if err := sys.Update(fd, binary.NativeEndian.AppendUint32(nil, n), rest[:m.ValueSize], sys.Any); err != nil {
			return err
		}
		rest = rest[m.ValueSize:]
	}
	return nil
}

// load loads a program as a raw tracepoint.
func (r *planRun) load(p *plan.Program) (int, error) {
	insns := slices.Clone(p.Instructions)
	for i := range insns {
		if in := &insns[i]; in.IsLoadFromMap() && in.Reference() != "" {
			if err := in.AssociateMap(&rigMap{fd: r.maps[in.Reference()]}); err != nil {
				return -1, err
			}
		}
	}
	var raw bytes.Buffer
	if err := insns.Marshal(&raw, sys.ByteOrder()); err != nil {
		return -1, err
	}
	spec := sys.Program{Name: p.Name, Type: uint32(ebpf.RawTracepoint), License: "GPL", Code: raw.Bytes(),
		BTF: r.btf, FuncInfo: p.FuncInfo, LineInfo: p.LineInfo}
	fd, err := sys.LoadProgram(&spec)
	if err == nil {
		return fd, nil
	}
	spec.Log = make([]byte, 1<<20)
	_, _ = sys.LoadProgram(&spec)
	log, _, _ := bytes.Cut(spec.Log, []byte{0})
	if p.Type != ebpf.RawTracepoint {
		err = fmt.Errorf("%w: %w", errRefused, err)
	}
	return -1, fmt.Errorf("%w\n%s", err, log[max(0, len(log)-300):])
}

// contents gives what is in a map, in order of the keys; not the scratch memory, where
// it does not matter what is left behind.
func (r *planRun) contents(m *plan.Map) (items []item, err error) {
	fd := r.maps[m.Name]
	size := int(m.ValueSize)
	if m.Type == ebpf.PerCPUArray || m.Type == ebpf.PerCPUHash || m.Type == ebpf.LRUCPUHash {
		cpus, err := sys.PossibleCPUs()
		if err != nil {
			return nil, err
		}
		size = (size + 7) &^ 7 * cpus
	}
	switch {
	case m.Kind == plan.Scratch:
	case m.Kind == plan.Events:
		r.ring.Drain(func(record []byte) bool {
			items = append(items, item{"record", bytes.Clone(record)})
			return true
		})
	case m.Type == ebpf.Array || m.Type == ebpf.PerCPUArray:
		for i := range m.MaxEntries {
			value := make([]byte, size)
			if err := sys.Lookup(fd, binary.NativeEndian.AppendUint32(nil, i), value); err != nil {
				return nil, err
			}
			items = append(items, item{fmt.Sprintf("%s[%d]", m.Name, i), value})
		}
	default:
		items, err = walk(fd, m, size)
		slices.SortFunc(items, func(a, b item) int { return bytes.Compare(a.data, b.data) })
	}
	return items, err
}

// walk gives the elements of a hash, key before value.
func walk(fd int, m *plan.Map, size int) (items []item, err error) {
	count := uint32(min(m.MaxEntries, 4096))
	keys, values := make([]byte, int(count*m.KeySize)), make([]byte, int(count)*size)
	for b := (sys.Batch{}); ; {
		n, end, err := b.LookupBatch(fd, keys, values, count)
		if err != nil {
			return nil, err
		}
		for i := range int(n) {
			key := keys[i*int(m.KeySize) : (i+1)*int(m.KeySize)]
			items = append(items, item{m.Name, slices.Concat(key, values[i*size:(i+1)*size])})
		}
		if end {
			return items, nil
		}
	}
}
