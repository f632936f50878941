package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Rand is a random number.
var Rand = value("rand", types.Uint32, func(b *lower.Builder) *ssa.Value {
	return low32(b, b.Call(ssa.HelperPrandom))
}, `A pseudo-random number of 32 bits, another one at each use.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter /rand % 100 == 0/ { @sampled = count(); }`})
