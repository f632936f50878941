package aggr

import (
	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Stats counts, averages and adds up.
var Stats = &record.Builtin{
	Func: check.Func{
		Name:  "stats",
		Shape: check.Aggregation,
		Sigs:  []check.Sig{{Params: []check.Param{integer}}},
		Check: bySign(newStats),
	},
	Lowering: lower.Lowering{Update: func(b *lower.Builder, c *check.Call, slot lower.Place) {
		bump(b, slot, 0, b.Scalar(c.Args[0]))
		bump(b, slot, 1, b.Const(1))
	}},
	Doc: `Counts, averages and adds up numbers.
It is count, avg and sum in one.`,
	Examples: []record.Example{
		{
			Script: `begin { @ = stats(1); @ = stats(2); @ = stats(6); print(@); clear(@); }`,
			Output: "@: { .count = 3, .average = 3, .total = 9 }\n",
		},
		{Script: `tracepoint:syscalls:sys_exit_read /args.ret > 0/ { @bytes[comm] = stats(args.ret); }`},
	},
}

// statsType is the type of stats: two words, total and count.
type statsType struct{ number }

// newStats makes the type of statistics of signed or unsigned integers.
func newStats(signed bool) statsType { return statsType{number{signed: signed}} }

func (statsType) String() string { return "stats_t" }

// Size implements types.Type.
func (statsType) Size() int { return 2 * word }

// Align implements types.Type.
func (statsType) Align() int { return word }

// AppendText implements types.Renderer: like a struct of three members. Only the
// average is scaled.
func (t statsType) AppendText(dst, raw []byte, _ types.Env) []byte {
	dst = append(dst, "{ .count = "...)
	dst = t.appendText(dst, get(raw, 1))
	dst = append(dst, ", .average = "...)
	dst = t.appendText(dst, t.scale(t.average(raw)))
	dst = append(dst, ", .total = "...)
	dst = t.appendText(dst, get(raw, 0))
	return append(dst, " }"...)
}

// AppendJSON implements types.Renderer.
func (t statsType) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	dst = append(dst, `{"count": `...)
	dst = t.appendJSON(dst, get(raw, 1))
	dst = append(dst, `, "average": `...)
	dst = t.appendJSON(dst, t.scale(t.average(raw)))
	dst = append(dst, `, "total": `...)
	dst = t.appendJSON(dst, get(raw, 0))
	return append(dst, '}')
}

// Compare implements types.Renderer: by the average.
func (t statsType) Compare(a, b []byte) int { return t.compare(t.average(a), t.average(b)) }

// Merge implements types.Aggregate.
func (statsType) Merge(dst, src []byte) { add(dst, src, 2) }

// Scaled implements types.Scaler.
func (t statsType) Scaled(div uint64) types.Renderer {
	t.div = div
	return t
}

// Kind implements types.MapValue.
func (statsType) Kind() string { return "stats" }

// Block implements types.MapValue.
func (statsType) Block() bool { return false }

// Join implements types.Joiner: maps of signed and of unsigned numbers meet in a
// signed one.
func (t statsType) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(statsType)
	return newStats(t.signed || o.signed), ok
}
