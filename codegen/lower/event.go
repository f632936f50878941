package lower

import (
	"fmt"
	"reflect"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Flags of bpf_ringbuf_submit.
const (
	ringNoWakeup    = 1
	ringForceWakeup = 2
)

// eventsMap is the ring buffer; the runtime gives it its size.
var eventsMap = plan.Map{Name: eventsName, Kind: plan.Events, Type: ebpf.RingBuf}

// Arg is one part of an event's payload.
type Arg struct {
	Type types.Type
	expr ast.Expr
	val  *ssa.Value
	into func(dst Place)
}

// ArgExpr is an expression's value, converted to t, or in its own type when t is
// nil.
func (b *Builder) ArgExpr(e ast.Expr, t types.Type) Arg {
	if t == nil {
		t = b.TypeOf(e)
	}
	return Arg{Type: t, expr: e}
}

// ArgValue is a number, in the normal form of t.
func ArgValue(v *ssa.Value, t types.Type) Arg { return Arg{Type: t, val: v} }

// ArgInto is a value that into writes to its place in the record. It must not
// leave the program (Exit).
func ArgInto(t types.Type, into func(dst Place)) Arg { return Arg{Type: t, into: into} }

// eventKey finds the event of code that is lowered more than once (unroll).
type eventKey struct {
	action, payload string
	urgent          bool
	at              source.Span
	calls           string
}

// event gives the number of an event.
func (u *unit) event(e *plan.Event) int {
	key := eventKey{e.Action, e.Payload.String(), e.Urgent, e.Span, fmt.Sprint(e.Calls)}
	if i, ok := u.events[key]; ok && same(u.plan.Events[i].Data, e.Data) {
		return i
	}
	u.plan.Events = append(u.plan.Events, e)
	u.events[key] = len(u.plan.Events) - 1
	return len(u.plan.Events) - 1
}

func same(x, y any) bool {
	return x == nil && y == nil || x != nil && y != nil && reflect.TypeOf(x).Comparable() && x == y
}

// Emit writes an event for the record that action names: the arguments, in
// order, laid out as a tuple. data goes to the record's handler unseen. Urgent
// events wake the reader at once. What finds no room is counted.
func (b *Builder) Emit(action string, data any, urgent bool, args ...Arg) {
	b.EmitElse(action, data, urgent, func() { b.Count(plan.LostEvents) }, args...)
}

// EmitElse is Emit that runs otherwise when there is no room, instead of counting a
// lost event.
func (b *Builder) EmitElse(action string, data any, urgent bool, otherwise func(), args ...Arg) {
	if b.Context().Detached {
		b.fail(b.Span, "%s needs someone who receives what it reports; a pinned probe outlives the tracer", action).
			WithHint("printf with numbers and strings works: its text is made in the kernel")
		return
	}
	payload := &types.Tuple{}
	for i := range args {
		a := &args[i]
		payload.Elems = append(payload.Elems, a.Type)
		b.early(a)
	}
	at, calls := b.place()
	ev := &plan.Event{Action: action, Data: data, Payload: payload, Urgent: urgent, Span: at, Calls: calls}
	if fixed, packed := plan.Pack(payload); len(packed) > 0 && payload.Size() <= maxPacked {
		ev.Packed = true
		b.emitPacked(ev, fixed, packed, args, otherwise)
		return
	}
	n := b.unit.event(ev)
	size := int64(plan.HeaderSize + payload.Size())
	ring := b.unit.kernelMap(eventsMap)
	ptr := b.Call(ssa.HelperRingbufReserve, b.MapPtr(ring), b.Const(size), b.Const(0))
	ptr.Type.Size = int32(size)
	full, done := b.Func.NewBlock(), b.Func.NewBlock()
	from := b.Block
	rec := b.NonNull(ptr, full)
	unlikely(from)
	b.header(Place{Ptr: rec}, n)
	body := Place{Ptr: rec, Off: plan.HeaderSize, Type: payload, Loose: true}
	for i, a := range args {
		b.argInto(a, body.Elem(i))
	}
	b.Call(ssa.HelperRingbufSubmit, rec, b.Const(wakeup(ev)))
	b.Jump(done)
	b.enter(full)
	otherwise()
	b.Jump(done)
	b.enter(done)
}

// header writes what a record begins with.
func (b *Builder) header(rec Place, event int) {
	b.StoreImm(32, rec.Ptr, rec.Off, int64(event))
	b.StoreImm(32, rec.Ptr, rec.Off+4, 0)
}

func (b *Builder) argInto(a Arg, dst Place) {
	switch {
	case a.val != nil:
		b.Set(dst, a.val)
	case a.into != nil:
		a.into(dst)
	default:
		b.ExprInto(a.expr, dst)
	}
}

// wakeup gives the flags for handing an event over.
func wakeup(ev *plan.Event) int64 {
	if ev.Urgent {
		return ringForceWakeup
	}
	return ringNoWakeup
}

// queryProducer is BPF_RB_PROD_POS of bpf_ringbuf_query.
const queryProducer = 3

// EventPosition is how many bytes of events were reserved since the session began,
// by all programs: the place of the next event among them.
func (b *Builder) EventPosition() *ssa.Value {
	return b.Call(ssa.HelperRingbufQuery, b.MapPtr(b.unit.kernelMap(eventsMap)), b.Const(queryProducer))
}

// early evaluates what should not wait until the record is reserved: numbers,
// which then need no room in it twice, and what may leave the program.
func (b *Builder) early(a *Arg) {
	switch {
	case a.expr == nil:
	case !isMemory(a.Type) && b.unit.opt.FrameLimit >= 0:
		a.val = b.Convert(b.Scalar(a.expr), b.TypeOf(a.expr), a.Type)
	case !isMemory(a.Type) || b.leaves(a.expr):
		p := b.Temp(a.Type)
		b.ExprInto(a.expr, p)
		a.into = func(dst Place) { b.Assign(dst, Memory(p)) }
	}
}

// leaves tells whether evaluating an expression may end the program, or loop.
func (b *Builder) leaves(e ast.Expr) bool {
	found := false
	walk(b.info, e, func(n ast.Node) {
		switch n.(type) {
		case *ast.Jump, *ast.For, *ast.While, *ast.ExprStmt:
			found = true
		case *ast.Field:
			found = found || b.Context().Program == check.ProgIter // see iterField
		}
	})
	return found
}
