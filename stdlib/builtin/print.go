package builtin

import (
	"fmt"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Print prints a value or a map.
var Print = &record.Builtin{
	Func: check.Func{
		Name:  "print",
		Shape: check.Function,
		Sigs: []check.Sig{
			{
				Params: []check.Param{
					{Name: "map", Kind: check.MapArg},
					{Name: "top", Kind: check.ConstIntArg},
					{Name: "div", Kind: check.ConstIntArg},
				},
				Optional: 2,
				Result:   types.Void{},
			},
			{Params: []check.Param{{Name: "value", Kind: check.RawArg}}, Result: types.Void{}},
		},
		Check: checkPrint,
	},
	Lowering: lower.Lowering{Value: lowerPrint},
	Handle:   handlePrint,
	Doc: `Prints a value, or a map.
A value is taken when the probe fires. A map is read when its turn comes, a little
later; top prints the elements with the largest values only, and div divides what
is printed. Elements come sorted by value, or by key when values are no numbers.`,
	Examples: []record.Example{
		{Script: `begin { print("a"); print((1, "b")); }`, Output: "a\n(1, b)\n"},
		{Script: `begin { @["a"] = 10; @["b"] = 30; @["c"] = 20; print(@, 2, 10); clear(@); }`, Output: "@[c]: 2\n@[b]: 3\n"},
		{Script: `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } interval:s:1 { print(@, 5); clear(@); }`},
	},
}

// printEvent says what an event of print is about.
type printEvent struct {
	// Map is the index of the map in plan.Vars, -1 for a value.
	Map      int
	Top, Div uint64
	// Element: the payload is the key of the element to print.
	Element bool
}

// printCall is what checking finds out: the map, or the type of the value.
type printCall struct {
	m        *check.Map
	element  bool
	top, div uint64
	value    types.Type
}

func checkPrint(c *check.Call) types.Type {
	if m, ok := c.Args[0].(*ast.Map); ok && m.Keys == nil {
		return checkPrintMap(c)
	}
	t := c.Checker.Eval(c.Args[0])
	if t == nil {
		return nil
	}
	t = types.Settle(t)
	if a, ok := t.(types.Coercible); ok {
		t = a.Int()
	}
	if _, ok := t.(types.Aggregate); ok {
		c.Data = printCall{m: c.Checker.Map(c.Args[0]), element: true}
		return c.Sig.Result
	}
	if _, ok := t.(types.Renderer); !ok || t.Size() == 0 {
		return wrong(c, c.Args[0].Span(), "%s type passed to %s() is not printable", t, c.Func.Name)
	}
	c.Data = printCall{value: t}
	return c.Sig.Result
}

func checkPrintMap(c *check.Call) types.Type {
	call := printCall{m: c.Checker.Map(c.Args[0])}
	for i, n := range []*uint64{&call.top, &call.div} {
		if len(c.Args) <= 1+i {
			break
		}
		v, ok := c.Checker.ConstInt(c.Args[1+i])
		if !ok {
			return nil
		}
		if v < 0 {
			return wrong(c, c.Args[1+i].Span(), "%s must not be negative (%d provided)", c.Sig.Params[1+i].Name, v)
		}
		*n = uint64(v)
	}
	if c.InLoop {
		c.Checker.Report(source.Warningf(c.Node.Span(), "asynchronous",
			"%s() in a loop prints the map as it is later, when the loop has ended", c.Func.Name)).
			WithHint("print an element, whose value is taken at once: print(%s[…])", call.m.Name)
	}
	c.Data = call
	return c.Sig.Result
}

func lowerPrint(b *lower.Builder, c *check.Call) *ssa.Value {
	call := c.Data.(printCall)
	data := printEvent{Map: -1, Top: call.top, Div: call.div, Element: call.element}
	var args []lower.Arg
	switch {
	case call.element:
		data.Map = b.Var(call.m)
		if call.m.Key != nil {
			args = append(args, keyArg(b, call.m, c.Args[0].(*ast.Map).Keys))
		}
	case call.m != nil:
		data.Map = b.Var(call.m)
	default:
		args = append(args, b.ArgExpr(c.Args[0], call.value))
	}
	b.Emit(c.Func.Name, data, false, args...)
	return nil
}

// keyArg is a key as it stands in the map, to the byte.
func keyArg(b *lower.Builder, m *check.Map, keys []ast.Expr) lower.Arg {
	key := lower.Place{Ptr: b.Key(m, keys)}
	whole := types.Array{Elem: types.Uint8, N: m.Key.Size()}
	return lower.ArgInto(m.Key, func(dst lower.Place) {
		b.Assign(dst.At(0, whole), lower.Memory(key.At(0, whole)))
	})
}

func handlePrint(s event.Session, ev *plan.Event, payload []byte) {
	data := ev.Data.(printEvent)
	if data.Map < 0 {
		s.Out().Value(ev.Payload.Elems[0].(types.Renderer), payload)
		return
	}
	v := s.Plan().Vars[data.Map]
	var err error
	switch {
	case data.Element:
		err = printElement(s, v, payload)
	case v.Scalar:
		err = printScalar(s, v, data)
	default:
		err = s.Out().Map(v, s.Map(v), data.Top, data.Div)
	}
	if err != nil {
		reportAt(s, ev, source.Error, runtimeError, fmt.Sprintf("print(%s): %v", v.Name, err))
	}
}

// printScalar prints a map without keys; one that was never assigned to is
// printed as zero, as reading it in a script gives.
func printScalar(s event.Session, v *plan.Var, data printEvent) error {
	if m, ok := v.Value.(types.MapValue); !ok || !m.Block() {
		empty := true
		if err := s.Map(v).Each(func(_, _ []byte) error { empty = false; return nil }); err != nil {
			return err
		}
		if empty {
			s.Out().Element(v, nil, make([]byte, v.Value.Size()))
			return nil
		}
	}
	return s.Out().Map(v, s.Map(v), data.Top, data.Div)
}

// printElement prints an element that only the tracer can put together from the
// parts of all CPUs.
func printElement(s event.Session, v *plan.Var, payload []byte) error {
	var key []byte
	if v.Key != nil {
		key = payload[:v.Key.Size()]
	}
	value, ok, err := s.Map(v).Lookup(key)
	if err == nil && ok {
		s.Out().Element(v, key, value)
	}
	return err
}
