package builtin

import (
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Pid and Tid share this file because the kernel gives both in one word.

// Pid is the current process.
var Pid = taskID("pid", tgidShift, `The id of the current process.
pid(init) is the id in the first PID namespace, pid(curr_ns) and plain pid the one
that the tracer's own namespace shows.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }`})

// Tid is the current thread.
var Tid = taskID("tid", 0, `The id of the current thread.
tid(init) and tid(curr_ns) choose the PID namespace, as for pid.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; }`})

// tgidShift is where bpf_get_current_pid_tgid keeps the process id; the thread id
// is in the low half.
const tgidShift = 32

// nsInfoSize is the size in bytes of struct bpf_pidns_info: pid and tgid, 32 bits
// each.
const nsInfoSize = 8

var helperNsPidTgid = &ssa.Helper{
	Name: "get_ns_current_pid_tgid", ID: 120, Effect: ssa.Writes, WritesArg: 1 << 2, PartArg: 1 << 2,
	Args:   []ssa.ArgKind{ssa.ArgAny, ssa.ArgAny, ssa.ArgMem, ssa.ArgSize},
	Result: ssa.Type{Kind: ssa.Scalar},
}

const (
	initialNS = "init"
	ownNS     = "curr_ns"
)

func taskID(name string, shift int64, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Value,
			Sigs: []check.Sig{{
				Params:   []check.Param{{Name: "namespace", Kind: check.NameArg}},
				Optional: 1,
				Result:   types.Uint32,
			}},
			Check: func(c *check.Call) types.Type {
				ns, ok := nameArg(c, 0, ownNS, initialNS, ownNS)
				if !ok {
					return nil
				}
				c.Data = ns
				return c.Sig.Result
			},
		},
		Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
			dev, inode, initial := b.Host().PIDNamespace()
			if c.Data == initialNS || initial {
				return b.Ext(ssa.OpZext, 32, b.Bin(ssa.OpRsh, b.Call(ssa.HelperPidTgid), b.Const(shift)))
			}
			return ownID(b, dev, inode, shift)
		}},
		Doc:      doc,
		Examples: examples,
	}
}

// ownID asks for the id in the tracer's PID namespace. It is 0 for tasks that
// the namespace does not hold.
func ownID(b *lower.Builder, dev, inode uint64, shift int64) *ssa.Value {
	info := b.Temp(types.Array{Elem: types.Uint32, N: nsInfoSize / 4})
	b.Clear(info)
	b.Call(helperNsPidTgid, b.Const(int64(dev)), b.Const(int64(inode)), b.Addr(info), b.Const(nsInfoSize))
	return b.Load(32, b.Addr(info), shift/8)
}

// nameArg reads argument i, a bare word, as one of the words allowed; left out it
// is def.
func nameArg(c *check.Call, i int, def string, allowed ...string) (string, bool) {
	if i >= len(c.Args) {
		return def, true
	}
	if id, ok := c.Args[i].(*ast.Ident); ok {
		for _, a := range allowed {
			if a == id.Name {
				return a, true
			}
		}
	}
	c.Checker.Report(source.Errorf(c.Args[i].Span(), "bad-mode", "Invalid %s: it can only be %s", c.Sig.Params[i].Name, strings.Join(allowed, ", ")))
	return "", false
}
