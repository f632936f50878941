package aggr

import (
	"cmp"
	"slices"
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// TSeries draws how a number changes over time.
var TSeries = &record.Builtin{
	Func: check.Func{
		Name:     "tseries",
		Shape:    check.Aggregation,
		Unstable: "unstable_tseries",
		Needs:    []*feature.Feature{feature.BootTime},
		Sigs: []check.Sig{{
			Params: []check.Param{
				integer,
				{Name: "interval_ns", Kind: check.ConstIntArg},
				{Name: "num_intervals", Kind: check.ConstIntArg},
				{Name: "agg", Kind: check.ConstStringArg},
			},
			Optional: 1,
		}},
		Check: checkTSeries,
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		slot.Type.(seriesType).record(b, slot, b.Scalar(c.Args[0]))
	}},
	Doc: `Keeps a number for each of the last intervals, for a chart of how it changes.
Intervals begin at multiples of their length by the wall clock, and num_intervals of them
are kept, 1360 at most. Of the numbers in one interval the last counts; agg, one of
avg, max, min and sum, puts them together instead. All series of a map end with the
same interval, the last that any of them has a number for.`,
	Examples: []record.Example{
		{Script: `config = { unstable_tseries = enable } interval:ms:10 { @ = tseries(rand % 10, 100ms, 20, "min"); }`},
		{Script: `config = { unstable_tseries = enable } tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = tseries(args.ret, 1s, 60, "sum"); }`},
	},
}

// seriesType is the type of tseries: three words for each of a ring of buckets.
type seriesType struct {
	number
	// Interval is the length of one, ns; epochs are counted in it, from 1970 on.
	Interval int64
	// Buckets is how many are kept, in which epoch modulo Buckets chooses.
	Buckets int64
	// Fold is how the numbers of an epoch are put together: a word of folds.
	Fold string
	// end is the last epoch that is shown, 0 for the last there is.
	end uint64
}

// The words of a bucket. Meta is when the value was taken (ns), or of how many numbers it
// is made; the epoch is 0 where there is none yet.
const (
	seriesValue = iota
	seriesMeta
	seriesEpoch
	seriesWords
)

// How the numbers of an interval are put together.
const (
	foldLast = ""
	foldAvg  = "avg"
	foldMax  = "max"
	foldMin  = "min"
	foldSum  = "sum"
)

// folds are those that scripts can ask for.
var folds = []string{foldAvg, foldMax, foldMin, foldSum}

// maxIntervals find room in what the kernel gives a map's element for each CPU, 32 KiB.
const maxIntervals = 1360

func checkTSeries(c *check.Call) types.Type {
	value, ok := types.AsInt(c.Checker.TypeOf(c.Args[0]))
	interval, ok1 := c.Checker.ConstInt(c.Args[1])
	buckets, ok2 := c.Checker.ConstInt(c.Args[2])
	if !ok || !ok1 || !ok2 {
		return nil
	}
	refuse := func(arg int, format string, args ...any) types.Type {
		c.Checker.Report(source.Errorf(c.Args[arg].Span(), check.WrongArgument, format, args...))
		return nil
	}
	t := seriesType{number: number{signed: value.Signed}, Interval: interval, Buckets: buckets}
	if len(c.Args) > 3 {
		if t.Fold, ok = c.Checker.ConstString(c.Args[3]); !ok {
			return nil
		}
		if !slices.Contains(folds, t.Fold) {
			return refuse(3, "tseries() expects one of the following aggregation functions: %s (%q provided)", strings.Join(folds, ", "), t.Fold)
		}
	}
	switch {
	case interval < 1:
		return refuse(1, "tseries() interval_ns must be >= 1 (%d provided)", interval)
	case buckets < 1:
		return refuse(2, "tseries() num_intervals must be >= 1 (%d provided)", buckets)
	case buckets > maxIntervals:
		return refuse(2, "tseries() num_intervals must be <= %d (%d provided)", maxIntervals, buckets)
	}
	if other, ok := c.Map.Value.(seriesType); ok && !t.alike(other) {
		c.Checker.Report(source.Errorf(c.Node.Span(), check.TypeMismatch, "Different tseries bounds in a single map unsupported: %s has %d intervals of %d ns",
			c.Map.Name, other.Buckets, other.Interval))
		return nil
	}
	return t
}

// alike tells whether two series differ by the sign of their numbers at most.
func (t seriesType) alike(o seriesType) bool {
	return t.Interval == o.Interval && t.Buckets == o.Buckets && t.Fold == o.Fold
}

func (seriesType) String() string { return "tseries_t" }

// Size implements types.Type.
func (t seriesType) Size() int { return int(t.Buckets) * seriesWords * word }

// Align implements types.Type.
func (seriesType) Align() int { return word }

// Kind implements types.MapValue.
func (seriesType) Kind() string { return "tseries" }

// Block implements types.MapValue.
func (seriesType) Block() bool { return true }

// Join implements types.Joiner: maps of signed and of unsigned numbers meet in a
// signed one.
func (t seriesType) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(seriesType)
	t.signed = t.signed || o.signed
	return t, ok && t.alike(o)
}

// Compare implements types.Renderer: by which was changed last.
func (t seriesType) Compare(a, b []byte) int { return cmp.Compare(t.latest(a), t.latest(b)) }

// latest is the last epoch that there is a number for, 0 for none.
func (t seriesType) latest(raw []byte) uint64 {
	latest := uint64(0)
	for i := range int(t.Buckets) {
		latest = max(latest, get(raw, i*seriesWords+seriesEpoch))
	}
	return latest
}

// Aligned implements types.Aligner: all series end with the same interval.
func (t seriesType) Aligned(values [][]byte) types.Renderer {
	for _, raw := range values {
		t.end = max(t.end, t.latest(raw))
	}
	return t
}

// Merge implements types.Aggregate. Of two epochs in one bucket the earlier is over.
func (t seriesType) Merge(dst, src []byte) {
	for i := range int(t.Buckets) {
		at := i * seriesWords
		mine, theirs := get(dst, at+seriesEpoch), get(src, at+seriesEpoch)
		switch {
		case theirs > mine:
			copy(dst[at*word:(at+seriesWords)*word], src[at*word:])
		case theirs == mine && theirs != 0:
			t.combine(dst[at*word:], src[at*word:])
		}
	}
}

// combine puts the numbers that two CPUs have for an interval together.
func (t seriesType) combine(dst, src []byte) {
	v, o := get(dst, seriesValue), get(src, seriesValue)
	switch t.Fold {
	case foldLast:
		later := cmp.Compare(get(src, seriesMeta), get(dst, seriesMeta))
		if later > 0 || later == 0 && o > v {
			copy(dst[:seriesWords*word], src)
		}
	case foldAvg, foldSum:
		add(dst, src, seriesMeta+1)
	case foldMin:
		if t.compare(o, v) < 0 {
			put(dst, seriesValue, o)
		}
	case foldMax:
		if t.compare(o, v) > 0 {
			put(dst, seriesValue, o)
		}
	}
}

// record takes a number into the bucket of the present interval.
func (t seriesType) record(b *lower.Builder, slot lower.Place, n *ssa.Value) {
	now := b.Bin(ssa.OpAdd, b.Call(helperBootTime), b.Global("wall_minus_boot_ns"))
	epoch := b.Bin(ssa.OpUDiv, now, b.Const(t.Interval))
	i := b.Bin(ssa.OpUMod, epoch, b.Const(t.Buckets))
	meta := b.Const(1)
	if t.Fold == foldLast {
		meta = now
	}
	// The comparison tells the kernel's verifier what the remainder can be.
	b.If(ssa.ULT, i, b.Const(t.Buckets), func() {
		addr := b.Addr(slot)
		bucket := b.Value(ssa.OpAddPtrVar, ssa.Type{Kind: addr.Type.Kind, Size: seriesWords * word}, 0,
			addr, b.Bin(ssa.OpMul, i, b.Const(seriesWords*word)))
		load := func(w int64) *ssa.Value { return b.Load(64, bucket, w*word) }
		store := func(w int64, v *ssa.Value) { b.Store(64, bucket, w*word, v) }
		b.If(ssa.EQ, load(seriesEpoch), epoch, func() {
			switch t.Fold {
			case foldLast:
				store(seriesValue, n)
				store(seriesMeta, meta)
			case foldAvg:
				store(seriesMeta, b.Bin(ssa.OpAdd, load(seriesMeta), meta))
				fallthrough
			case foldSum:
				store(seriesValue, b.Bin(ssa.OpAdd, load(seriesValue), n))
			case foldMin:
				b.If(extreme{t.number, -1}.beats(), n, load(seriesValue), func() { store(seriesValue, n) }, nil)
			case foldMax:
				b.If(extreme{t.number, 1}.beats(), n, load(seriesValue), func() { store(seriesValue, n) }, nil)
			}
		}, func() {
			store(seriesValue, n)
			store(seriesMeta, meta)
			store(seriesEpoch, epoch)
		})
	}, nil)
}

var helperBootTime = &ssa.Helper{
	Name: "ktime_get_boot_ns", ID: 125, Effect: ssa.Reads,
	Args: []ssa.ArgKind{}, Result: ssa.Type{Kind: ssa.Scalar},
}
