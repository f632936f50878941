package builtin

import (
	"strings"

	"golang.org/x/sys/unix"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Signal and SignalThread share this file because only the helper differs.

// Signal sends a signal to the current process.
var Signal = sender("signal", &ssa.Helper{
	Name: "send_signal", ID: 109, Effect: ssa.Writes, Args: []ssa.ArgKind{ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
}, nil, `Sends a signal to the current process; which of its threads gets it is open.
The signal is a name ("SIGKILL", "KILL") or a number. It needs --unsafe.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_unlinkat /comm == "rm"/ { signal("SIGSTOP"); }`})

// SignalThread sends a signal to the current thread.
var SignalThread = sender("signal_thread", &ssa.Helper{
	Name: "send_signal_thread", ID: 117, Effect: ssa.Writes, Args: []ssa.ArgKind{ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
}, []*feature.Feature{feature.SignalThread}, `Sends a signal to the current thread.
The signal is a name ("SIGUSR1", "USR1") or a number. It needs --unsafe.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_getppid { signal_thread("SIGUSR1"); }`})

// maxSignal is the kernel's _NSIG.
const maxSignal = 64

func sender(name string, h *ssa.Helper, needs []*feature.Feature, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Function,
			Sigs: []check.Sig{{
				Params: []check.Param{{Name: "signal", Kind: check.TextArg}},
				Result: types.Void{},
			}},
			Check:  checkSignal,
			Unsafe: true,
			Needs:  needs,
		},
		Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
			if n, ok := c.Data.(int64); ok {
				b.Call(h, b.Const(n))
			} else {
				b.Call(h, b.Int(c.Args[0], types.Uint32))
			}
			return nil
		}},
		Doc:      doc,
		Examples: examples,
	}
}

func checkSignal(c *check.Call) types.Type {
	c.Data = nil
	arg := c.Args[0]
	if name, ok := c.Checker.ConstString(arg); ok {
		n := signalNumber(name)
		if n == 0 {
			return wrong(c, arg.Span(), "%s is not a valid signal", name)
		}
		c.Data = n
		return c.Sig.Result
	}
	if n, ok := c.Checker.ConstInt(arg); ok {
		if n < 1 || n > maxSignal {
			return wrong(c, arg.Span(), "%d is not a valid signal, allowed range: [1,%d]", n, maxSignal)
		}
		c.Data = n
		return c.Sig.Result
	}
	if t := c.Checker.TypeOf(arg); t != nil {
		if _, ok := types.AsInt(t); !ok {
			return wrong(c, arg.Span(), "%s() only supports string literals and integers (%s provided)", c.Func.Name, t)
		}
	}
	return c.Sig.Result
}

// signalNumber gives the number of a signal by its name, with or without SIG, or
// by its digits; 0 for none.
func signalNumber(name string) int64 {
	upper := strings.ToUpper(name)
	if !strings.HasPrefix(upper, "SIG") {
		upper = "SIG" + upper
	}
	return int64(unix.SignalNum(upper))
}
