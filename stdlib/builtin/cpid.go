package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Cpid is the process that -c started.
var Cpid = &record.Builtin{
	Func: check.Func{
		Name:  "cpid",
		Shape: check.Value,
		Sigs:  []check.Sig{{Result: types.Uint32}},
		Check: func(c *check.Call) types.Type {
			if c.Checker.Options().Command == "" {
				c.Checker.Report(source.Warningf(c.Node.Span(), "no-child", "cpid is 0: there is no child process")).
					WithHint("start one with -c COMMAND, or ask has_cpid first")
			}
			return c.Sig.Result
		},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		return b.Const(int64(b.Options().ChildPID))
	}},
	Doc: `The process id of the command that -c started, or 0.`,
	Examples: []record.Example{{
		Script: `tracepoint:raw_syscalls:sys_enter /has_cpid && pid == cpid/ { @ = count(); }`,
	}},
}

// HasCpid tells whether there is such a process.
var HasCpid = value("has_cpid", types.Bool{}, func(b *lower.Builder) *ssa.Value {
	if b.Options().Command == "" {
		return b.Const(0)
	}
	return b.Const(1)
}, `Whether -c started a command, whose process id is then cpid.`,
	record.Example{Script: `begin { print(has_cpid); }`, Output: "false\n"})
