package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// value makes the record of a builtin value that one expression computes.
func value(name string, t types.Type, get func(b *lower.Builder) *ssa.Value, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func:     check.Func{Name: name, Shape: check.Value, Sigs: []check.Sig{{Result: t}}},
		Lowering: lower.Lowering{Value: func(b *lower.Builder, _ *check.Call) *ssa.Value { return get(b) }},
		Doc:      doc,
		Examples: examples,
	}
}

// helper makes the declaration of a helper that takes nothing and gives a number.
func helper(name string, id int32, effect ssa.Effect) *ssa.Helper {
	return &ssa.Helper{Name: name, ID: id, Effect: effect, Args: []ssa.ArgKind{}, Result: ssa.Type{Kind: ssa.Scalar}}
}

// low32 and high32 give the halves of a word.
func low32(b *lower.Builder, x *ssa.Value) *ssa.Value { return b.Ext(ssa.OpZext, 32, x) }

func high32(b *lower.Builder, x *ssa.Value) *ssa.Value { return b.Bin(ssa.OpRsh, x, b.Const(32)) }
