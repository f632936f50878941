package builtin

import (
	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Curtask is the current thread as the kernel keeps it.
var Curtask = &record.Builtin{
	Func: check.Func{
		Name:  "curtask",
		Shape: check.Value,
		Sigs:  []check.Sig{{Result: types.Uint64}},
		Check: func(c *check.Call) types.Type {
			if btf := c.Checker.Host().BTF(); btf != nil {
				if task := btf.Struct("struct", "task_struct"); task != nil {
					return types.Pointer{Elem: task, Space: types.Kernel}
				}
			}
			return c.Sig.Result
		},
	},
	Lowering: lower.Lowering{Operand: func(b *lower.Builder, _ *check.Call) lower.Operand {
		return b.CurrentTask()
	}},
	Doc: `The current thread, a pointer to its struct task_struct.
Its members are reached as in C: curtask.real_parent.pid.`,
	Examples: []record.Example{{Script: `tracepoint:raw_syscalls:sys_enter { @[curtask.real_parent.comm] = count(); }`}},
}
