// Package interp runs SSA programs on a model of the kernel, for tests: of the
// optimiser, by comparing a program's effects before and after a pass, and of
// the allocators, by comparing with what their instructions do.
//
// Comes in: an ssa.Program, the bytes of the context, a seed. Goes out: the
// return value, a log of everything the program did that someone outside could
// see, and the contents of maps. Guaranteed: the same program, context and seed
// give the same; accesses out of bounds, reads of memory never written and loops
// without end are errors, not results.
package interp

import (
	"errors"
	"fmt"

	"sonde/codegen/ssa"
)

// DefaultSteps is how many operations a run may take unless told otherwise.
const DefaultSteps = 1 << 20

// ErrSteps: the run took more than Machine.Steps.
var ErrSteps = errors.New("too many steps")

// Machine is what programs run on. Maps and memory live on from run to run.
type Machine struct {
	Memory Memory
	// Helpers answer calls, by name of helper or kfunc.
	Helpers map[string]Helper
	// Arrays are the names of maps whose elements are there from the beginning.
	Arrays map[string]bool
	// Log lists the effects so far, one line each.
	Log []string
	// Steps left.
	Steps int
	// FullEvery: about one in as many reservations in the ring buffer finds no room;
	// 0 for none.
	FullEvery uint64

	maps     map[int]*Map
	records  map[uint64]*Region
	funcs    []*ssa.Func
	funcAddr map[*ssa.Func]uint64
}

// Helper answers a call: args are the call's, or the addresses they hold.
type Helper func(m *Machine, call *ssa.Value, args []uint64) (uint64, error)

// New makes a machine whose helpers give what depends on the seed alone.
func New(seed uint64) *Machine {
	return &Machine{Memory: Memory{Seed: seed}, Helpers: fakes(), Steps: DefaultSteps, FullEvery: 8,
		maps: map[int]*Map{}, records: map[uint64]*Region{}, funcAddr: map[*ssa.Func]uint64{}}
}

// Logf records an effect.
func (m *Machine) Logf(format string, args ...any) {
	m.Log = append(m.Log, fmt.Sprintf(format, args...))
}

// Run runs the program's first function on a context of these bytes.
func (m *Machine) Run(p *ssa.Program, ctx []byte) (uint64, error) {
	r := m.Memory.Alloc("ctx", len(ctx), true)
	copy(r.Bytes, ctx)
	n, err := m.Call(p.Funcs[0], r.Base)
	if err == nil && len(m.records) > 0 {
		err = errors.New("a ring buffer record was never given back")
	}
	return n, err
}

// Call runs a function with these arguments.
func (m *Machine) Call(f *ssa.Func, args ...uint64) (uint64, error) {
	fr := &frame{m: m, vals: make([]uint64, f.NumValues())}
	for _, s := range f.Slots {
		r := m.Memory.AllocStack(fmt.Sprintf("slot s%d of %s", s.ID, f.Name), int(s.Size))
		fr.slots = append(fr.slots, r)
		defer func() { r.freed = true }()
	}
	b := f.Entry()
	if len(args) < len(b.Params) {
		return 0, fmt.Errorf("%s called with %d arguments", f.Name, len(args))
	}
	for i, p := range b.Params {
		fr.vals[p.ID] = args[i]
	}
	for {
		for _, v := range b.Values {
			if m.Steps--; m.Steps < 0 {
				return 0, fmt.Errorf("func %s %s: %w", f.Name, b, ErrSteps)
			}
			x, err := fr.eval(v)
			if err != nil {
				return 0, fmt.Errorf("func %s %s: %s: %w", f.Name, b, v.LongString(), err)
			}
			fr.vals[v.ID] = x
		}
		if m.Steps--; m.Steps < 0 {
			return 0, fmt.Errorf("func %s %s: %w", f.Name, b, ErrSteps)
		}
		t := &b.Term
		var e *ssa.Edge
		switch t.Kind {
		case ssa.Return:
			return fr.vals[t.X.ID], nil
		case ssa.Jump:
			e = &t.Succs[0]
		case ssa.Branch:
			e = &t.Succs[1]
			if fr.holds(t) {
				e = &t.Succs[0]
			}
		default:
			return 0, fmt.Errorf("func %s %s: no terminator", f.Name, b)
		}
		next := make([]uint64, len(e.Args)) // all are read before any is set
		for i, a := range e.Args {
			next[i] = fr.vals[a.ID]
		}
		b = e.To
		for i, p := range b.Params {
			fr.vals[p.ID] = next[i]
		}
	}
}

// frame is one activation of a function.
type frame struct {
	m     *Machine
	vals  []uint64
	slots []*Region
}

func (fr *frame) holds(t *ssa.Term) bool {
	x, y := fr.vals[t.X.ID], uint64(t.Imm)
	if t.Y != nil {
		y = fr.vals[t.Y.ID]
	}
	return EvalBranch(t.Cond, t.Width, x, y)
}

// EvalBranch compares as a branch of that width does.
func EvalBranch(c ssa.Cond, width uint8, x, y uint64) bool {
	if width == 32 {
		x, y = uint64(int64(int32(x))), uint64(int64(int32(y)))
		switch c {
		case ssa.ULT, ssa.ULE, ssa.UGT, ssa.UGE, ssa.SET:
			x, y = uint64(uint32(x)), uint64(uint32(y))
		}
	}
	return c.Eval(x, y)
}

func (fr *frame) eval(v *ssa.Value) (uint64, error) {
	m := fr.m
	args := make([]uint64, len(v.Args))
	for i, a := range v.Args {
		args[i] = fr.vals[a.ID]
	}
	var x, y uint64
	if len(args) > 0 {
		x = args[0]
	}
	if len(args) > 1 {
		y = args[1]
	}
	if r, ok := ssa.EvalALU(v.Op, v.Width, x, y); ok {
		return r, nil
	}
	addr := x + uint64(v.Imm)
	switch v.Op {
	case ssa.OpConst:
		return uint64(v.Imm), nil
	case ssa.OpSetCond:
		if ssa.Cond(v.Imm).Eval(x, y) {
			return 1, nil
		}
		return 0, nil
	case ssa.OpPtrInt, ssa.OpNonNull:
		return x, nil
	case ssa.OpFrameAddr:
		return fr.slots[v.Aux.(*ssa.Slot).ID].Base + uint64(v.Imm), nil
	case ssa.OpMapPtr:
		return uint64(v.Aux.(*ssa.Map).Index), nil
	case ssa.OpMapValue:
		return m.Map(v.Aux.(*ssa.Map)).single(m).Base + uint64(v.Imm), nil
	case ssa.OpFuncAddr:
		return m.funcNumber(v.Aux.(*ssa.Func)), nil
	case ssa.OpAddPtr:
		return addr, nil
	case ssa.OpAddPtrVar:
		return x + y, nil
	case ssa.OpLoad:
		if k := v.Args[0].Type.Kind; k == ssa.BTF || k == ssa.BTFOrNull {
			return number(m.Memory.Kernel(addr, int(v.Width/8))), nil
		}
		return m.Memory.Load(addr, v.Width)
	case ssa.OpStore:
		return 0, m.Memory.Store(addr, v.Width, y)
	case ssa.OpStoreImm:
		return 0, m.Memory.Store(addr, v.Width, uint64(v.Aux.(int64)))
	case ssa.OpZero:
		return 0, m.Memory.Write(addr, make([]byte, v.Aux.(int64)))
	case ssa.OpAtomicAdd, ssa.OpAtomicFetchAdd, ssa.OpAtomicOr, ssa.OpAtomicXchg:
		return fr.atomic(v, addr, y)
	case ssa.OpCall, ssa.OpKfunc:
		return m.Answer(v.Callee())(m, v, args)
	case ssa.OpSubcall:
		return m.Call(v.Aux.(*ssa.Func), args...)
	}
	return 0, errors.New("no such operation")
}

func (fr *frame) atomic(v *ssa.Value, addr, y uint64) (uint64, error) {
	old, err := fr.m.Memory.Load(addr, v.Width)
	if err != nil {
		return 0, err
	}
	n := y
	switch v.Op {
	case ssa.OpAtomicAdd, ssa.OpAtomicFetchAdd:
		n = old + y
	case ssa.OpAtomicOr:
		n = old | y
	}
	return old, fr.m.Memory.Store(addr, v.Width, n)
}

func (m *Machine) funcNumber(f *ssa.Func) uint64 {
	if n, ok := m.funcAddr[f]; ok {
		return n
	}
	m.funcs = append(m.funcs, f)
	m.funcAddr[f] = uint64(len(m.funcs))
	return uint64(len(m.funcs))
}
