package emit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/ssa"
	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/sys"
)

// needRoot skips what loads programs. Otherwise the test stays on one thread and
// one CPU, its number in pinnedTo, so that programs see the same in every run.
func needRoot(t testing.TB) {
	if os.Geteuid() != 0 {
		t.Skip("loading programs needs root")
	}
	runtime.LockOSThread() // for good: the thread ends with the test
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	for pinnedTo = 0; !set.IsSet(pinnedTo); pinnedTo++ {
	}
	set.Zero()
	set.Set(pinnedTo)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
}

var pinnedTo int

// loaded is a program in the kernel with its maps.
type loaded struct {
	prog *ebpf.Program
	maps map[string]*ebpf.Map
}

func (l *loaded) close() {
	if l.prog != nil {
		l.prog.Close()
	}
	for _, m := range l.maps {
		m.Close()
	}
}

// load loads code as a raw tracepoint program, with fresh maps: arrays of one for
// those without keys.
func load(p *ssa.Program, code *emit.Code) (*loaded, error) {
	l := &loaded{maps: map[string]*ebpf.Map{}}
	insns := append(asm.Instructions(nil), code.Instructions...)
	for _, m := range programMaps(p) {
		spec := &ebpf.MapSpec{Type: ebpf.Hash, KeySize: uint32(m.KeySize), ValueSize: uint32(m.ValueSize), MaxEntries: 1024}
		switch {
		case m.KeySize == 0 && m.ValueSize == 0:
			spec = &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 1 << 16}
		case m.KeySize == 0:
			spec.Type, spec.KeySize, spec.MaxEntries = ebpf.Array, 4, 1
		}
		km, err := ebpf.NewMap(spec)
		if err != nil {
			l.close()
			return nil, err
		}
		l.maps[m.Name] = km
		if err := insns.AssociateMap(m.Name, km); err != nil && !errors.Is(err, asm.ErrUnreferencedSymbol) {
			l.close()
			return nil, err
		}
	}
	if err := l.loadProgram(code, insns); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// loadProgram loads as the runtime does, with the description that callbacks need.
func (l *loaded) loadProgram(code *emit.Code, insns asm.Instructions) error {
	d := emit.NewDebug(nil)
	spec := sys.Program{Name: "test", Type: uint32(ebpf.RawTracepoint), License: "GPL"}
	spec.FuncInfo, spec.LineInfo = d.Add(code)
	var raw bytes.Buffer
	if err := insns.Marshal(&raw, binary.LittleEndian); err != nil {
		return err
	}
	spec.Code = raw.Bytes()
	var err error
	if spec.BTF, err = sys.LoadBTF(d.BTF()); err != nil {
		return fmt.Errorf("BTF: %w", err)
	}
	defer unix.Close(spec.BTF)
	fd, err := sys.LoadProgram(&spec)
	if err != nil {
		spec.Log = make([]byte, 1<<20)
		_, _ = sys.LoadProgram(&spec) // once more, for what the verifier says
		log, _, _ := bytes.Cut(spec.Log, []byte{0})
		return fmt.Errorf("%w\n%s", err, log)
	}
	l.prog, err = ebpf.NewProgramFromFD(fd)
	return err
}

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

// run runs the program once and gives its result and the contents of its
// maps, written as the interpreter does.
func (l *loaded) run(p *ssa.Program, ctx []byte) (string, error) {
	ret, err := l.prog.Run(&ebpf.RunOptions{Context: ctx})
	if err != nil {
		return "", err
	}
	var lines []string
	for _, m := range programMaps(p) {
		km := l.maps[m.Name]
		if km.Type() == ebpf.RingBuf {
			records, err := drain(km)
			if err != nil {
				return "", err
			}
			lines = append(lines, records...)
			continue
		}
		var key, val []byte
		for it := km.Iterate(); it.Next(&key, &val); {
			if m.KeySize == 0 {
				if !slices.ContainsFunc(val, func(b byte) bool { return b != 0 }) {
					continue // as if never touched
				}
				key = nil
			}
			lines = append(lines, fmt.Sprintf("m%d[%x] = %x", m.Index, key, val))
		}
	}
	sort.Strings(lines)
	return fmt.Sprint(ret, " ", lines), nil
}

// drain gives the records of a ring buffer.
func drain(m *ebpf.Map) (lines []string, err error) {
	r, err := ringbuf.NewReader(m)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.SetDeadline(time.Unix(1, 0)) // what is there, without waiting
	for {
		rec, err := r.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("record %x", rec.RawSample))
	}
}

// TestKernel loads every golden with both allocators, and compares what they do.
func TestKernel(t *testing.T) {
	ctx := make([]byte, 64)
	for i := range ctx {
		ctx[i] = byte(i * 7)
	}
	for _, g := range goldens(t) {
		t.Run(g.name(), func(t *testing.T) {
			needRoot(t)
			if g.opt.Features != nil && g.opt.Features.Has(feature.ISAv4) {
				featuretest.Need(t, feature.ISAv4)
			}
			var first string
			for _, a := range []struct {
				name     string
				allocate allocator
			}{{"real", alloc.Allocate}, {"trivial", alloc.Trivial}} {
				p := g.program(t)
				code, _, err := compile(p, a.allocate, g.opt)
				var full *alloc.FrameError
				if a.name == "trivial" && errors.As(err, &full) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				l, err := load(p, code)
				if err != nil {
					t.Fatalf("%s: %+v", a.name, err)
				}
				got, err := l.run(p, ctx)
				l.close()
				if err != nil {
					t.Fatal(err)
				}
				if first == "" {
					first = got
				} else if got != first {
					t.Errorf("%s: %s, the other %s", a.name, got, first)
				}
			}
		})
	}
}
