package aggr

import (
	"bytes"
	"strconv"
)

// barWidth is the width of the bar of the fullest bucket, columns.
const barWidth = 52

// bound is the border between two buckets.
type bound struct {
	value int64
	// label is how the text shows it; "" for the number.
	label string
}

func (b bound) appendText(dst []byte) []byte {
	if b.label != "" {
		return append(dst, b.label...)
	}
	return strconv.AppendInt(dst, b.value, 10)
}

// scale divides the range of values of a histogram into buckets.
type scale interface {
	// upper is the border above bucket i; ok is false for the last, which is open.
	// Bucket 0 is open below.
	upper(i int) (b bound, ok bool)
}

// used gives the range of buckets that are not empty, first to past the last.
func used(raw []byte, buckets int) (from, to int) {
	for i := range buckets {
		if get(raw, i) == 0 {
			continue
		}
		if to == 0 {
			from = i
		}
		to = i + 1
	}
	return from, to
}

func total(raw []byte, buckets int) (n uint64) {
	for i := range buckets {
		n += get(raw, i)
	}
	return n
}

// appendBars draws the buckets from the first to the last that is not empty, one
// line each. Counts are divided by div unless it is 0.
func appendBars(dst, raw []byte, buckets int, s scale, div uint64) []byte {
	n := number{div: div}
	from, to := used(raw, buckets)
	var top uint64
	for i := from; i < to; i++ {
		top = max(top, n.scale(get(raw, i)))
	}
	for i := from; i < to; i++ {
		count := n.scale(get(raw, i))
		dst = pad(appendRange(dst, i, s), len(dst), 16)
		var digits [20]byte
		text := strconv.AppendUint(digits[:0], count, 10)
		dst = spaces(dst, 8-len(text))
		dst = append(append(dst, text...), " |"...)
		at := len(dst)
		if top > 0 {
			// Single precision, as scripts that compare outputs have it.
			dst = append(dst, bytes.Repeat([]byte{'@'}, int(float32(count)/float32(top)*barWidth))...)
		}
		dst = append(pad(dst, at, barWidth), "|\n"...)
	}
	return dst
}

// appendRange writes a bucket's range as an interval, or as one value when two
// plain numbers next to each other enclose it.
func appendRange(dst []byte, i int, s scale) []byte {
	hi, closed := s.upper(i)
	if i == 0 {
		return append(hi.appendText(append(dst, "(..., "...)), ')')
	}
	lo, _ := s.upper(i - 1)
	dst = lo.appendText(append(dst, '['))
	switch {
	case !closed:
		return append(dst, ", ...)"...)
	case lo.label == "" && hi.label == "" && lo.value+1 == hi.value:
		return append(dst, ']')
	}
	return append(hi.appendText(append(dst, ", "...)), ')')
}

// pad fills with spaces until width bytes stand from at on.
func pad(dst []byte, at, width int) []byte { return spaces(dst, width-(len(dst)-at)) }

func spaces(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, ' ')
	}
	return dst
}

// appendBuckets writes the same buckets as a JSON array. The bounds that are
// written belong to the bucket, both of them.
func appendBuckets(dst, raw []byte, buckets int, s scale, div uint64) []byte {
	n, bounds := number{div: div}, number{signed: true}
	from, to := used(raw, buckets)
	dst = append(dst, '[')
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if i > 0 {
			lo, _ := s.upper(i - 1)
			dst = bounds.appendJSON(append(dst, `"min": `...), uint64(lo.value))
			dst = append(dst, ", "...)
		}
		if hi, closed := s.upper(i); closed {
			dst = bounds.appendJSON(append(dst, `"max": `...), uint64(hi.value-1))
			dst = append(dst, ", "...)
		}
		dst = append(dst, `"count": `...)
		dst = append(strconv.AppendUint(dst, n.scale(get(raw, i)), 10), '}')
	}
	return append(dst, ']')
}
