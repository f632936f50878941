package builtin

import (
	"time"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
	"sonde/stdlib/strftime"
)

// Strftime formats a time.
var Strftime = &record.Builtin{
	Func: check.Func{
		Name:  "strftime",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params: []check.Param{{Name: "format", Kind: check.ConstStringArg}, {Name: "nsecs", Kind: check.IntArg}},
		}},
		Check:   checkStrftime,
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.Int(c.Args[1], types.Uint64)
	}},
	Doc: `Shows nanoseconds since boot, as nsecs gives them, as wall-clock time.
The format is strftime(3)'s, and %f are the microseconds. The text is made when
the value is printed; in maps it is the nanoseconds that count.`,
	Examples: []record.Example{
		{Script: `tracepoint:sched:sched_process_exec { printf("%s %s\n", strftime("%H:%M:%S.%f", nsecs), comm); }`},
	},
}

// timestamp is a time since boot, or since 1970, in nanoseconds, and how to show
// it.
type timestamp struct {
	format string
	epoch  bool
}

func checkStrftime(c *check.Call) types.Type {
	format, ok := c.Checker.ConstString(c.Args[0])
	if !ok {
		return nil
	}
	if n, ok := c.Checker.ConstInt(c.Args[1]); ok && n < 0 {
		return wrong(c, c.Args[1].Span(), "strftime() does not accept negative timestamps")
	}
	t := timestamp{format: format}
	switch clockOf(c.Args[1]) {
	case "monotonic":
		return wrong(c, c.Args[1].Span(), "strftime() can not take a monotonic timestamp")
	case "tai", "sw_tai":
		t.epoch = true
	}
	return t
}

// clockOf gives the clock that an expression names by asking for the time there
// and then, "" for none.
func clockOf(e ast.Expr) string {
	call, ok := e.(*ast.Call)
	if !ok || call.Name != Nsecs.Name || len(call.Args) == 0 {
		return ""
	}
	if id, ok := call.Args[0].(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func (timestamp) String() string { return "timestamp" }

// Size implements types.Type.
func (timestamp) Size() int { return 8 }

// Align implements types.Type.
func (timestamp) Align() int { return 8 }

// Repr implements types.Scalar.
func (timestamp) Repr() types.Int { return types.Uint64 }

// Join implements types.Joiner: what holds times of several formats shows them in
// the first.
func (t timestamp) Join(other types.Type) (types.Type, bool) {
	o, ok := other.(timestamp)
	return t, ok && o.epoch == t.epoch
}

// AppendText implements types.Renderer.
func (t timestamp) AppendText(dst, raw []byte, env types.Env) []byte {
	ns := types.Uint64.Load(raw)
	clock := types.ServiceOf[types.Clock](env)
	switch {
	case t.epoch:
		return strftime.Append(dst, t.format, time.Unix(0, ns))
	case clock == nil:
		return types.Uint64.AppendText(dst, raw, env)
	}
	return strftime.Append(dst, t.format, clock.WallTime(uint64(ns)))
}

// AppendJSON implements types.Renderer.
func (t timestamp) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.AppendText(nil, raw, env))
}

// Compare implements types.Renderer.
func (timestamp) Compare(a, b []byte) int { return types.Uint64.Compare(a, b) }
