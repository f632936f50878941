package stdlib

import (
	"sonde/stdlib/aggr"
	"sonde/stdlib/builtin"
	"sonde/stdlib/probe"
	"sonde/stdlib/record"
)

// builtins lists the records of builtin values, functions and aggregations, in
// the order of the reference. Each line is a file in builtin or aggr.
var builtins = []*record.Builtin{
	builtin.ArgN,
	builtin.Args,
	builtin.CPU,
	builtin.Cgroup,
	builtin.Comm,
	builtin.Cpid,
	builtin.Ctx,
	builtin.Curtask,
	builtin.Elapsed,
	builtin.FuncName,
	builtin.GID,
	builtin.HasCpid,
	builtin.NCPUs,
	builtin.NUMAID,
	builtin.Nsecs,
	builtin.SignalName,
	builtin.Strerror,
	builtin.SyscallName,
	builtin.Pid,
	builtin.Probe,
	builtin.ProbeType,
	builtin.Rand,
	builtin.Retval,
	builtin.Tid,
	builtin.UID,

	builtin.Printf,
	builtin.Print,
	builtin.Errorf,
	builtin.Warnf,
	builtin.Time,
	builtin.Strftime,
	builtin.Join,
	builtin.Cat,
	builtin.System,
	builtin.Exit,
	builtin.Signal,
	builtin.SignalThread,
	builtin.Clear,
	builtin.Zero,
	builtin.Delete,
	builtin.HasKey,
	builtin.Len,
	builtin.Str,
	builtin.Strncmp,
	builtin.Buf,
	builtin.Kstack,
	builtin.Ustack,
	builtin.Ksym,
	builtin.Usym,
	builtin.Kaddr,
	builtin.Reg,
	builtin.Ntop,
	builtin.Sizeof,
	builtin.Offsetof,

	aggr.Count,
	aggr.Sum,
	aggr.Avg,
	aggr.Min,
	aggr.Max,
	aggr.Stats,
	aggr.Hist,
	aggr.LHist,
}

// probes lists the records of probe types. Each line is a file in probe.
var probes = []*record.Probe{
	probe.Begin,
	probe.End,
	probe.Hardware,
	probe.Interval,
	probe.Profile,
	probe.RawTracepoint,
	probe.Self,
	probe.Software,
	probe.Tracepoint,
	probe.Uprobe,
	probe.Uretprobe,
}
