package probe

import (
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/stdlib/record"
)

// Bench runs again and again, to find out how long it takes.
var Bench = trial("bench", check.Benchmarking, plan.OnBenchmark, `Runs many times when the script is run with --bench, and is left out otherwise.
For each probe the mean time of a run is printed, in ns: what the body takes, without
what the kernel needs to run a program that does nothing. Nothing else that it prints
is shown. A probe that returns something other than 0 is skipped; one that reports an
error or exits with a code other than 0 fails, and sonde's exit status is then 1.`,
	record.Example{Script: `bench:count { @ = count(); }`},
	record.Example{Script: `bench:loop { $sum = 0; for ($i : 0..10) { $sum += $i; } @ = $sum; }`})
