package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// bufHeader is the length that stands before a buffer's data, bytes.
const bufHeader = 4

// Buf reads bytes.
var Buf = &record.Builtin{
	Func: check.Func{
		Name:  "buf",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "data", Kind: check.AnyArg}, {Name: "length", Kind: check.IntArg}},
			Optional: 1,
		}},
		Check:   checkBuf,
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: lowerBuf},
	Doc: `Reads bytes from where a pointer points to, or from an array.
Of an array all bytes are read unless there is a length. Not more than
max_strlen less four are. printf shows buffers with %r, %rx and %rh.`,
	Examples: []record.Example{
		{Script: `begin { printf("%r|%rh\n", buf("ab\x02", 3), buf("ab\x02", 3)); }`, Output: `ab\x02|61 62 02` + "\n"},
		{Script: `tracepoint:syscalls:sys_enter_write /args.fd == 1/ { printf("%r\n", buf(args.buf, args.count)); }`},
	},
}

func checkBuf(c *check.Call) types.Type {
	length, known, ok := strLength(c)
	if !ok {
		return nil
	}
	t := c.Checker.TypeOf(c.Args[0])
	if t == nil {
		return nil
	}
	most := int(c.Checker.Config().MaxStrlen) - bufHeader
	n := most
	switch t := types.Settle(t).(type) {
	case types.Array, types.String:
		if len(c.Args) == 1 {
			n = min(n, t.Size())
		}
	case types.Int, types.Pointer:
		if len(c.Args) == 1 {
			return wrong(c, c.Node.Span(), "buf() expects a length argument for non-array type %s", t)
		}
	default:
		return wrong(c, c.Args[0].Span(), "buf() expects an integer, string, or array argument but saw %s", t)
	}
	if known {
		n = min(n, int(length))
	}
	return types.Buffer{N: max(n, 1)}
}

func lowerBuf(b *lower.Builder, c *check.Call, dst lower.Place) {
	size := int64(c.Type.(types.Buffer).N)
	length := b.Const(size)
	if len(c.Args) > 1 {
		if n, ok := b.ConstInt(c.Args[1]); ok {
			length = b.Const(min(n, size))
		} else {
			n := b.Int(c.Args[1], types.Uint64)
			length = b.Choose(ssa.ULT, n, b.Const(size),
				func() *ssa.Value { return n }, func() *ssa.Value { return b.Const(size) })
		}
	}
	if !dst.Loose && !dst.Zeroed {
		b.Clear(dst)
	}
	addr, space := b.Address(c.Args[0])
	b.Set(dst.At(0, types.Uint32), length)
	if dst.Used != nil {
		dst.Used(b.Bin(ssa.OpAdd, length, b.Const(bufHeader)))
	}
	b.ReadN(space, dst.At(bufHeader, types.Array{Elem: types.Uint8, N: int(size)}), addr, length)
}
