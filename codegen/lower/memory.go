package lower

import (
	"syscall"

	"encoding/binary"

	"sonde/codegen/ssa"
	"sonde/lang/types"
)

// inlineCopy is the size up to which memory is copied or cleared by loads and
// stores; a helper call costs about as much as ten of them.
const inlineCopy = 64

// Temp gives memory for a value of type t until the end of the statement: in the
// frame if it is small, else in per-CPU scratch.
func (b *Builder) Temp(t types.Type) Place { return b.alloc("temp", t) }

// Addr gives the address of a place's first byte.
func (b *Builder) Addr(p Place) *ssa.Value { return b.span(p, int64(p.Type.Size())) }

// span gives the address of a place, from which n bytes may be touched.
func (b *Builder) span(p Place, n int64) *ssa.Value {
	switch p.Ptr.Type.Kind {
	case ssa.Mem, ssa.Frame:
		if p.Off == 0 && !p.Ptr.Type.Record && int64(p.Ptr.Type.Size) <= n {
			return p.Ptr
		}
		t := p.Ptr.Type
		t.Size = int32(n)
		return b.Value(ssa.OpAddPtr, t, p.Off, p.Ptr)
	}
	return b.offset(p.Ptr, p.Off)
}

// offset adds a constant to an address, as a number.
func (b *Builder) offset(addr *ssa.Value, off int64) *ssa.Value {
	if off == 0 && addr.Type.Kind != ssa.Ctx {
		return addr
	}
	addr = b.Number(addr)
	if off == 0 {
		return addr
	}
	return b.Bin(ssa.OpAdd, addr, b.Const(off))
}

// Number makes a pointer the number that its address is; numbers are themselves.
func (b *Builder) Number(v *ssa.Value) *ssa.Value {
	switch v.Type.Kind {
	case ssa.Scalar, ssa.Void:
		return v
	}
	return b.Value(ssa.OpPtrInt, ssa.Type{Kind: ssa.Scalar}, 0, v)
}

// Get loads a scalar from a place, in its type's normal form.
func (b *Builder) Get(p Place) *ssa.Value {
	i, ok := types.AsInt(p.Type)
	if !ok {
		panic("lower: " + p.Type.String() + " is no scalar")
	}
	n := int64(i.Bits / 8)
	if p.align() < n && p.Ptr.Type.Kind == ssa.Ctx {
		q := b.Temp(p.Type)
		b.copyCall(q, b.span(p, n), n)
		p = q
	}
	return b.normal(b.Load(uint8(i.Bits), p.Ptr, p.Off), i)
}

// normal brings a loaded number, zero extended, into its type's normal form.
func (b *Builder) normal(v *ssa.Value, i types.Int) *ssa.Value {
	if i.Signed {
		return b.Ext(ssa.OpSext, uint8(i.Bits), v)
	}
	return v
}

// Set stores a scalar, which is in the normal form of p.Type or wider.
func (b *Builder) Set(p Place, v *ssa.Value) {
	i, ok := types.AsInt(p.Type)
	if !ok {
		panic("lower: " + p.Type.String() + " is no scalar")
	}
	v = b.Number(v)
	if v.Op == ssa.OpConst && v.Imm == int64(int32(v.Imm)) {
		b.StoreImm(uint8(i.Bits), p.Ptr, p.Off, v.Imm)
		return
	}
	b.Store(uint8(i.Bits), p.Ptr, p.Off, v)
}

// Assign writes an operand to a place, converting it to p.Type: strings are cut
// or padded, numbers extended or cut, tuples and records go element by element.
func (b *Builder) Assign(p Place, op Operand) {
	defer b.reading(op)()
	if !isMemory(p.Type) {
		b.Set(p, b.Convert(b.scalar(op), op.Type, p.Type))
		return
	}
	if !isMemory(op.Type) {
		b.assignCast(p, op)
		return
	}
	switch t := p.Type.(type) {
	case types.String:
		b.assignString(p, t, op)
		return
	case types.Buffer:
		if from, ok := op.Type.(types.Buffer); ok && from.N != t.N {
			b.Clear(p)
			b.assignBytes(p.At(0, types.Buffer{N: min(t.N, from.N)}), op)
			return
		}
	case *types.Tuple:
		if from, ok := op.Type.(*types.Tuple); ok && !types.Identical(t, from) {
			src := b.local(op)
			b.clearPadding(p)
			for i := range t.Elems {
				b.Assign(p.Elem(i), Memory(src.Elem(i)))
			}
			return
		}
	case *types.Record:
		if from, ok := op.Type.(*types.Record); ok && !types.Identical(t, from) {
			src := b.local(op)
			b.clearPadding(p)
			for i, name := range t.Names {
				for j, other := range from.Names {
					if name == other {
						b.Assign(p.Elem(i), Memory(src.Elem(j)))
					}
				}
			}
			return
		}
	}
	b.assignBytes(p, op)
}

// assignCast writes a scalar's bytes to a place of a type that lives in memory: an
// integer seen as an array of bytes.
func (b *Builder) assignCast(p Place, op Operand) {
	i, _ := types.AsInt(op.Type)
	if n := p.Type.Size(); i.Bits/8 > n {
		i.Bits = 8 * n
	} else if i.Bits/8 < n {
		b.Clear(p)
	}
	b.Set(p.At(0, i), b.scalar(op))
}

// assignBytes copies an operand in memory as it is, at most p's size.
func (b *Builder) assignBytes(p Place, op Operand) {
	n := int64(min(p.Type.Size(), op.Type.Size()))
	if int64(p.Type.Size()) > n {
		b.Clear(p)
	}
	switch {
	case !op.Remote && op.Place.Ptr.Type.Kind == ssa.Ctx && !plainWords(op.Type):
		// Not all of an event's record can be loaded.
		b.copyCall(p, b.span(op.Place, n), n)
	case !op.Remote:
		b.copy(p, op.Place, n)
	default:
		if ptr := b.object(op, n); ptr != nil && n <= inlineCopy && plainWords(op.Type) {
			b.copy(p, Place{Ptr: ptr, Off: op.Place.Off, Type: op.Type}, n)
			return
		}
		b.read(op.Space, p, b.span(op.Place, n), n)
	}
}

// plainWords tells whether a kernel value may be loaded in words whatever its
// parts are: the verifier minds the borders of struct members, not those of the
// elements of an array of integers.
func plainWords(t types.Type) bool {
	switch t := t.(type) {
	case types.String:
		return true
	case types.Array:
		_, ok := t.Elem.(types.Int)
		return ok
	}
	return false
}

func (b *Builder) assignString(p Place, t types.String, op Operand) {
	n := int64(min(t.N, op.Type.Size()))
	if op.Remote {
		if ptr := b.object(op, n); ptr != nil && n <= inlineCopy && plainWords(op.Type) {
			op = Memory(Place{Ptr: ptr, Off: op.Place.Off, Type: op.Type, Loose: true})
		} else {
			b.ReadStr(op.Space, p.At(0, types.String{N: int(n)}), b.span(op.Place, n), nil)
			b.clearFrom(p, n)
			return
		}
	}
	src := op.Place
	switch {
	case p.Used != nil && n > inlineCopy:
		b.ReadStr(types.BPF, p.At(0, types.String{N: int(n)}), b.span(src, n), nil)
	case !src.Loose || p.Loose:
		b.copy(p, src, n)
	case n <= inlineCopy:
		b.copyMasked(p, src, n)
	default:
		b.ReadStr(types.BPF, p.At(0, types.String{N: int(n)}), b.span(src, n), nil)
	}
	b.clearFrom(p, n)
}

// clearFrom zeroes what lies behind the first n bytes of a string's place.
func (b *Builder) clearFrom(p Place, n int64) {
	if rest := int64(p.Type.Size()) - n; rest > 0 && !p.Zeroed {
		if p.Loose {
			b.StoreImm(8, p.Ptr, p.Off+n, 0)
			return
		}
		b.Clear(p.At(int(n), types.String{N: int(rest)}))
	}
}

// step gives the width in bytes of the next access of a copy at off with rest
// bytes to go. The kernel wants accesses of the frame and the context aligned.
func step(off, rest int64, places ...Place) int64 {
	w := int64(8)
	for w > rest {
		w /= 2
	}
	for _, p := range places {
		if k := p.Ptr.Type.Kind; k == ssa.Frame || k == ssa.Ctx {
			for q := p.At(int(off), p.Type); q.align() < w; {
				w /= 2
			}
		}
	}
	return w
}

// copy copies n bytes.
func (b *Builder) copy(dst, src Place, n int64) {
	if n > inlineCopy {
		b.copyCall(dst, b.span(src, n), n)
		return
	}
	for off := int64(0); off < n; {
		w := step(off, n-off, dst, src)
		b.Store(uint8(8*w), dst.Ptr, dst.Off+off, b.Load(uint8(8*w), src.Ptr, src.Off+off))
		off += w
	}
}

// copyCall copies n bytes from an address of ours by a helper.
func (b *Builder) copyCall(dst Place, src *ssa.Value, n int64) {
	b.Call(ssa.HelperProbeReadKernel, b.span(dst, n), b.Const(n), src)
}

// copyMasked copies a string of n bytes, and zeroes what stood behind its NUL.
func (b *Builder) copyMasked(dst, src Place, n int64) {
	const ones, tops = 0x0101010101010101, -0x7f7f7f7f7f7f7f80
	var alive *ssa.Value // all ones while no NUL was seen, then 0
	for off := int64(0); off < n; {
		w := step(off, n-off, dst, src)
		x := b.Load(uint8(8*w), src.Ptr, src.Off+off)
		if alive != nil {
			x = b.Bin(ssa.OpAnd, x, alive)
		}
		// The lowest top bit set in t marks the first zero byte of x.
		t := b.Bin(ssa.OpSub, x, b.Const(ones))
		t = b.Bin(ssa.OpAnd, t, b.Bin(ssa.OpXor, x, b.Const(-1)))
		t = b.Bin(ssa.OpAnd, t, b.Const(tops))
		low := b.Bin(ssa.OpAnd, t, b.Value(ssa.OpNeg, ssa.Type{Kind: ssa.Scalar}, 0, t))
		keep := b.Bin(ssa.OpSub, b.Bin(ssa.OpRsh, low, b.Const(7)), b.Const(1))
		b.Store(uint8(8*w), dst.Ptr, dst.Off+off, b.Bin(ssa.OpAnd, x, keep))
		off += w
		if off < n {
			// A chunk shorter than a word has zero bytes above it, which mean nothing.
			if w < 8 {
				t = b.Bin(ssa.OpAnd, t, b.Const(1<<(8*w)-1))
			}
			alive = b.Value(ssa.OpNeg, ssa.Type{Kind: ssa.Scalar}, 0, b.SetCond(ssa.EQ, t, b.Const(0)))
		}
	}
}

// Literal writes a string constant; what does not fit is cut off.
func (b *Builder) Literal(p Place, s string) {
	size := int64(p.Type.Size())
	data := make([]byte, size+8)
	end := int64(copy(data[:size], s))
	end = min(size, (end+8)&^7) // the NUL, and up to a whole word
	for off := int64(0); off < end; {
		w := step(off, end-off, p)
		var word [8]byte
		copy(word[:w], data[off:])
		v := int64(binary.LittleEndian.Uint64(word[:]))
		if v == int64(int32(v)) {
			b.StoreImm(uint8(8*w), p.Ptr, p.Off+off, v)
		} else {
			b.Store(uint8(8*w), p.Ptr, p.Off+off, b.Const(v))
		}
		off += w
	}
	if p.Used != nil {
		p.Used(b.Const(min(size, int64(len(s))+1)))
	}
	if !p.Loose {
		b.zero(p.At(int(end), types.String{N: int(size - end)}), size-end)
	}
}

// Clear zeroes all bytes of a place.
func (b *Builder) Clear(p Place) { b.zero(p, int64(p.Type.Size())) }

func (b *Builder) zero(p Place, n int64) {
	switch {
	case n == 0 || p.Zeroed:
	case n > 2*inlineCopy:
		b.copyCall(p, b.zeros(n), n)
	default:
		b.Value(ssa.OpZero, ssa.Type{}, p.Off, p.Ptr).Aux = n
	}
}

// clearPadding zeroes the bytes of a tuple or record that belong to no element.
func (b *Builder) clearPadding(p Place) {
	var elems []types.Type
	switch t := p.Type.(type) {
	case *types.Tuple:
		elems = t.Elems
	case *types.Record:
		elems = t.Elems
	}
	if p.Zeroed || p.Loose {
		return
	}
	end := 0
	gap := func(from, to int) {
		if to > from {
			b.Value(ssa.OpZero, ssa.Type{}, p.Off+int64(from), p.Ptr).Aux = int64(to - from)
		}
	}
	for i, e := range elems {
		at := p.Elem(i)
		off := int(at.Off - p.Off)
		gap(end, off)
		end = off + e.Size()
	}
	gap(end, p.Type.Size())
}

// resolve gives the memory a space means here, never NoSpace.
func (b *Builder) resolve(s types.Space) types.Space {
	if s == types.NoSpace {
		s = b.Context().Space
	}
	if s == types.NoSpace {
		if b.Context().User {
			return types.User
		}
		return types.Kernel
	}
	return s
}

// Read copies p.Type.Size() bytes from an address of the kernel or the current
// process. It gives 0, or a negative error, and then p is all zero.
func (b *Builder) Read(space types.Space, p Place, addr *ssa.Value) *ssa.Value {
	return b.read(space, p, addr, int64(p.Type.Size()))
}

func (b *Builder) read(space types.Space, p Place, addr *ssa.Value, n int64) *ssa.Value {
	return b.readCall(space, b.span(p, n), b.Const(n), addr)
}

// ReadN copies n bytes, which must be bounded to at most p's size; the rest of p
// is left alone.
func (b *Builder) ReadN(space types.Space, p Place, addr, n *ssa.Value) *ssa.Value {
	return b.readCall(space, b.Addr(p), n, addr)
}

func (b *Builder) readCall(space types.Space, dst, n, addr *ssa.Value) *ssa.Value {
	space = b.resolve(space)
	h := ssa.HelperProbeReadKernel
	if space == types.User {
		h = ssa.HelperProbeReadUser
	}
	r := b.Call(h, dst, n, addr)
	b.countFailure(r, h)
	return r
}

// countFailure counts a negative result of a helper that reads memory, when that was
// asked for.
func (b *Builder) countFailure(r *ssa.Value, h *ssa.Helper) {
	if !b.Options().KernelWarnings {
		return
	}
	c := b.Failure(h.Name, -int(syscall.EFAULT), "Bad address")
	b.If(ssa.SLT, r, b.Const(0), func() { b.Count(c) }, nil)
}

// ReadStr copies a NUL-terminated string to p, a String; bytes behind the NUL
// are zero unless p.Loose. limit, when not nil, is how many bytes to read at most,
// NUL included. A string that does not fit fills p and has no NUL, which is how
// it is known to be cut. It gives the length, NUL included, or a negative error
// with an empty string.
func (b *Builder) ReadStr(space types.Space, p Place, addr, limit *ssa.Value) *ssa.Value {
	size := int64(p.Type.Size())
	space = b.resolve(space)
	h := ssa.HelperReadKernelStr
	if space == types.User {
		h = ssa.HelperReadUserStr
	}
	tail := !p.Loose && !p.Zeroed
	inScratch := p.Ptr == b.fn.scratch && p.Ptr != nil
	if tail && (size <= inlineCopy || !inScratch) {
		b.Clear(p)
		tail = false
	}
	n := b.Const(size)
	if limit != nil {
		n = b.Choose(ssa.ULT, limit, n, func() *ssa.Value { return limit }, func() *ssa.Value { return n })
	}
	dst := b.span(p, size)
	got := b.Call(h, dst, n, addr)
	if p.Used != nil {
		p.Used(got)
	}
	b.countFailure(got, h)
	if tail {
		// What lies behind the string is cleared by copying zeroes there. The verifier
		// does not see that offset and length add up to the size.
		b.prog.scratch.tail = max(b.prog.scratch.tail, (size+7)&^7)
		b.If(ssa.ULT, got, b.Const(size), func() {
			t := dst.Type
			t.Size = int32(size)
			end := b.Value(ssa.OpAddPtrVar, t, 0, b.span(p, 2*size), got)
			b.Call(ssa.HelperProbeReadKernel, end, b.Bin(ssa.OpSub, b.Const(size), got), b.zeros(size))
		}, func() {
			if limit != nil { // after a failure the kernel cleared no more than it was to read
				b.If(ssa.SLT, got, b.Const(0), func() { b.copyCall(p, b.zeros(size), size) }, nil)
			}
		})
	}
	if size > 1 {
		b.If(ssa.EQ, got, b.Const(size), func() {
			last := p.At(int(size-1), types.Int8)
			b.readCall(space, b.span(last, 1), b.Const(1), b.offset(addr, size-1))
		}, nil)
	}
	return got
}
