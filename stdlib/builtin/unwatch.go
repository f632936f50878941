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

// Unwatch ends watching memory.
var Unwatch = &record.Builtin{
	Func: check.Func{
		Name:  "unwatch",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "addr", Kind: check.PtrArg}}, Result: types.Void{}}},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		b.Emit(c.Func.Name, nil, true, lower.ArgValue(b.Scalar(c.Args[0]), types.Uint64))
		return nil
	}},
	Handle: func(s event.Session, ev *plan.Event, payload []byte) {
		address := binary.NativeEndian.Uint64(payload)
		w, ok := s.Resolve((*event.Watchpoints)(nil)).(event.Watchpoints)
		if !ok || !w.Unset(address) {
			s.Warn(ev.Span, "unwatch: there is no watchpoint at %#x", address)
		}
	},
	Doc: `Ends the watchpoints at an address.
The tracer does it, a little after the probe has fired.`,
	Examples: []record.Example{
		{Script: `watchpoint:0x10000000:8:w { printf("first hit\n"); unwatch(0x10000000); }`},
	},
}
