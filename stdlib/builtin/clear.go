package builtin

import (
	"fmt"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Clear and Zero share this file because they are one order to the tracer with
// two ways to carry it out.

// Clear removes all elements of a map.
var Clear = mapOrder("clear", event.Map.Clear, `Removes all elements of a map.
The tracer does it, a little after the probe has fired.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } interval:s:1 { print(@); clear(@); }`})

// Zero sets all values of a map to zero.
var Zero = mapOrder("zero", event.Map.Zero, `Sets all values of a map to zero and keeps its keys.
The tracer does it, a little after the probe has fired.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } interval:s:1 { print(@); zero(@); }`})

func mapOrder(name string, order func(event.Map) error, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Function,
			Sigs:  []check.Sig{{Params: []check.Param{{Name: "map", Kind: check.MapArg}}, Result: types.Void{}}},
		},
		Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
			b.Emit(name, b.Var(b.MapOf(c.Args[0])), false)
			return nil
		}},
		Handle: func(s event.Session, ev *plan.Event, _ []byte) {
			v := s.Plan().Vars[ev.Data.(int)]
			if err := order(s.Map(v)); err != nil {
				reportAt(s, ev, source.Error, runtimeError, fmt.Sprintf("%s(%s): %v", name, v.Name, err))
			}
		},
		Doc:      doc,
		Examples: examples,
	}
}
