package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// CurrentTask is the current task_struct: a pointer that may be read through
// where the kernel has one to give.
func (b *Builder) CurrentTask() Operand {
	t := types.Pointer{Elem: types.Void{}, Space: types.Kernel}
	if btf := b.Host().BTF(); btf != nil {
		if s := btf.Struct("struct", "task_struct"); s != nil {
			t.Elem = s
			if s.BTFID != 0 && b.Has(feature.CurrentTaskBTF) {
				v := b.Call(ssa.HelperCurrentTaskBTF)
				v.Type.BTFID = s.BTFID
				return Value(v, t)
			}
		}
	}
	return Value(b.Call(ssa.HelperCurrentTask), t)
}

// Deref gives what a pointer points to, unread.
func (b *Builder) Deref(ptr Operand) Operand {
	t, ok := ptr.Type.(types.Pointer)
	if !ok {
		panic("lower: " + ptr.Type.String() + " is no pointer")
	}
	op := Remote(b.resolve(t.Space), b.value(ptr), t.Elem)
	if s, ok := t.Elem.(*types.Struct); ok && s.BTFID != 0 && op.Space == types.Kernel {
		op.Object = s
	}
	return op
}

// Member follows the named fields from a struct, or pointer to one, as
// x.f1.f2 in a script does. The fields must exist.
func (b *Builder) Member(x Operand, fields ...string) Operand {
	for _, name := range fields {
		if _, ok := x.Type.(types.Pointer); ok {
			x = b.Deref(x)
		}
		s := x.Type.(*types.Struct)
		f, ok := s.Field(name)
		if !ok {
			panic("lower: no field " + name + " in " + s.String())
		}
		x = b.field(x, f, f.Type)
	}
	return x
}

// field gives a member of a struct, as a value of type t: the field's own, or the
// type that the checker gave it (a char array is a string).
func (b *Builder) field(x Operand, f types.Field, t types.Type) Operand {
	switch {
	case x.Layout == check.ArgsRecord && b.wayOf() != nil:
		return b.wayOf().Member(b, f, t)
	case x.Layout == check.ArgsSlots:
		return b.slotArg(x, f, t)
	case x.Layout == check.ArgsRegs:
		return Value(b.Convert(b.Arg(f.Offset/8), types.Uint64, t), t)
	case f.Dynamic:
		return b.dynamic(x, f, t)
	case f.BitSize > 0:
		return b.bitField(x, f, t)
	case b.iterates(x):
		return b.iterField(x, f, t)
	}
	// What an event's record holds behind the NUL of a name is anyone's guess.
	x.Place.Loose = x.Place.Loose || x.Layout != check.ArgsNone
	x.Place.Off += int64(f.Offset)
	x.Layout = check.ArgsNone
	x.Type, x.Place.Type = t, t
	if text, ok := t.(types.String); ok && text.N > f.Type.Size() && !x.Remote {
		// The value has room for a NUL that the field may be without.
		x.Type, x.Place.Type = f.Type, f.Type
		p := b.Temp(t)
		b.Assign(p, x)
		return Memory(p)
	}
	return x
}

// dynamic finds a __data_loc field of a tracepoint's record: a word holds the
// offset of the data within the record, or behind the word itself.
func (b *Builder) dynamic(x Operand, f types.Field, t types.Type) Operand {
	word := b.Get(x.Place.At(f.Offset, types.Uint32))
	off := b.Bin(ssa.OpAnd, word, b.Const(0xffff))
	base := x.Place.Off
	if f.Relative {
		base += int64(f.Offset) + 4
	}
	addr := b.Bin(ssa.OpAdd, b.offset(x.Place.Ptr, base), off)
	if !isMemory(t) {
		return Value(addr, t)
	}
	return Remote(types.Kernel, addr, t)
}

// bitField loads the bytes that hold the bits, and no more: the verifier minds
// the borders of struct members. Bits are a number without a sign, whatever the
// member's type: that is what scripts count on.
func (b *Builder) bitField(x Operand, f types.Field, t types.Type) Operand {
	first, last := f.BitOffset/8, (f.BitOffset+f.BitSize-1)/8
	unit := types.Int{Bits: 8}
	for unit.Bits/8 < last-first+1 {
		unit.Bits *= 2
	}
	x.Place.Off += int64(f.Offset + first)
	x.Layout = check.ArgsNone
	x.Type, x.Place.Type = unit, unit
	v := b.scalar(x)
	shift := f.BitOffset - 8*first
	v = b.Bin(ssa.OpLsh, v, b.Const(int64(64-f.BitSize-shift)))
	return Value(b.Bin(ssa.OpRsh, v, b.Const(int64(64-f.BitSize))), t)
}

// slotArg loads a traced function's or tracepoint's argument.
func (b *Builder) slotArg(x Operand, f types.Field, t types.Type) Operand {
	off := x.Place.Off + int64(f.Offset)
	i, scalar := types.AsInt(t)
	if !scalar || b.Context().Program != check.ProgRawTracepoint && b.opaqueArg(t) {
		// The verifier refuses to load what it can't give a type.
		return Remote(types.Kernel, b.offset(x.Place.Ptr, off), t)
	}
	v := b.Load(64, x.Place.Ptr, off)
	// What a BPF program says of its arguments, the verifier need not believe.
	if b.Context().Program != check.ProgRawTracepoint && b.Context().BindProg == 0 {
		v.Type = b.pointee(t, ssa.BTFOrNull)
	}
	if v.Type.Kind != ssa.Scalar {
		return Value(v, t)
	}
	return Value(b.extend(v, i), t)
}

// opaqueArg tells whether an argument is of a type that the verifier does not load:
// a pointer to something that is neither a struct, nor an integer, nor void.
func (b *Builder) opaqueArg(t types.Type) bool {
	p, ok := t.(types.Pointer)
	if !ok {
		return false
	}
	switch p.Elem.(type) {
	case *types.Struct, types.Int, types.Void, types.String:
		return false
	}
	return true
}

// pointee is the register type of a kernel pointer of type t.
func (b *Builder) pointee(t types.Type, kind ssa.Kind) ssa.Type {
	if p, ok := t.(types.Pointer); ok && p.Space != types.User {
		if s, ok := p.Elem.(*types.Struct); ok && s.BTFID != 0 {
			return ssa.Type{Kind: kind, BTFID: s.BTFID}
		}
	}
	return ssa.Type{Kind: ssa.Scalar}
}

// object gives a pointer through which n bytes of a remote operand can be loaded
// directly, nil when there is none. Such loads don't fail: unmapped memory reads
// as zero.
func (b *Builder) object(op Operand, n int64) *ssa.Value {
	s := op.Object
	if s == nil || op.Space != types.Kernel || b.Options().KernelWarnings ||
		op.Place.Off < 0 || op.Place.Off+n > int64(s.Size()) {
		return nil
	}
	ptr := op.Place.Ptr
	same := ptr.Type.BTFID == s.BTFID
	if same && ptr.Type.Kind == ssa.BTF {
		return ptr
	}
	if cast := b.rdonlyCast(); cast != nil {
		v := b.Kfunc(cast, ptr, b.Const(int64(s.BTFID)))
		v.Type = ssa.Type{Kind: ssa.BTF, BTFID: s.BTFID}
		return v
	}
	if same && ptr.Type.Kind == ssa.BTFOrNull {
		return ptr
	}
	return nil
}

// Direct gives the place of a struct member that can be loaded straight from the
// kernel's memory. A string there is taken to be padded with zeroes.
func (b *Builder) Direct(op Operand) (Place, bool) {
	if !op.Remote {
		return op.Place, op.Val == nil
	}
	ptr := b.object(op, int64(op.Type.Size()))
	return Place{Ptr: ptr, Off: op.Place.Off, Type: op.Type}, ptr != nil
}

// rdonlyCast is the kernel function that makes any number a pointer to a struct
// for reading; nil: this kernel has none.
func (b *Builder) rdonlyCast() *ssa.Kfunc {
	return b.kfunc(feature.RdonlyCast, ssa.Kfunc{
		Name: "bpf_rdonly_cast", Effect: ssa.Pure, Args: []ssa.ArgKind{ssa.ArgAny, ssa.ArgAny},
		Result: ssa.Type{Kind: ssa.BTF},
	})
}

// kfunc finds a kernel function that BPF programs may call, nil: there is none.
func (b *Builder) kfunc(f *feature.Feature, k ssa.Kfunc) *ssa.Kfunc { return b.unit.kfunc(f, k) }

func (u *unit) kfunc(f *feature.Feature, k ssa.Kfunc) *ssa.Kfunc {
	if known, ok := u.kfuncs[k.Name]; ok {
		return known
	}
	u.kfuncs[k.Name] = nil
	if btf := u.host.BTF(); btf != nil && u.host.Features().Has(f) {
		if fn, ok := btf.Func("", k.Name); ok && fn.ID != 0 {
			k.BTFID = fn.ID
			u.kfuncs[k.Name] = &k
		}
	}
	return u.kfuncs[k.Name]
}

// Fetch brings memory of the kernel or a process into ours, or a register; other
// operands it leaves as they are.
func (b *Builder) Fetch(op Operand) Operand {
	if !op.Remote {
		return op
	}
	defer b.reading(op)()
	i, scalar := types.AsInt(op.Type)
	if !scalar {
		p := b.Temp(op.Type)
		b.Assign(p, op)
		return Memory(p)
	}
	n := int64(i.Bits / 8)
	ptr := b.object(op, n)
	if ptr == nil {
		p := b.slot("fetch", i)
		b.read(op.Space, p, b.span(op.Place, n), n)
		p.Type = op.Type
		return Value(b.Get(p), op.Type)
	}
	v := b.Load(uint8(i.Bits), ptr, op.Place.Off)
	kind := ssa.BTFOrNull
	if untrusted(ptr) {
		kind = ssa.BTF
	}
	if v.Type = b.pointee(op.Type, kind); v.Type.Kind == ssa.Scalar {
		v = b.normal(v, i)
	}
	return Value(v, op.Type)
}

// reading makes the place in the script that of the expression which an operand is the
// value of, until what it gives is called.
func (b *Builder) reading(op Operand) func() {
	span := b.Span
	if op.Remote && op.At.IsValid() {
		b.Span = op.At
	}
	return func() { b.Span = span }
}

// untrusted tells whether the verifier takes ptr for a pointer without promises:
// then what is loaded through it has none either, and may be read through. What
// is loaded through a trusted one may be something it wants a null check for,
// and bpf_rdonly_cast does away with that.
func untrusted(ptr *ssa.Value) bool {
	return ptr.Op == ssa.OpKfunc || ptr.Op == ssa.OpLoad && ptr.Type.Kind == ssa.BTF
}

// value gives a scalar operand as it is in a register, pointers and all.
func (b *Builder) value(op Operand) *ssa.Value {
	op = b.Fetch(op)
	switch {
	case op.Val != nil:
		return op.Val
	case op.Place.Ptr == nil:
		return b.Const(0)
	case isMemory(op.Type):
		return b.Addr(op.Place)
	}
	return b.Get(op.Place)
}

// Pointer evaluates an expression to a pointer that the verifier knows the type of, for
// helpers that want one: an argument, or a struct within what that points to.
func (b *Builder) Pointer(e ast.Expr) *ssa.Value {
	op := b.Expr(e)
	var v *ssa.Value
	if op.Remote && isMemory(op.Type) {
		v = b.AddPtr(op.Place.Ptr, op.Place.Off)
	} else {
		v = b.value(op)
	}
	if root := v.Type.Kind; root != ssa.BTF && root != ssa.BTFOrNull || untrusted(v) {
		b.fail(e.Span(), "the kernel takes no such pointer here, as it can not tell what it points to").
			WithHint("take it straight from the arguments, without casts or further pointers between")
	}
	return v
}

// scalar gives an operand as a number. An array or struct gives its address,
// without being fetched.
func (b *Builder) scalar(op Operand) *ssa.Value {
	if op.Remote && isMemory(op.Type) {
		return b.offset(b.Number(op.Place.Ptr), op.Place.Off)
	}
	return b.Number(b.value(op))
}

// extend brings the low bits of a register into normal form.
func (b *Builder) extend(v *ssa.Value, i types.Int) *ssa.Value {
	op := ssa.OpZext
	if i.Signed {
		op = ssa.OpSext
	}
	return b.Ext(op, uint8(i.Bits), v)
}
