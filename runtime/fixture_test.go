package runtime

import (
	"context"
	"encoding/binary"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"

	"sonde/codegen/plan"
	"sonde/lang/config"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// needRoot skips tests that load programs when that is not possible.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads BPF programs")
	}
}

var at = source.NewFile("test.bt", "probe { body }\n").Span(8, 12)

// newPlan is a plan with ring buffer and counters, and a scalar map @n.
func newPlan() *plan.Plan {
	c := config.Default()
	return &plan.Plan{
		Config: c,
		Maps: []*plan.Map{
			{Name: ".events", Kind: plan.Events, Type: ebpf.RingBuf, MaxEntries: 1 << 20},
			{Name: ".counters", Kind: plan.Counters, Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: uint32(plan.FirstFree)},
			{Name: "n", Kind: plan.Data, Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 16, MaxEntries: 1},
		},
		Vars:   []*plan.Var{{Name: "@n", Map: 2, Value: sum{}, PerCPU: true, Scalar: true, Present: 8, Span: at}},
		Events: []*plan.Event{{Action: "value", Payload: &types.Tuple{Elems: []types.Type{types.Uint64}}}},
	}
}

// sum is an aggregation for tests.
type sum struct{ types.Int }

func (sum) String() string { return "sum" }
func (sum) Size() int      { return 8 }
func (sum) Align() int     { return 8 }
func (sum) AppendText(dst, raw []byte, _ types.Env) []byte {
	return types.Uint64.AppendText(dst, raw, nil)
}
func (sum) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return types.Uint64.AppendJSON(dst, raw, nil)
}
func (sum) Compare(a, b []byte) int { return types.Uint64.Compare(a, b) }
func (sum) Merge(dst, src []byte) {
	ne := binary.NativeEndian
	ne.PutUint64(dst, ne.Uint64(dst)+ne.Uint64(src))
}

// haveUprobeMulti tells whether uprobes can be attached by multi links.
func haveUprobeMulti() bool { return features.HaveBPFLinkUprobeMulti() == nil }

// add puts a program into p, attached as how says.
func add(p *plan.Plan, kind ebpf.ProgramType, how plan.Mechanism, body ...asm.Instruction) *plan.Attach {
	insns := append(slices.Clone(body), asm.Mov.Imm(asm.R0, 0), asm.Return())
	spans := make([]source.Span, len(insns))
	for i := range spans {
		spans[i] = at
	}
	a := &plan.Attach{Program: len(p.Programs), Name: "test:probe", How: how, Span: at}
	as := ebpf.AttachNone
	if _, ok := how.(plan.Uprobe); ok && haveUprobeMulti() {
		as = ebpf.AttachTraceUprobeMulti
	}
	p.Programs = append(p.Programs, &plan.Program{
		Name: "test", Type: kind, AttachType: as, Instructions: insns, Spans: spans, Probe: a.Name,
	})
	p.Attach = append(p.Attach, a)
	return a
}

// emit is code that reports event n with a value.
func emit(n int32, value int64) asm.Instructions {
	return emitReg(n, asm.Mov.Imm(asm.R8, int32(value)))
}

// emitReg reports event n with what set leaves in R8; n < 0: that wakes the reader.
func emitReg(n int32, set ...asm.Instruction) asm.Instructions {
	return append(slices.Clone(set),
		asm.LoadMapPtr(asm.R1, 0).WithReference(".events"),
		asm.Mov.Imm(asm.R2, plan.HeaderSize+8),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JNE.Imm(asm.R0, 0, "room"),
		asm.Mov.Imm(asm.R1, 0).WithSymbol("none"),
		asm.StoreMem(asm.R10, -4, asm.R1, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference(".counters"),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "end"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord), asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		asm.Ja.Label("end"),
		asm.Mov.Imm(asm.R1, n).WithSymbol("room"),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		asm.StoreMem(asm.R0, 8, asm.R8, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R0),
		asm.Mov.Imm(asm.R2, 1), // BPF_RB_NO_WAKEUP
		asm.FnRingbufSubmit.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("end"),
	)
}

// count is code that adds 1 to @n.
func count() asm.Instructions {
	return asm.Instructions{
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.R10, -4, asm.R1, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference("n"),
		asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "gone"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord), asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 8, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("gone"),
	}
}

// ours is code that leaves the program unless the test process runs it.
func ours(then asm.Instructions) asm.Instructions {
	code := asm.Instructions{
		asm.FnGetCurrentPidTgid.Call(),
		asm.RSh.Imm(asm.R0, 32),
		asm.JNE.Imm(asm.R0, int32(os.Getpid()), "other"),
	}
	return append(append(code, then...), asm.Mov.Imm(asm.R0, 0).WithSymbol("other"))
}

// recorder is an output that keeps what it is told.
type recorder struct {
	mu       sync.Mutex
	messages []string
	maps     map[string][]uint64
	ended    bool
	idle     error
}

func (r *recorder) Scratch() []byte                   { return nil }
func (r *recorder) Text(string, []byte)               {}
func (r *recorder) Line(string, []byte)               {}
func (r *recorder) Value(types.Renderer, []byte)      {}
func (r *recorder) Element(*plan.Var, []byte, []byte) {}
func (r *recorder) Flush() error                      { return nil }
func (r *recorder) Idle() error                       { return r.idle }
func (r *recorder) End()                              { r.ended = true }
func (r *recorder) Message(_ string, _ []event.Field, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, text)
}

func (r *recorder) Result(_ string, _ []event.Field, text string) { r.Message("", nil, text) }

func (r *recorder) Map(v *plan.Var, m event.Map, _, _ uint64) error {
	if r.maps == nil {
		r.maps = map[string][]uint64{}
	}
	return m.Each(func(_, value []byte) error {
		r.maps[v.Name] = append(r.maps[v.Name], binary.NativeEndian.Uint64(value))
		return nil
	})
}

// run is a session with what it reported.
type run struct {
	*Session
	out *recorder
	mu  sync.Mutex
	got []uint64
}

func (r *run) values() []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// start runs p; values of events are collected, and value 99 exits with code 7.
func start(t testing.TB, p *plan.Plan, change func(*Options)) *run {
	t.Helper()
	r, err := tryStart(t, p, change)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryStart(t testing.TB, p *plan.Plan, change func(*Options)) (*run, error) {
	t.Helper()
	r := &run{out: &recorder{}}
	opts := Options{Output: r.out, Handlers: collect(r)}
	if change != nil {
		change(&opts)
	}
	var err error
	r.Session, err = Start(context.Background(), p, opts)
	return r, err
}

// collect are handlers that keep values in r.
func collect(r *run) map[string]event.Handler {
	return map[string]event.Handler{"value": func(s event.Session, _ *plan.Event, payload []byte) {
		v := binary.NativeEndian.Uint64(payload)
		r.mu.Lock()
		r.got = append(r.got, v)
		r.mu.Unlock()
		if v == 99 {
			s.Exit(7)
		}
	}}
}

// until waits for n values.
func (r *run) until(t testing.TB, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(r.values()) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d values, want %d", len(r.values()), n)
		}
		time.Sleep(time.Millisecond)
	}
}

// relabel gives code that is used twice in a program labels of its own.
func relabel(code asm.Instructions, suffix string) asm.Instructions {
	code = slices.Clone(code)
	for i := range code {
		if s := code[i].Symbol(); s != "" {
			code[i] = code[i].WithSymbol(s + suffix)
		}
		if r := code[i].Reference(); r != "" && !code[i].IsLoadFromMap() {
			code[i] = code[i].WithReference(r + suffix)
		}
	}
	return code
}

// insertBefore puts an instruction before each call of a helper.
func insertBefore(code asm.Instructions, fn asm.BuiltinFunc, ins asm.Instruction) (out asm.Instructions) {
	for _, i := range code {
		if i.IsBuiltinCall() && i.Constant == int64(fn) {
			out = append(out, ins)
		}
		out = append(out, i)
	}
	return out
}

// ends waits for the session to end by itself.
func (r *run) ends(t testing.TB) int {
	t.Helper()
	select {
	case <-r.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the session does not end")
	}
	code, err := r.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return code
}
