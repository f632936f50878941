package builtin

import (
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// CgroupID is the id of a cgroup.
var CgroupID = &record.Builtin{
	Func: check.Func{
		Name:  "cgroupid",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "path", Kind: check.ConstStringArg}}, Result: types.Uint64}},
		Check: func(c *check.Call) types.Type {
			name, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			id, err := c.Checker.Host().CgroupID(name)
			if err != nil {
				return wrong(c, c.Args[0].Span(), "cgroupid(): %v", err)
			}
			c.Const = int64(id)
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: constant,
	Doc: `The id of the cgroup (v2) at a path, for comparing with cgroup.
It is found once, when the script starts.`,
	Examples: []record.Example{
		{Script: `tracepoint:syscalls:sys_enter_openat /cgroup == cgroupid("/sys/fs/cgroup/system.slice")/ { @[comm] = count(); }`},
	},
}
