package probe

import (
	"golang.org/x/sys/unix"

	"sonde/stdlib/record"
)

// Hardware counts events of the processor.
var Hardware = counted("hardware", "h", unix.PERF_TYPE_HARDWARE, []perfCounter{
	{"backend-stalls", "", unix.PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1000000},
	{"branch-instructions", "branches", unix.PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 100000},
	{"branch-misses", "", unix.PERF_COUNT_HW_BRANCH_MISSES, 100000},
	{"bus-cycles", "", unix.PERF_COUNT_HW_BUS_CYCLES, 100000},
	{"cache-misses", "", unix.PERF_COUNT_HW_CACHE_MISSES, 1000000},
	{"cache-references", "", unix.PERF_COUNT_HW_CACHE_REFERENCES, 1000000},
	{"cpu-cycles", "cycles", unix.PERF_COUNT_HW_CPU_CYCLES, 1000000},
	{"frontend-stalls", "", unix.PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1000000},
	{"instructions", "", unix.PERF_COUNT_HW_INSTRUCTIONS, 1000000},
	{"ref-cycles", "", unix.PERF_COUNT_HW_REF_CPU_CYCLES, 1000000},
}, `Runs once in so many events of the processor: cycles, cache misses and the like.
The count may be left out; each event has a default. With hz and a rate the kernel finds the
count by which it runs so many times a second. An event that has no name is r and the
number that the processor's manual gives it, in hexadecimal. Virtual machines often lack the
counters.`,
	record.Example{Script: `hardware:cache-misses:1e6 { @[comm] = count(); }`},
	record.Example{Script: `hardware:cycles:hz:99 { @[kstack] = count(); }`},
	record.Example{Script: `hardware:r01c2:100000 { @[comm] = count(); }`})
