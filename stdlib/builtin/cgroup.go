package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

var helperCgroupID = helper("get_current_cgroup_id", 80, ssa.Stable)

// Cgroup is the control group of the current thread.
var Cgroup = value("cgroup", types.Uint64, func(b *lower.Builder) *ssa.Value {
	return b.Call(helperCgroupID)
}, `The id of the current thread's control group (cgroup v2).
It is the inode number of the group's directory; cgroupid() gives that of a path.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_openat { @[cgroup] = count(); }`})
