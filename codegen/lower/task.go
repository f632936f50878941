package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/types"
)

var helperNsPidTgid = &ssa.Helper{
	Name: "get_ns_current_pid_tgid", ID: 120, Effect: ssa.Writes, WritesArg: 1 << 2, PartArg: 1 << 2,
	Args:   []ssa.ArgKind{ssa.ArgAny, ssa.ArgAny, ssa.ArgMem, ssa.ArgSize},
	Result: ssa.Type{Kind: ssa.Scalar},
}

// nsInfoSize is the size in bytes of struct bpf_pidns_info: the thread's id, then
// the process's, 32 bits each.
const nsInfoSize = 8

// Tgid is the id of the current process: in the tracer's PID namespace (own),
// where it is 0 for tasks that the namespace does not hold, or in the initial one.
func (b *Builder) Tgid(own bool) *ssa.Value { return b.taskID(own, "tgid", 32) }

// Tid is the id of the current thread; see Tgid.
func (b *Builder) Tid(own bool) *ssa.Value { return b.taskID(own, "pid", 0) }

// taskID finds an id by its member of task_struct, or by where
// bpf_get_current_pid_tgid has it. The member is preferred where it can be loaded:
// the call that finds the task then serves for everything else about it, too.
func (b *Builder) taskID(own bool, member string, shift int64) *ssa.Value {
	if dev, inode, initial := b.Host().PIDNamespace(); own && !initial {
		info := b.slot("ids", types.Array{Elem: types.Uint64, N: nsInfoSize / 8})
		b.Clear(info)
		b.Call(helperNsPidTgid, b.Const(int64(dev)), b.Const(int64(inode)), b.Addr(info), b.Const(nsInfoSize))
		return b.Load(32, info.Ptr, shift/8)
	}
	if task := b.CurrentTask(); task.Val.Type.Kind == ssa.BTF {
		if p, ok := b.Direct(b.Member(task, member)); ok {
			return b.Load(32, p.Ptr, p.Off)
		}
	}
	return b.Ext(ssa.OpZext, 32, b.Bin(ssa.OpRsh, b.Call(ssa.HelperPidTgid), b.Const(shift)))
}
