package ring

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

const (
	page = 64 // of the fake buffer
	size = 128
)

// fake is memory laid out as the kernel's, filled by hand. Unlike the kernel's it is
// not mapped twice, so that the second half is written along.
type fake struct {
	*Reader
	memory []uint64 // aligned
	data   []byte
}

func newFake() *fake {
	memory := make([]uint64, (page+page+2*size)/8)
	all := unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), len(memory)*8)
	f := &fake{memory: memory, data: all[2*page:]}
	f.Reader = newReader(all[:page], all[page:], page)
	return f
}

// put reserves a record with payload and gives its position.
func (f *fake) put(payload string, flags uint32) uint64 {
	at := *f.producer
	record := binary.NativeEndian.AppendUint32(nil, uint32(len(payload))|flags)
	record = append(append(record, 0, 0, 0, 0), payload...)
	for i, c := range record {
		o := (at + uint64(i)) % size
		f.data[o], f.data[o+size] = c, c
	}
	*f.producer = at + (uint64(len(record))+7)&^7
	return at
}

// submit ends the writing of the record at a position.
func (f *fake) submit(at uint64) { f.data[at%size+3] &^= busy >> 24 }

func (f *fake) all() (records []string, bytes int, empty bool) {
	bytes, empty = f.Drain(func(r []byte) bool {
		records = append(records, string(r))
		return true
	})
	return records, bytes, empty
}

func (f *fake) want(t *testing.T, want []string, wantBytes int, wantEmpty bool) {
	t.Helper()
	records, bytes, empty := f.all()
	if !slices.Equal(records, want) || bytes != wantBytes || empty != wantEmpty {
		t.Errorf("got %q, %d bytes, empty %v; want %q, %d, %v", records, bytes, empty, want, wantBytes, wantEmpty)
	}
}

func TestEmpty(t *testing.T) {
	newFake().want(t, nil, 0, true)
}

func TestOrder(t *testing.T) {
	f := newFake()
	f.put("one", 0)
	f.put("", 0)
	f.put("three is longer", 0)
	if n := f.Pending(); n != 16+8+24 {
		t.Errorf("%d bytes are pending", n)
	}
	f.want(t, []string{"one", "", "three is longer"}, 48, true)
	f.want(t, nil, 0, true)
	if *f.consumer != *f.producer {
		t.Errorf("consumer at %d, producer at %d", *f.consumer, *f.producer)
	}
}

// A record that is being written holds up those behind it.
func TestBusy(t *testing.T) {
	f := newFake()
	f.put("one", 0)
	two := f.put("two", busy)
	f.put("three", 0)
	f.want(t, []string{"one"}, 16, false)
	f.want(t, nil, 0, false)
	f.submit(two)
	f.want(t, []string{"two", "three"}, 32, true)
}

func TestDiscarded(t *testing.T) {
	f := newFake()
	f.put("one", discarded)
	f.put("two", 0)
	f.put("three", discarded)
	f.want(t, []string{"two"}, 48, true)
}

// Records that reach over the end of the buffer are whole.
func TestWrap(t *testing.T) {
	f := newFake()
	for i := range 100 {
		text := fmt.Sprintf("%0*d", 1+i%40, i)
		f.put(text, 0)
		f.want(t, []string{text}, (8+len(text)+7)&^7, true)
	}
}

// A handler can stop, and goes on with the next record.
func TestStop(t *testing.T) {
	f := newFake()
	f.put("one", 0)
	f.put("two", 0)
	bytes, empty := f.Drain(func([]byte) bool { return false })
	if bytes != 16 || empty {
		t.Errorf("%d bytes, empty %v", bytes, empty)
	}
	f.want(t, []string{"two"}, 16, true)
}

// What arrives while reading is read too, up to one bufferful.
func TestBound(t *testing.T) {
	f := newFake()
	n := 0
	f.put("x", 0)
	bytes, empty := f.Drain(func([]byte) bool {
		n++
		f.put("x", 0)
		return true
	})
	if n != size/16 || bytes != size || empty {
		t.Errorf("%d records, %d bytes, empty %v", n, bytes, empty)
	}
}

// The length of a record is its own: a handler can't run into the next one.
func TestCapacity(t *testing.T) {
	f := newFake()
	f.put("one", 0)
	f.put("two", 0)
	f.Drain(func(r []byte) bool {
		if cap(r) != len(r) {
			t.Errorf("capacity %d of %d bytes", cap(r), len(r))
		}
		return true
	})
}

// The kernel's own buffer, filled by a program.
func TestKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("creates BPF maps: needs root")
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: uint32(os.Getpagesize())})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint, License: "GPL", Instructions: asm.Instructions{
		asm.LoadMem(asm.R6, asm.R1, 0, asm.DWord),
		asm.StoreMem(asm.R10, -8, asm.R6, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, -8),
		asm.Mov.Imm(asm.R3, 8),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.Return(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer prog.Close()
	r, err := New(m.FD(), os.Getpagesize())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	next := uint64(0)
	for i := uint64(0); i < 5000; i++ {
		ret, err := prog.Run(&ebpf.RunOptions{Context: []uint64{i}})
		if err != nil || ret != 0 {
			t.Fatalf("run %d: %v, result %d", i, err, ret)
		}
		if i%200 == 0 {
			r.Drain(func(b []byte) bool {
				if got := binary.NativeEndian.Uint64(b); got != next {
					t.Fatalf("record %d, want %d", got, next)
				}
				next++
				return true
			})
		}
	}
	if next != 4801 {
		t.Errorf("%d records", next)
	}
}

// A full buffer of 48-byte records, read over and over.
func BenchmarkDrain(b *testing.B) {
	const size = 1 << 20
	memory := make([]uint64, (4096+4096+2*size)/8)
	all := unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), len(memory)*8)
	r := newReader(all[:4096], all[4096:], 4096)
	for at := 0; at < 2*size; at += 48 {
		if at+48 <= 2*size {
			binary.NativeEndian.PutUint32(all[8192+at:], 40)
		}
	}
	sum, records := 0, 0
	for b.Loop() {
		*r.consumer, *r.producer = 0, size/48*48
		r.Drain(func(rec []byte) bool {
			sum += int(rec[0])
			records++
			return true
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
}
