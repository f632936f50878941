package aggr

import (
	"bytes"
	"math"
	"strings"
	"time"

	"sonde/lang/types"
)

// point is what a series shows of an interval.
type point struct {
	start time.Time
	value uint64
	known bool
}

// points are the intervals from the first that has a number to the end, as far as they
// are kept.
func (t seriesType) points(raw []byte) []point {
	end := t.end
	if end == 0 {
		end = t.latest(raw)
	}
	var all []point
	for epoch := end - min(end, uint64(t.Buckets)) + 1; epoch <= end; epoch++ {
		at := int(epoch%uint64(t.Buckets)) * seriesWords
		p := point{start: time.Unix(0, int64(epoch)*t.Interval), known: get(raw, at+seriesEpoch) == epoch}
		if p.known {
			p.value = get(raw, at+seriesValue)
			if t.Fold == foldAvg {
				p.value = t.quo(p.value, get(raw, at+seriesMeta))
			}
		}
		if p.known || len(all) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// AppendJSON implements types.Renderer: the intervals that have a number.
func (t seriesType) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	dst = append(dst, '[')
	first := true
	for _, p := range t.points(raw) {
		if !p.known {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = p.start.AppendFormat(append(dst, `{"interval_start": "`...), "2006-01-02 15:04:05.000000000")
		dst = append(t.appendJSON(append(dst, `", "value": `...), p.value), '}')
	}
	return append(dst, ']')
}

// The chart is that many columns wide; numbers at its lower end get the first of them.
const (
	chartWidth = 53
	chartLeft  = 21
)

// AppendText implements types.Renderer: a line for each interval, with time going down
// and the number to the right.
func (t seriesType) AppendText(dst, raw []byte, _ types.Env) []byte {
	points := t.points(raw)
	if len(points) == 0 {
		return append(dst, "<no data>"...)
	}
	low, high := t.bounds(points)
	layout, heading := clockFormat(t.Interval)
	margin := strings.Repeat(" ", len(heading)+1)
	scale := func(dst []byte) []byte {
		dst = append(dst, margin...)
		at := len(dst)
		dst = t.appendText(dst, low)
		dst = append(dst, bytes.Repeat([]byte{' '}, max(0, chartLeft-(len(dst)-at)))...)
		upper := t.appendText(nil, high)
		dst = append(dst, bytes.Repeat([]byte{' '}, max(0, chartWidth-chartLeft-len(upper)))...)
		return append(append(dst, upper...), '\n')
	}
	rule := strings.Repeat("_", chartWidth-2)
	dst = append(scale(dst), heading+" |"+rule+"|\n"...)
	zero := 0
	if t.signed && int64(low) < 0 && int64(high) > 0 {
		zero = int(chartWidth * t.part(low, 0, high))
	}
	for _, p := range points {
		line := []byte("|" + strings.Repeat(" ", chartWidth-2) + "|")
		if zero > 0 {
			line[zero] = '.'
		}
		if p.known {
			line[int((chartWidth-1)*t.part(low, p.value, high))] = '*'
		}
		dst = append(append(append(p.start.AppendFormat(dst, layout), ' '), line...), ' ')
		if p.known {
			dst = t.appendText(dst, p.value)
		} else {
			dst = append(dst, '-')
		}
		dst = append(dst, '\n')
	}
	return scale(append(dst, margin+"v"+rule+"v\n"...))
}

// bounds are the least and the greatest number, or where there is but one, its neighbours.
func (t seriesType) bounds(points []point) (low, high uint64) {
	low, high = points[0].value, points[0].value
	for _, p := range points {
		if p.known && t.compare(p.value, low) < 0 {
			low = p.value
		}
		if p.known && t.compare(p.value, high) > 0 {
			high = p.value
		}
	}
	if low != high {
		return low, high
	}
	least, most := uint64(0), uint64(math.MaxUint64)
	if t.signed {
		least, most = 1<<63, math.MaxInt64
	}
	if low != least {
		low--
	}
	if high != most {
		high++
	}
	return low, high
}

// part tells how far from low to high a number is, 0 to 1.
func (t seriesType) part(low, v, high uint64) float64 {
	// Differences of signed numbers are right as unsigned ones, too.
	return float64(v-low) / float64(high-low)
}

// clockFormat gives the layout in which the beginnings of intervals are written, to the
// digit in which they differ, and what stands above them.
func clockFormat(interval int64) (layout, heading string) {
	layout, heading = "15:04:05", "hh:mm:ss"
	switch {
	case interval%int64(time.Second) == 0:
	case interval%int64(time.Millisecond) == 0:
		layout, heading = layout+".000", heading+".ms "
	case interval%int64(time.Microsecond) == 0:
		layout, heading = layout+".000000", heading+".us    "
	default:
		layout, heading = layout+".000000000", heading+".ns       "
	}
	return layout, heading
}
