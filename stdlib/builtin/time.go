package builtin

import (
	"time"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
	"sonde/stdlib/strftime"
)

// Time prints the time.
var Time = &record.Builtin{
	Func: check.Func{
		Name:  "time",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "format", Kind: check.ConstStringArg}},
			Optional: 1,
			Result:   types.Void{},
		}},
		Check: optionalText(0, "%H:%M:%S\n"),
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		b.Emit(c.Func.Name, c.Data, false)
		return nil
	}},
	Handle: func(s event.Session, ev *plan.Event, _ []byte) {
		s.Out().Text(ev.Action, strftime.Append(s.Out().Scratch(), ev.Data.(string), time.Now()))
	},
	Doc: `Prints the wall-clock time at which it is printed.
The format is strftime(3)'s; without one it is "%H:%M:%S\n". For the time at which
the probe fired see strftime.`,
	Examples: []record.Example{
		{Script: `interval:s:1 { time("%H:%M:%S "); printf("%d\n", elapsed / 1000000000); }`},
	},
}
