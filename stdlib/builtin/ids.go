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
var Pid = taskID("pid", (*lower.Builder).Tgid, `The id of the current process.
pid(init) is the id in the first PID namespace, pid(curr_ns) and plain pid the one
that the tracer's own namespace shows.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }`})

// Tid is the current thread.
var Tid = taskID("tid", (*lower.Builder).Tid, `The id of the current thread.
tid(init) and tid(curr_ns) choose the PID namespace, as for pid.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; }`})

const (
	initialNS = "init"
	ownNS     = "curr_ns"
)

func taskID(name string, id func(b *lower.Builder, own bool) *ssa.Value, doc string, examples ...record.Example) *record.Builtin {
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
			return id(b, c.Data == ownNS)
		}},
		Doc:      doc,
		Examples: examples,
	}
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
