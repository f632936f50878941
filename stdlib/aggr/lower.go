package aggr

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
)

// integer is the parameter of all aggregations but count.
var integer = check.Param{Name: "n", Kind: check.IntArg}

// bySign makes the check of an aggregation of integers whose type depends on
// whether they have a sign.
func bySign[T types.Type](make func(signed bool) T) func(*check.Call) types.Type {
	return func(c *check.Call) types.Type {
		if i, ok := types.AsInt(c.Checker.TypeOf(c.Args[0])); ok {
			return make(i.Signed)
		}
		return nil
	}
}

// int is what an aggregate of integers reads as.
func (n number) int() types.Int { return types.Int{Bits: 64, Signed: n.signed} }

// at is word i of a slot.
func at(slot lower.Place, i int) lower.Place { return slot.At(i*word, types.Uint64) }

// bump adds to word i of a slot.
func bump(b *lower.Builder, slot lower.Place, i int, n *ssa.Value) {
	b.Set(at(slot, i), b.Bin(ssa.OpAdd, b.Get(at(slot, i)), n))
}

// sums adds up the first words of all slots.
func sums(b *lower.Builder, words int, each func(fold func(slot lower.Place))) []*ssa.Value {
	total := make([]lower.Place, words)
	for i := range total {
		total[i] = b.Temp(types.Uint64)
		b.Set(total[i], b.Const(0))
	}
	each(func(slot lower.Place) {
		for i, t := range total {
			b.Set(t, b.Bin(ssa.OpAdd, b.Get(t), b.Get(at(slot, i))))
		}
	})
	out := make([]*ssa.Value, words)
	for i, t := range total {
		out[i] = b.Get(t)
	}
	return out
}

// bumpBucket adds one to bucket i, a number that is not known yet: the check
// against the number of buckets is there for the kernel's verifier.
func bumpBucket(b *lower.Builder, slot lower.Place, i *ssa.Value, buckets int) {
	b.If(ssa.ULT, i, b.Const(int64(buckets)), func() {
		addr := b.Addr(slot)
		elem := b.Value(ssa.OpAddPtrVar, ssa.Type{Kind: addr.Type.Kind, Size: word}, 0,
			addr, b.Bin(ssa.OpLsh, i, b.Const(3)))
		b.Store(64, elem, 0, b.Bin(ssa.OpAdd, b.Load(64, elem, 0), b.Const(1)))
	}, nil)
}
