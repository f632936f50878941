package aggr

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// inUTC has charts show UTC.
func inUTC(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
}

// days makes the type of series of so many days.
func days(n int64, fold string) seriesType {
	return seriesType{number: number{signed: true}, Interval: int64(24 * time.Hour), Buckets: n, Fold: fold}
}

// chart is what is shown of one day with that number.
func chart(v int) string {
	scale := fmt.Sprintf("         %-21d%32d\n", v-1, v+1)
	rule := strings.Repeat("_", 51)
	return scale + "hh:mm:ss |" + rule + "|\n00:00:00 |" + strings.Repeat(" ", 25) + "*" + strings.Repeat(" ", 25) + fmt.Sprintf("| %d\n", v) +
		"         v" + rule + "v\n" + scale
}

// series are the slot of a type and its numbers, the first at epoch 1.
func series(t seriesType, values ...any) []byte {
	raw := slot(t)
	for i, v := range values {
		epoch := uint64(i + 1)
		if n, ok := v.(int); ok {
			at := int(epoch%uint64(t.Buckets)) * seriesWords
			put(raw, at+seriesValue, uint64(n))
			put(raw, at+seriesMeta, 1)
			put(raw, at+seriesEpoch, epoch)
		}
	}
	return raw
}

func TestChart(t *testing.T) {
	inUTC(t)
	ms := seriesType{number: number{signed: true}, Interval: 1e8, Buckets: 20}
	us := seriesType{Interval: 250e3, Buckets: 4}
	other := us
	other.end = 6
	for _, c := range []struct {
		name, want, json string
		t                seriesType
		raw              []byte
	}{
		{name: "both sides of zero, an interval without a number", t: ms, raw: series(ms, -5, -4, nil, 0, 5), want: `
             -5                                                  5
hh:mm:ss.ms  |___________________________________________________|
00:00:00.100 *                         .                         | -5
00:00:00.200 |    *                    .                         | -4
00:00:00.300 |                         .                         | -
00:00:00.400 |                         *                         | 0
00:00:00.500 |                         .                         * 5
             v___________________________________________________v
             -5                                                  5
`, json: `[{"interval_start": "1970-01-01 00:00:00.100000000", "value": -5},{"interval_start": "1970-01-01 00:00:00.200000000", "value": -4},` +
			`{"interval_start": "1970-01-01 00:00:00.400000000", "value": 0},{"interval_start": "1970-01-01 00:00:00.500000000", "value": 5}]`},
		{name: "what is too old", t: us, raw: series(us, 1, 2, nil, 3, nil, 5), want: `
                3                                                   5
hh:mm:ss.us     |___________________________________________________|
00:00:00.001000 *                                                   | 3
00:00:00.001250 |                                                   | -
00:00:00.001500 |                                                   * 5
                v___________________________________________________v
                3                                                   5
`},
		{name: "another series goes on", t: other, raw: series(us, 1, 1, math.MaxInt64), want: `
                9223372036854775806               9223372036854775808
hh:mm:ss.us     |___________________________________________________|
00:00:00.000750 |                         *                         | 9223372036854775807
00:00:00.001000 |                                                   | -
00:00:00.001250 |                                                   | -
00:00:00.001500 |                                                   | -
                v___________________________________________________v
                9223372036854775806               9223372036854775808
`},
		{name: "another series went on long ago", t: other, raw: series(us, 1), want: "\n<no data>", json: "[]"},
		{name: "nothing", t: us, raw: slot(us), want: "\n<no data>", json: "[]"},
	} {
		if got := string(c.t.AppendText(nil, c.raw, nil)); got != strings.TrimPrefix(c.want, "\n") {
			t.Errorf("%s:\n%s", c.name, got)
		}
		if got := string(c.t.AppendJSON(nil, c.raw, nil)); c.json != "" && got != c.json {
			t.Errorf("%s: JSON\n%s", c.name, got)
		}
	}
}

// TestChartBounds: where the number has no neighbour on one side.
func TestChartBounds(t *testing.T) {
	for _, c := range []struct {
		signed       bool
		v, low, high uint64
	}{
		{true, 0, minus(1), 1},
		{true, 1 << 63, 1 << 63, 1<<63 + 1},
		{true, math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64},
		{false, 0, 0, 1},
		{false, math.MaxUint64, math.MaxUint64 - 1, math.MaxUint64},
	} {
		series := seriesType{number: number{signed: c.signed}}
		low, high := series.bounds([]point{{value: c.v, known: true}})
		if low != c.low || high != c.high {
			t.Errorf("%d: from %d to %d", int64(c.v), int64(low), int64(high))
		}
		if p := series.part(low, c.v, high); p < 0 || p > 1 {
			t.Errorf("%d: %v of the way", int64(c.v), p)
		}
	}
}

func TestAligned(t *testing.T) {
	d := days(2, foldLast)
	got := d.Aligned([][]byte{series(d, 1), series(d, 1, nil, 3), series(d, 1, 2)}).(seriesType).end
	if got != 3 {
		t.Errorf("series end at %d", got)
	}
}
