package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// CPU is the processor that runs the program.
var CPU = value("cpu", types.Uint32, func(b *lower.Builder) *ssa.Value {
	return b.Call(ssa.HelperSMPID)
}, `The number of the processor that runs the probe, from 0.`,
	record.Example{Script: `profile:hz:99 { @[cpu] = count(); }`})

// NCPUs is how many processors there are.
var NCPUs = value("ncpus", types.Uint64, func(b *lower.Builder) *ssa.Value {
	return b.Const(int64(b.Host().NumCPU()))
}, `The number of processors of the machine.`,
	record.Example{Script: `begin { for ($c : 0..ncpus) { print($c); } }`})
