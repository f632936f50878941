package ssa

import (
	"math"
	"math/bits"
)

// EvalALU computes an operation on numbers as BPF does: division by zero gives 0,
// the remainder of it the dividend, shift counts are taken modulo 64. y is not
// looked at for operations of one operand; width is that of extensions and
// swaps. ok is false for operations that are none on numbers.
func EvalALU(op Op, width uint8, x, y uint64) (result uint64, ok bool) {
	switch op {
	case OpAdd:
		return x + y, true
	case OpSub:
		return x - y, true
	case OpMul:
		return x * y, true
	case OpUDiv:
		if y == 0 {
			return 0, true
		}
		return x / y, true
	case OpUMod:
		if y == 0 {
			return x, true
		}
		return x % y, true
	case OpSDiv:
		switch {
		case y == 0:
			return 0, true
		case int64(x) == math.MinInt64 && int64(y) == -1:
			return x, true
		}
		return uint64(int64(x) / int64(y)), true
	case OpSMod:
		switch {
		case y == 0:
			return x, true
		case int64(y) == -1:
			return 0, true
		}
		return uint64(int64(x) % int64(y)), true
	case OpAnd:
		return x & y, true
	case OpOr:
		return x | y, true
	case OpXor:
		return x ^ y, true
	case OpLsh:
		return x << (y & 63), true
	case OpRsh:
		return x >> (y & 63), true
	case OpArsh:
		return uint64(int64(x) >> (y & 63)), true
	case OpNeg:
		return -x, true
	case OpSext:
		shift := 64 - int(width)
		return uint64(int64(x<<shift) >> shift), true
	case OpZext:
		shift := 64 - int(width)
		return x << shift >> shift, true
	case OpBswap:
		switch width {
		case 16:
			return uint64(bits.ReverseBytes16(uint16(x))), true
		case 32:
			return uint64(bits.ReverseBytes32(uint32(x))), true
		case 64:
			return bits.ReverseBytes64(x), true
		}
	}
	return 0, false
}
