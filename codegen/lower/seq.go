package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/types"
)

// helperSeqPrintf is bpf_seq_printf: (seq_file, format, its size, values, their size).
var helperSeqPrintf = &ssa.Helper{Name: "seq_printf", ID: 126, Effect: ssa.Writes, ReadsArg: 1<<1 | 1<<3,
	Args:   []ssa.ArgKind{ssa.ArgAny, ssa.ArgMem, ssa.ArgSize, ssa.ArgMem, ssa.ArgSize},
	Result: ssa.Type{Kind: ssa.Scalar}}

// SeqPrintf writes text that whoever reads the iterator gets. format is the kernel's,
// and values are converted to as: 64-bit numbers, or strings.
func (b *Builder) SeqPrintf(format string, values []ast.Expr, as []types.Type) {
	data := b.Temp(types.Array{Elem: types.Uint64, N: max(len(values), 1)})
	for i, e := range values {
		b.Set(data.At(8*i, types.Uint64), b.FormatArg(e, as[i]))
	}
	text := types.String{N: len(format) + 1}
	p := b.Temp(text)
	b.Literal(p, format)
	seq := b.value(b.Member(Value(b.Ctx(), b.Context().Ctx), "meta", "seq"))
	n := int64(8 * len(values))
	memory := b.Const(0)
	if n > 0 {
		memory = b.span(data, n)
	}
	b.Call(helperSeqPrintf, seq, b.span(p, int64(text.N)), b.Const(int64(text.N)), memory, b.Const(n))
}

// FormatArg is a value as the kernel's formatting helpers take it: an integer of type
// t, or the address of a string.
func (b *Builder) FormatArg(e ast.Expr, t types.Type) *ssa.Value {
	if isMemory(t) {
		return b.Number(b.Addr(b.Memory(e)))
	}
	return b.Convert(b.Scalar(e), b.TypeOf(e), t)
}
