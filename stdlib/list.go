package stdlib

import (
	"sonde/stdlib/probe"
	"sonde/stdlib/record"
)

// builtins lists the records of builtin values, functions and aggregations, in
// the order of the reference. Each line is a file in builtin or aggr.
var builtins = []*record.Builtin{}

// probes lists the records of probe types. Each line is a file in probe.
var probes = []*record.Probe{
	probe.Begin,
	probe.End,
	probe.Interval,
	probe.Profile,
	probe.RawTracepoint,
	probe.Self,
	probe.Tracepoint,
	probe.Uprobe,
	probe.Uretprobe,
}
