package builtin

import (
	"encoding/binary"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Exit ends the session.
var Exit = &record.Builtin{
	Func: check.Func{
		Name:  "exit",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "code", Kind: check.IntArg}},
			Optional: 1,
			Result:   types.Void{},
		}},
		Ends: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		if c.Context.Detached { // there is no session to end
			b.Exit()
			return nil
		}
		code := b.Const(0)
		if len(c.Args) > 0 {
			code = b.Convert(b.Scalar(c.Args[0]), b.TypeOf(c.Args[0]), types.Int32)
		}
		// Exactly a script that fills the ring buffer must be able to end itself.
		b.EmitElse(c.Func.Name, nil, true, func() {
			b.SetGlobal(plan.ExitPosition, b.EventPosition())
			low := b.Bin(ssa.OpAnd, code, b.Const(1<<32-1))
			b.SetGlobal(plan.ExitRequest, b.Bin(ssa.OpOr, low, b.Const(plan.ExitAsked)))
		}, lower.ArgValue(code, types.Int32))
		b.Exit()
		return nil
	}},
	Handle: func(s event.Session, _ *plan.Event, payload []byte) {
		s.Exit(int(int32(binary.NativeEndian.Uint32(payload))))
	},
	Doc: `Ends the probe at once, and soon the session, with an exit code.
What was printed before still comes out, the end probes run, and maps are
printed. Probes that fire before the tracer has acted still run.`,
	Examples: []record.Example{
		{Script: `begin { printf("before\n"); exit(); }`, Output: "before\n"},
		{Script: `interval:s:5 { exit(); }`},
	},
}
