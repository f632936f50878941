package probe

import (
	"golang.org/x/sys/unix"

	"sonde/stdlib/record"
)

// Software counts events of the kernel's own.
var Software = counted("software", "s", unix.PERF_TYPE_SOFTWARE, []perfCounter{
	{"alignment-faults", "", unix.PERF_COUNT_SW_ALIGNMENT_FAULTS, 1},
	{"bpf-output", "", unix.PERF_COUNT_SW_BPF_OUTPUT, 1},
	{"context-switches", "cs", unix.PERF_COUNT_SW_CONTEXT_SWITCHES, 1000},
	{"cpu-clock", "cpu", unix.PERF_COUNT_SW_CPU_CLOCK, 1000000},
	{"cpu-migrations", "", unix.PERF_COUNT_SW_CPU_MIGRATIONS, 1},
	{"dummy", "", unix.PERF_COUNT_SW_DUMMY, 1},
	{"emulation-faults", "", unix.PERF_COUNT_SW_EMULATION_FAULTS, 1},
	{"major-faults", "", unix.PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1},
	{"minor-faults", "", unix.PERF_COUNT_SW_PAGE_FAULTS_MIN, 100},
	{"page-faults", "faults", unix.PERF_COUNT_SW_PAGE_FAULTS, 100},
	{"task-clock", "", unix.PERF_COUNT_SW_TASK_CLOCK, 1},
}, `Runs once in so many software events: page faults, context switches and the like.
The count may be left out; each event has a default (perf_event_open(2) describes
the events). With hz and a rate the kernel finds the count by which it runs so many times a
second.`,
	record.Example{Script: `software:page-faults:1 { @faults[comm] = count(); }`})
