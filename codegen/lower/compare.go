package lower

import (
	"encoding/binary"

	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/types"
)

// equal compares two values that live in memory, in the type t that holds both.
// It goes to ne when they differ, and else goes on.
func (b *Builder) equal(x, y ast.Expr, t types.Type, ne *ssa.Block) {
	if s, ok := b.ConstString(y); ok {
		b.equalLiteral(x, s, ne)
		return
	}
	if s, ok := b.ConstString(x); ok {
		b.equalLiteral(y, s, ne)
		return
	}
	xp, yp := b.as(x, t), b.as(y, t)
	if _, ok := t.(types.String); ok {
		// What stands behind the NUL of a string of ours is zero, so that equal
		// strings have equal bytes, as far as both go, and the longer one ends there.
		xn, yn := xp.Type.Size(), yp.Type.Size()
		n := min(xn, yn)
		b.equalBytes(xp, yp, int64(n), ne)
		if longer := xp; xn != yn {
			if yn > xn {
				longer = yp
			}
			b.expect(b.Load(8, longer.Ptr, longer.Off+int64(n)), 0, ne)
		}
		return
	}
	b.equalBytes(xp, yp, int64(t.Size()), ne)
}

// as gives an expression's value in memory as a value of type t; strings may stay
// shorter.
func (b *Builder) as(e ast.Expr, t types.Type) Place {
	p := b.Memory(e)
	_, str := t.(types.String)
	if str || types.Identical(p.Type, t) {
		return p
	}
	q := b.Temp(t)
	b.Assign(q, Memory(p))
	return q
}

// expect goes to ne when a number is not the constant, and else goes on.
func (b *Builder) expect(x *ssa.Value, n int64, ne *ssa.Block) {
	on := b.Func.NewBlock()
	b.branch(ssa.NE, x, b.Const(n), ne, on)
	b.enter(on)
}

// equalLiteral compares a string with a constant: of the string only as many
// bytes are looked at as the constant has, and its NUL.
func (b *Builder) equalLiteral(e ast.Expr, s string, ne *ssa.Block) {
	size := b.TypeOf(e).Size()
	n := min(len(s)+1, size)
	p, ok := b.begin(e, n)
	var op Operand
	if !ok {
		op = b.Expr(e)
		p = op.Place
	}
	if len(s) > size {
		b.Jump(ne)
		return
	}
	if op.Remote {
		// No more than is needed, and no tail to clear.
		if ptr := b.object(op, int64(n)); ptr != nil && n <= inlineCopy && plainWords(op.Type) {
			p.Ptr = ptr
		} else {
			p = b.Temp(types.String{N: n})
			p.Loose = true
			b.ReadStr(op.Space, p, b.span(op.Place, int64(n)), nil)
		}
	}
	data := make([]byte, n+8)
	copy(data, s)
	for off := int64(0); off < int64(n); {
		w := step(off, int64(n)-off, p)
		var word [8]byte
		copy(word[:w], data[off:])
		b.expect(b.Load(uint8(8*w), p.Ptr, p.Off+off), int64(binary.LittleEndian.Uint64(word[:])), ne)
		off += w
	}
}

// Begin gives at least the first n bytes of a string, zeroes behind its NUL, or all of it when it
// is shorter.
func (b *Builder) Begin(e ast.Expr, n int64) Place {
	if p, ok := b.begin(e, int(n)); ok {
		return p
	}
	return b.Memory(e)
}

// begin lets a record write the first n bytes of its string to memory of their own, zeroes behind
// its NUL; false when that is not possible or the string is no longer.
func (b *Builder) begin(e ast.Expr, n int) (Place, bool) {
	c := b.info.Calls[e]
	n++ // for the NUL that the kernel ends what it reads with
	if c == nil || c.Const != nil || c.Type.Size() <= n {
		return Place{}, false
	}
	l := b.lowering(c)
	if l == nil || l.Begin == nil {
		return Place{}, false
	}
	p := b.Temp(types.String{N: n})
	return p, l.Begin(b, c, p)
}

// equalBytes compares n bytes in words: a few in a row, many in a loop.
func (b *Builder) equalBytes(x, y Place, n int64, ne *ssa.Block) {
	off := int64(0)
	if words := n / 8; words > 8 && x.align() == 8 && y.align() == 8 {
		b.Repeat(words, func(i *ssa.Value) {
			at := b.Bin(ssa.OpLsh, i, b.Const(3))
			on := b.Func.NewBlock()
			b.Branch(ssa.NE, b.Load(64, b.indexed(x, at, 8*words), 0), b.Load(64, b.indexed(y, at, 8*words), 0), ne, on)
			b.enter(on)
		})
		off = 8 * words
	}
	for off < n {
		w := step(off, n-off, x, y)
		on := b.Func.NewBlock()
		b.Branch(ssa.NE, b.Load(uint8(8*w), x.Ptr, x.Off+off), b.Load(uint8(8*w), y.Ptr, y.Off+off), ne, on)
		b.enter(on)
		off += w
	}
}

// indexed gives the address of a word of a place, of which n bytes are in bounds.
func (b *Builder) indexed(p Place, at *ssa.Value, n int64) *ssa.Value {
	ptr := b.span(p, n)
	t := ptr.Type
	t.Size = 8
	return b.Value(ssa.OpAddPtrVar, t, 0, ptr, at)
}

// Equal gives 1 when the first n bytes of two places are equal, else 0.
func (b *Builder) Equal(x, y Place, n int64) *ssa.Value {
	same := &ssa.Variable{Name: "equal", Type: ssa.Type{Kind: ssa.Scalar}}
	b.Def(same, b.Const(0))
	ne := b.Func.NewBlock()
	b.equalBytes(x, y, n, ne)
	b.Def(same, b.Const(1))
	b.Jump(ne)
	b.enter(ne)
	return b.Use(same)
}
