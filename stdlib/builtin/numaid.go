package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

var helperNUMANode = helper("get_numa_node_id", 42, ssa.Stable)

// NUMAID is the memory node of the processor that runs the program.
var NUMAID = value("numaid", types.Uint32, func(b *lower.Builder) *ssa.Value {
	return b.Call(helperNUMANode)
}, `The number of the NUMA node of the processor that runs the probe.`,
	record.Example{Script: `profile:hz:99 { @[numaid] = count(); }`})
