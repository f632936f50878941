package aggr

import (
	"math"
	"math/bits"
	"strings"
	"testing"

	"sonde/lang/types"
)

func slot(t types.Type, words ...uint64) []byte {
	raw := make([]byte, t.Size())
	for i, w := range words {
		put(raw, i, w)
	}
	return raw
}

// histogram counts values as the programs do.
func histogram(t histType, values ...int64) []byte {
	raw := slot(t)
	for _, v := range values {
		i := bucketOf(t, v)
		put(raw, i, get(raw, i)+1)
	}
	return raw
}

func bucketOf(t histType, v int64) int {
	switch {
	case v < 0:
		return 0
	case v < 1<<t.Bits:
		return int(v) + 1
	}
	shift := bits.Len64(uint64(v)) - 1 - t.Bits
	return 1 + (shift+1)<<t.Bits + int(v>>shift)&(1<<t.Bits-1)
}

func minus(n int64) uint64 { return uint64(-n) }

func TestRender(t *testing.T) {
	for _, c := range []struct {
		name       string
		t          types.Renderer
		raw        []byte
		text, json string
	}{
		{"count", countType{}, slot(countType{}, 7), "7", "7"},
		{"count scaled", countType{}.Scaled(3), slot(countType{}, 7), "2", "2"},
		{"count beyond a double", countType{}, slot(countType{}, 1<<53+1), "9007199254740993", `"9007199254740993"`},
		{"sum signed", newSum(true), slot(sumType{}, minus(5)), "-5", "-5"},
		{"sum unsigned", newSum(false), slot(sumType{}, math.MaxUint64), "18446744073709551615", `"18446744073709551615"`},
		{"sum scaled", newSum(true).Scaled(2), slot(sumType{}, minus(5)), "-2", "-2"},
		{"avg", newAvg(true), slot(avgType{}, minus(10), 3), "-3", "-3"},
		{"avg of nothing", newAvg(true), slot(avgType{}), "0", "0"},
		{"avg scaled", newAvg(false).Scaled(10), slot(avgType{}, 70, 2), "3", "3"},
		{"min", newMin(true), slot(minType{}, minus(1), 1), "-1", "-1"},
		{"max", newMax(false), slot(maxType{}, 1<<63, 1), "9223372036854775808", "9223372036854775808"},
		{"stats", newStats(true), slot(statsType{}, minus(10), 3),
			"{ .count = 3, .average = -3, .total = -10 }", `{"count": 3, "average": -3, "total": -10}`},
		{"stats scaled", newStats(false).Scaled(2), slot(statsType{}, 12, 2),
			"{ .count = 2, .average = 3, .total = 12 }", `{"count": 2, "average": 3, "total": 12}`},
		{"hist", histType{}, histogram(histType{}, -1, 2, 3, 7, 20), `
(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
[0]                    0 |                                                    |
[1]                    0 |                                                    |
[2, 4)                 2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
[8, 16)                0 |                                                    |
[16, 32)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
`, `[{"max": -1, "count": 1},{"min": 0, "max": 0, "count": 0},{"min": 1, "max": 1, "count": 0},` +
			`{"min": 2, "max": 3, "count": 2},{"min": 4, "max": 7, "count": 1},` +
			`{"min": 8, "max": 15, "count": 0},{"min": 16, "max": 31, "count": 1}]`},
		{"hist of nothing", histType{}, histogram(histType{}), "", "[]"},
		{"hist with units", histType{}, histogram(histType{}, 1<<10, 1<<20-1, 1<<20), `
[1K, 2K)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[2K, 4K)               0 |                                                    |
[4K, 8K)               0 |                                                    |
[8K, 16K)              0 |                                                    |
[16K, 32K)             0 |                                                    |
[32K, 64K)             0 |                                                    |
[64K, 128K)            0 |                                                    |
[128K, 256K)           0 |                                                    |
[256K, 512K)           0 |                                                    |
[512K, 1M)             1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[1M, 2M)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`, ""},
		{"hist of one value", histType{}, histogram(histType{}, 10<<30), `
[8G, 16G)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`, `[{"min": 8589934592, "max": 17179869183, "count": 1}]`},
		{"hist of the largest", histType{}, histogram(histType{}, math.MaxInt64), `
[4E, 8E)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`, ""},
		{"hist with sub-buckets", histType{Bits: 2}, histogram(histType{Bits: 2}, 7, 8, 9, 9, 11), `
[7]                    1 |@@@@@@@@@@@@@@@@@                                   |
[8, 10)                3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[10, 12)               1 |@@@@@@@@@@@@@@@@@                                   |
`, ""},
		{"hist scaled to nothing", histType{}.Scaled(100), histogram(histType{}, 7, 8), `
[4, 8)                 0 |                                                    |
[8, 16)                0 |                                                    |
`, `[{"min": 4, "max": 7, "count": 0},{"min": 8, "max": 15, "count": 0}]`},
		{"lhist", lhistType{0, 10, 2}, slot(lhistType{0, 10, 2}, 1, 0, 2, 0, 1, 0, 1), `
(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
[0, 2)                 0 |                                                    |
[2, 4)                 2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[4, 6)                 0 |                                                    |
[6, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
[8, 10)                0 |                                                    |
[10, ...)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
`, `[{"max": -1, "count": 1},{"min": 0, "max": 1, "count": 0},{"min": 2, "max": 3, "count": 2},` +
			`{"min": 4, "max": 5, "count": 0},{"min": 6, "max": 7, "count": 1},{"min": 8, "max": 9, "count": 0},` +
			`{"min": 10, "count": 1}]`},
		{"lhist of single values", lhistType{0, 3, 1}, slot(lhistType{0, 3, 1}, 0, 1, 3, 4), `
[0]                    1 |@@@@@@@@@@@@@                                       |
[1]                    3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@             |
[2]                    4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`, ""},
		{"lhist with units", lhistType{0, 3 << 10, 1 << 10}, slot(lhistType{0, 3 << 10, 1 << 10}, 0, 1, 0, 0, 1), `
[0, 1K)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[1K, 2K)               0 |                                                    |
[2K, 3K)               0 |                                                    |
[3K, ...)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`, ""},
		{"lhist without units where not all have one", lhistType{630000, 650000, 10000}, slot(lhistType{630000, 650000, 10000}, 0, 1, 1), `
[630000, 640000)       1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[640000, 650000)       1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`, ""},
	} {
		if got := string(c.t.AppendText(nil, c.raw, nil)); got != strings.TrimPrefix(c.text, "\n") {
			t.Errorf("%s: text\n%s", c.name, got)
		}
		if got := string(c.t.AppendJSON(nil, c.raw, nil)); c.json != "" && got != c.json {
			t.Errorf("%s: JSON\n%s", c.name, got)
		}
	}
}

// TestHistBounds checks each bucket against the values that are counted in it.
func TestHistBounds(t *testing.T) {
	for k := range maxBits + 1 {
		h := histType{Bits: k}
		if got := bucketOf(h, math.MaxInt64); got != h.buckets()-1 {
			t.Errorf("bits %d: largest value in bucket %d of %d", k, got, h.buckets())
		}
		for i := range h.buckets() {
			hi, ok := h.upper(i)
			if !ok {
				t.Fatalf("bits %d: bucket %d is open", k, i)
			}
			if got := bucketOf(h, hi.value-1); got != i {
				t.Errorf("bits %d: %d is in bucket %d, want %d", k, hi.value-1, got, i)
			}
			if i < h.buckets()-1 {
				if got := bucketOf(h, hi.value); got != i+1 {
					t.Errorf("bits %d: %d is in bucket %d, want %d", k, hi.value, got, i+1)
				}
			}
		}
	}
}

func TestMerge(t *testing.T) {
	inUTC(t)
	for _, c := range []struct {
		name  string
		t     types.Aggregate
		slots [][]uint64
		want  string
	}{
		{"count", countType{}, [][]uint64{{1}, {}, {2}}, "3"},
		{"sum", newSum(true), [][]uint64{{5}, {minus(7)}}, "-2"},
		{"avg", newAvg(true), [][]uint64{{5, 1}, {}, {7, 2}}, "4"},
		{"min", newMin(true), [][]uint64{{}, {5, 1}, {minus(7), 1}, {}}, "-7"},
		{"min of zero", newMin(true), [][]uint64{{}, {5, 1}, {0, 1}}, "0"},
		{"min unsigned", newMin(false), [][]uint64{{5, 1}, {minus(7), 1}}, "5"},
		{"max of a negative", newMax(true), [][]uint64{{}, {minus(7), 1}, {}}, "-7"},
		{"max", newMax(true), [][]uint64{{5, 1}, {minus(7), 1}}, "5"},
		{"max unsigned", newMax(false), [][]uint64{{5, 1}, {minus(1), 1}}, "18446744073709551615"},
		{"stats", newStats(false), [][]uint64{{5, 1}, {7, 2}}, "{ .count = 3, .average = 4, .total = 12 }"},
		{"time series", days(2, foldLast), [][]uint64{{1, 5, 20, 2, 0, 1}, {}, {3, 7, 20}}, chart(3)},
		{"time series of one moment", days(1, foldLast), [][]uint64{{4, 5, 20}, {3, 5, 20}}, chart(4)},
		{"time series of sums", days(2, foldSum), [][]uint64{{1, 1, 20}, {3, 1, 20}, {9, 1, 18}}, chart(4)},
		{"time series of averages", days(2, foldAvg), [][]uint64{{2, 1, 20}, {16, 2, 20}}, chart(6)},
		{"time series of minima", days(2, foldMin), [][]uint64{{2, 1, 20}, {minus(1), 1, 20}, {}}, chart(-1)},
		{"time series of maxima", days(2, foldMax), [][]uint64{{2, 1, 20}, {minus(1), 1, 20}}, chart(2)},
		{"hist", histType{}, [][]uint64{{0, 1}, {0, 2}}, "[0]                    3 |" + strings.Repeat("@", 52) + "|\n"},
	} {
		// Every order gives the same.
		for start := range c.slots {
			dst := slot(c.t)
			for i := range c.slots {
				c.t.Merge(dst, slot(c.t, c.slots[(start+i)%len(c.slots)]...))
			}
			if got := string(c.t.AppendText(nil, dst, nil)); got != c.want {
				t.Errorf("%s from %d: %s, want %s", c.name, start, got, c.want)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name string
		t    types.Renderer
		a, b []uint64
		want int
	}{
		{"count", countType{}, []uint64{1}, []uint64{2}, -1},
		{"sum", newSum(true), []uint64{minus(1)}, []uint64{2}, -1},
		{"sum unsigned", newSum(false), []uint64{minus(1)}, []uint64{2}, 1},
		{"avg", newAvg(true), []uint64{10, 10}, []uint64{4, 2}, -1},
		{"stats", newStats(true), []uint64{4, 2}, []uint64{4, 2}, 0},
		{"hist", histType{}, []uint64{1, 1, 1}, []uint64{0, 2}, 1},
		{"lhist", lhistType{0, 2, 1}, []uint64{1, 1, 1}, []uint64{0, 4}, -1},
		{"time series", days(2, foldLast), []uint64{9, 9, 20}, []uint64{1, 1, 20, 1, 1, 21}, -1},
	} {
		if got := c.t.Compare(slot(c.t, c.a...), slot(c.t, c.b...)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestShortSlots(t *testing.T) {
	for _, a := range []types.Aggregate{countType{}, sumType{}, avgType{}, minType{}, maxType{}, statsType{}, histType{Bits: 3}, lhistType{0, 10, 1}, seriesType{Interval: 1, Buckets: 3}} {
		a.AppendText(nil, nil, nil)
		a.AppendJSON(nil, make([]byte, 3), nil)
		a.Compare(nil, make([]byte, 9))
	}
}
