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

// LHist draws a histogram of buckets of one width.
var LHist = &record.Builtin{
	Func: check.Func{
		Name:  "lhist",
		Shape: check.Aggregation,
		Sigs: []check.Sig{{Params: []check.Param{
			integer,
			{Name: "min", Kind: check.ConstIntArg},
			{Name: "max", Kind: check.ConstIntArg},
			{Name: "step", Kind: check.ConstIntArg},
		}}},
		Check: checkLHist,
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		t := slot.Type.(lhistType)
		bumpBucket(b, slot, t.bucket(b, b.Scalar(c.Args[0])), t.buckets())
	}},
	Doc: `Counts numbers in buckets of one width, for a histogram.
Numbers from min up to max fall into buckets that are step wide; what is below min
and what is max or above have a bucket each.`,
	Examples: []record.Example{
		{
			Script: `begin { @ = lhist(3, 0, 10, 5); @ = lhist(50, 0, 10, 5); print(@); clear(@); }`,
			Output: `@:
[0, 5)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[5, 10)                0 |                                                    |
[10, ...)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

`,
		},
		{Script: `tracepoint:syscalls:sys_exit_read { @ = lhist(args.ret, 0, 4096, 512); }`},
	},
}

func checkLHist(c *check.Call) types.Type {
	var n [3]int64
	for i := range n {
		var ok bool
		if n[i], ok = c.Checker.ConstInt(c.Args[1+i]); !ok {
			return nil
		}
	}
	t := lhistType{Min: n[0], Max: n[1], Step: n[2]}
	refuse := func(arg int, format string, args ...any) types.Type {
		c.Checker.Report(source.Errorf(c.Args[arg].Span(), check.WrongArgument, format, args...))
		return nil
	}
	switch span := t.Max - t.Min; {
	case t.Step < 1:
		return refuse(3, "lhist() step must be >= 1 (%d provided)", t.Step)
	case t.Min > t.Max:
		return refuse(1, "lhist() min must be less than max (provided min %d and max %d)", t.Min, t.Max)
	case span < 0 || span/t.Step > maxLinear:
		return refuse(3, "lhist() too many buckets, must be <= %d (would need %d)", maxLinear, uint64(span)/uint64(t.Step))
	case span < t.Step:
		return refuse(3, "lhist() step is too large for the given range (provided step %d for range %d)", t.Step, span)
	}
	if other, ok := c.Map.Value.(lhistType); ok && other != t {
		c.Checker.Report(source.Errorf(c.Node.Span(), check.TypeMismatch,
			"Different lhist bounds in a single map unsupported: %s has %d to %d by %d", c.Map.Name, other.Min, other.Max, other.Step))
		return nil
	}
	return t
}

// maxLinear bounds the number of buckets of an lhist.
const maxLinear = 1000

// lhistType is the type of lhist: a word for values below Min, one for each Step from
// Min up to Max, and one for what remains.
type lhistType struct{ Min, Max, Step int64 }

func (lhistType) String() string { return "lhist_t" }

func (t lhistType) buckets() int { return int((t.Max-t.Min)/t.Step) + 2 }

// Size implements types.Type.
func (t lhistType) Size() int { return t.buckets() * word }

// Align implements types.Type.
func (lhistType) Align() int { return word }

// upper implements scale. Numbers are shortened only where all are, so that one
// column has one unit.
func (t lhistType) upper(i int) (bound, bool) {
	v := t.Min + int64(i)*t.Step
	b := bound{value: v}
	if t.Step%1024 == 0 {
		switch {
		case v == 0:
			b.label = "0"
		case v%(1<<20) == 0:
			b.label = bound{value: v >> 20}.unit(2)
		case v%(1<<10) == 0:
			b.label = bound{value: v >> 10}.unit(1)
		default:
			b.label = strconv.FormatInt(v, 10)
		}
	}
	return b, i < t.buckets()-1
}

// AppendText implements types.Renderer.
func (t lhistType) AppendText(dst, raw []byte, _ types.Env) []byte {
	return appendBars(dst, raw, t.buckets(), t, 0)
}

// AppendJSON implements types.Renderer.
func (t lhistType) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return appendBuckets(dst, raw, t.buckets(), t, 0)
}

// Compare implements types.Renderer: by how many values were counted.
func (t lhistType) Compare(a, b []byte) int {
	return cmp.Compare(total(a, t.buckets()), total(b, t.buckets()))
}

// Merge implements types.Aggregate.
func (t lhistType) Merge(dst, src []byte) { add(dst, src, t.buckets()) }

// Kind implements types.MapValue.
func (lhistType) Kind() string { return "hist" }

// Block implements types.MapValue.
func (lhistType) Block() bool { return true }

// bucket computes the bucket of a number.
func (t lhistType) bucket(b *lower.Builder, n *ssa.Value) *ssa.Value {
	last := int64(t.buckets() - 1)
	return b.Choose(ssa.SLT, n, b.Const(t.Min), func() *ssa.Value {
		return b.Const(0)
	}, func() *ssa.Value {
		return b.Choose(ssa.SGE, n, b.Const(t.Max), func() *ssa.Value {
			return b.Const(last)
		}, func() *ssa.Value {
			from := b.Bin(ssa.OpSub, n, b.Const(t.Min))
			return b.Bin(ssa.OpAdd, b.Bin(ssa.OpUDiv, from, b.Const(t.Step)), b.Const(1))
		})
	})
}
