package builtin

import (
	"strconv"
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

func checkStrftime(c *check.Call) types.Type {
	format, ok := c.Checker.ConstString(c.Args[0])
	if !ok {
		return nil
	}
	if n, ok := c.Checker.ConstInt(c.Args[1]); ok && n < 0 {
		return wrong(c, c.Args[1].Span(), "strftime() does not accept negative timestamps")
	}
	t := moment{format: format}
	switch clockOf(c.Args[1]) {
	case "monotonic":
		return wrong(c, c.Args[1].Span(), "strftime() can not take a monotonic timestamp")
	case "tai", "sw_tai":
		t.epoch = true
	}
	return printed[moment]{t}
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

// moment shows a time since boot, or since 1970, in nanoseconds.
type moment struct {
	format string
	epoch  bool
}

func (moment) name() string { return "timestamp" }

func (m moment) appendWords(dst []byte, ns uint64, env types.Env) []byte {
	if m.epoch {
		return strftime.Append(dst, m.format, time.Unix(0, int64(ns)))
	}
	if clock := types.ServiceOf[types.Clock](env); clock != nil {
		return strftime.Append(dst, m.format, clock.WallTime(ns))
	}
	return strconv.AppendUint(dst, ns, 10)
}
