package aggr

import (
	"cmp"
	"strconv"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Hist draws a histogram by powers of two.
var Hist = &record.Builtin{
	Func: check.Func{
		Name:  "hist",
		Shape: check.Aggregation,
		Sigs:  []check.Sig{{Params: []check.Param{integer, {Name: "bits", Kind: check.ConstIntArg}}, Optional: 1}},
		Check: checkHist,
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		t := slot.Type.(histType)
		bumpBucket(b, slot, t.bucket(b, b.Scalar(c.Args[0])), t.buckets())
	}},
	Doc: `Counts numbers by powers of two, for a histogram.
Each power of two is one bucket, or 2, 4, 8, 16 or 32 of equal width with bits
from 1 to 5. Negative numbers share a bucket of their own.
A histogram takes 520 bytes of memory for each key and processor, with bits up to 15 KB.
A map takes the memory for max_map_keys keys when it starts; if that is more than 64 MB,
and Linux 6.1 or later, each key's when it first occurs.`,
	Examples: []record.Example{
		{
			Script: `begin { @ = hist(3); @ = hist(20); print(@); clear(@); }`,
			Output: `@:
[2, 4)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[4, 8)                 0 |                                                    |
[8, 16)                0 |                                                    |
[16, 32)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

`,
		},
		{Script: `tracepoint:syscalls:sys_exit_read { @bytes[comm] = hist(args.ret, 2); }`},
	},
}

func checkHist(c *check.Call) types.Type {
	t := histType{}
	if len(c.Args) > 1 {
		bits, ok := c.Checker.ConstInt(c.Args[1])
		if !ok {
			return nil
		}
		if bits < 0 || bits > maxBits {
			c.Checker.Report(source.Errorf(c.Args[1].Span(), check.WrongArgument,
				"hist: bits %d must be 0..%d", bits, maxBits))
			return nil
		}
		t.Bits = int(bits)
	}
	if other, ok := c.Map.Value.(histType); ok && other.Bits != t.Bits {
		c.Checker.Report(source.Errorf(c.Node.Span(), check.TypeMismatch,
			"Different bits in a single hist unsupported: %s has %d, this call %d", c.Map.Name, other.Bits, t.Bits))
		return nil
	}
	return t
}

// maxBits bounds hist's second argument.
const maxBits = 5

// histType is the type of hist: a word for each bucket, where every power of two is
// split into 2^Bits buckets of equal width.
//
// Bucket 0 counts negative values; the next 2^(Bits+1) hold one value each, from
// 0 on. From there on bucket 1+(a<<Bits|b) holds the values whose highest bit is
// number a+Bits-1 (from 0) and whose Bits bits behind it are b.
type histType struct {
	Bits int
	div  uint64
}

func (histType) String() string { return "hist_t" }

// buckets: negative values, and all up to 2^63-1.
func (t histType) buckets() int { return 1 + (64-t.Bits)<<t.Bits }

// Size implements types.Type.
func (t histType) Size() int { return t.buckets() * word }

// Align implements types.Type.
func (histType) Align() int { return word }

// upper implements scale. The border above the last bucket is 2^63, which wraps
// round to the smallest integer; one less is right again.
func (t histType) upper(i int) (bound, bool) {
	if i <= 2<<t.Bits {
		return bound{value: int64(i)}, true
	}
	shift := i>>t.Bits - 1
	digits := int64(1<<t.Bits + i&(1<<t.Bits-1))
	return bound{digits << shift, bound{value: digits << (shift % 10)}.unit(shift / 10)}, true
}

// unit labels a number with the prefix for a power of 1024.
func (b bound) unit(power int) string {
	label := strconv.FormatInt(b.value, 10)
	if power > 0 {
		label += " KMGTPE"[power : power+1]
	}
	return label
}

// AppendText implements types.Renderer.
func (t histType) AppendText(dst, raw []byte, _ types.Env) []byte {
	return appendBars(dst, raw, t.buckets(), t, t.div)
}

// AppendJSON implements types.Renderer.
func (t histType) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return appendBuckets(dst, raw, t.buckets(), t, t.div)
}

// Compare implements types.Renderer: by how many values were counted.
func (t histType) Compare(a, b []byte) int {
	return cmp.Compare(total(a, t.buckets()), total(b, t.buckets()))
}

// Merge implements types.Aggregate.
func (t histType) Merge(dst, src []byte) { add(dst, src, t.buckets()) }

// Scaled implements types.Scaler.
func (t histType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// Kind implements types.MapValue.
func (histType) Kind() string { return "hist" }

// Block implements types.MapValue.
func (histType) Block() bool { return true }

// bucket computes the bucket of a number without branches: the position of the
// highest bit is found by halving what is left, where a difference below zero
// says in its highest bit that there is something in the upper half. Of the last
// two bits the upper one is the answer itself.
func (t histType) bucket(b *lower.Builder, n *ssa.Value) *ssa.Value {
	x := b.Bin(ssa.OpOr, b.Bin(ssa.OpRsh, n, b.Const(int64(t.Bits))), b.Const(1))
	shift := b.Const(0)
	for j := int64(5); j > 0; j-- {
		half := int64(1) << j
		above := b.Bin(ssa.OpSub, b.Const(1<<half-1), x)
		step := b.Bin(ssa.OpAnd, b.Bin(ssa.OpRsh, above, b.Const(63-j)), b.Const(half))
		shift = b.Bin(ssa.OpOr, shift, step)
		x = b.Bin(ssa.OpRsh, x, step)
	}
	shift = b.Bin(ssa.OpOr, shift, b.Bin(ssa.OpRsh, x, b.Const(1)))
	i := b.Bin(ssa.OpRsh, n, shift)
	i = b.Bin(ssa.OpAdd, i, b.Bin(ssa.OpLsh, shift, b.Const(int64(t.Bits))))
	i = b.Bin(ssa.OpAdd, i, b.Const(1))
	negative := b.Bin(ssa.OpArsh, n, b.Const(63))
	return b.Bin(ssa.OpAnd, i, b.Bin(ssa.OpXor, negative, b.Const(-1)))
}
