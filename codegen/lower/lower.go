// Package lower turns checked scripts into SSA and the tables of the plan.
//
// Comes in: a *check.Program and the library's lowerings. Goes out: one
// ssa.Program per instance, with the maps, events and attach points of the plan.
// Guaranteed: what it makes passes ssa.Verify.
//
// Values in memory are produced where they are consumed: whoever needs one hands
// down a Place, and the producer writes there. A Place decides late where it
// lies (frame, per-CPU scratch, ring buffer record, map slot).
package lower

import (
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Library gives the lowering of each record; package stdlib implements it.
type Library interface {
	Lowering(f *check.Func) *Lowering
	// Attach gives the mechanism for a target, and the program's binding.
	Attach(t *check.Target, ctx *check.Context) (plan.Mechanism, error)
	// Cheaper gives a cheaper way to do for the target what a body of that use wants,
	// nil when there is none. It is asked the machine only what the use leaves open.
	Cheaper(t *check.Target, ctx *check.Context, use *Use, host check.Host) *Way
}

// Lowering is how a record becomes code. Exactly one of its fields is set.
type Lowering struct {
	// Operand gives any kind of operand; for what the other forms can't say.
	Operand func(b *Builder, c *check.Call) Operand
	// Value gives a scalar, or nothing (nil).
	Value func(b *Builder, c *check.Call) *ssa.Value
	// Into writes a value that lives in memory to dst, all Size bytes of it.
	Into func(b *Builder, c *check.Call, dst Place)
	// Begin writes to dst what dst has room for of a string that is longer, if it can,
	// without a NUL then.
	Begin func(b *Builder, c *check.Call, dst Place) bool
	// Update folds the call's arguments into an aggregation's slot.
	Update func(b *Builder, c *check.Call, slot Place)
}

// Place is memory of ours for a value of a type: Ptr plus Off.
type Place struct {
	Ptr  *ssa.Value
	Off  int64
	Type types.Type
	// Zeroed tells that the bytes are all zero already.
	Zeroed bool
	// Loose tells that bytes behind a string's NUL may hold anything. Elsewhere they
	// are zero: keys are compared by all their bytes.
	Loose bool
	// Unaligned tells that Ptr is not known to be a multiple of 8.
	Unaligned bool
	// Used, when not nil, wants to be told how many bytes from the start on mean
	// anything, if that may be fewer than all: a string up to its NUL, or a negative
	// error, when there are none.
	Used func(n *ssa.Value)
}

// At gives the part at off bytes in, of type t.
func (p Place) At(off int, t types.Type) Place {
	p.Off += int64(off)
	p.Type = t
	if off != 0 {
		p.Used = nil
	}
	return p
}

// Elem gives element i of a tuple or record.
func (p Place) Elem(i int) Place {
	switch t := p.Type.(type) {
	case *types.Tuple:
		return p.At(t.Offset(i), t.Elems[i])
	case *types.Record:
		return p.At(t.Offset(i), t.Elems[i])
	}
	panic("lower: no elements in " + p.Type.String())
}

// align is what the address is known to be a multiple of, up to 8.
func (p Place) align() int64 {
	if p.Unaligned {
		return int64(min(p.Type.Align(), 8))
	}
	a := int64(8)
	for p.Off%a != 0 {
		a /= 2
	}
	return a
}

// Operand is an evaluated expression: a scalar in Val, memory of ours at Place,
// or (Remote) memory of the kernel or a process at Place, still to be fetched.
type Operand struct {
	Type types.Type
	// Val is a scalar. It may be a pointer in the verifier's eyes; Builder.Number
	// makes it a number.
	Val   *ssa.Value
	Place Place
	// Remote memory lies in Space.
	Remote bool
	Space  types.Space
	// Object is the kernel's struct that Place.Ptr points to, when that is known
	// and has BTF: typed loads can then be used.
	Object *types.Struct
	// Layout is set for args as a whole: Place.Ptr is the context pointer, and
	// members are found as Layout says.
	Layout check.ArgsLayout
	// At is the expression that remote memory is the value of: it may be read later.
	At source.Span
}

// Value makes the operand of a scalar.
func Value(v *ssa.Value, t types.Type) Operand { return Operand{Type: t, Val: v} }

// Memory makes the operand of a value in memory of ours.
func Memory(p Place) Operand { return Operand{Type: p.Type, Place: p} }

// Remote makes the operand of a value in memory of the kernel or the current
// process.
func Remote(space types.Space, addr *ssa.Value, t types.Type) Operand {
	return Operand{Type: t, Place: Place{Ptr: addr, Type: t}, Remote: true, Space: space}
}

// Reducer is an aggregate whose value scripts can read as a number (@c > 5,
// (int64)@c): the slots of all CPUs are folded together in the kernel.
type Reducer interface {
	types.Aggregate
	// Number gives the value. each runs its argument for the slot of every CPU,
	// once in code, in a loop: keep what is summed up in a Temp.
	Number(b *Builder, each func(fold func(slot Place))) *ssa.Value
}
