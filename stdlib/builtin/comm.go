package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// commSize is TASK_COMM_LEN: the size in bytes of a task's name, NUL included.
const commSize = 16

// Comm is the name of the current thread.
var Comm = &record.Builtin{
	Func: check.Func{
		Name:  "comm",
		Shape: check.Value,
		Sigs:  []check.Sig{{Result: types.String{N: commSize}}},
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, _ *check.Call, dst lower.Place) {
		if task, ok := commOfTask(b); ok {
			// The kernel pads the name with zeros, so its bytes are the string.
			b.Assign(dst, lower.Memory(task))
			return
		}
		b.Call(ssa.HelperComm, b.Addr(dst), b.Const(commSize))
	}},
	Doc: `The name of the current thread, 15 bytes at most.
It is what /proc/PID/comm shows: the program's file name, unless the thread was
given another one.`,
	Examples: []record.Example{{Script: `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }`}},
}

// commOfTask gives the place of the name in the task itself, where programs may
// read through it: two loads instead of a helper call that costs as much as the
// rest of a small program.
func commOfTask(b *lower.Builder) (lower.Place, bool) {
	if !b.Has(feature.CurrentTaskBTF) || b.Host().BTF() == nil {
		return lower.Place{}, false
	}
	return b.Direct(b.Member(b.CurrentTask(), "comm"))
}
