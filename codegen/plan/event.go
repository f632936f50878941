package plan

import "sonde/lang/types"

// packedMin is how long, in bytes, a string or buffer must be able to get for it to
// be packed: few are ever as long as they may be, while short ones are not worth
// the length that has to be written along with them.
const packedMin = 64

// Pack splits a payload for a record that is as long as what is in it: fixed is what
// the record's payload begins with, the elements of constant length and then a
// uint32 for each of the others, how many bytes of it follow. Those, behind each
// other and in that order, are the elements in packed, by index. There may be
// none.
func Pack(payload *types.Tuple) (fixed *types.Tuple, packed []int) {
	fixed = &types.Tuple{}
	for i, t := range payload.Elems {
		if packs(t) {
			packed = append(packed, i)
		} else {
			fixed.Elems = append(fixed.Elems, t)
		}
	}
	for range packed {
		fixed.Elems = append(fixed.Elems, types.Uint32)
	}
	return fixed, packed
}

// packs tells whether values of a type are of many lengths: what stands behind a
// string's NUL or a buffer's data means nothing.
func packs(t types.Type) bool {
	switch t.(type) {
	case types.String, types.Buffer:
		return t.Size() > packedMin
	}
	return false
}
