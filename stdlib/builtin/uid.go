package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// UID is the user that the current thread runs as.
var UID = value("uid", types.Uint64, func(b *lower.Builder) *ssa.Value {
	return low32(b, b.Call(ssa.HelperUidGid))
}, `The user id of the current thread, as the first user namespace numbers it.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_openat { @[uid] = count(); }`})

// GID is the group that the current thread runs as.
var GID = value("gid", types.Uint64, func(b *lower.Builder) *ssa.Value {
	return high32(b, b.Call(ssa.HelperUidGid))
}, `The group id of the current thread, as the first user namespace numbers it.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_openat { @[gid] = count(); }`})
