package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/format"
	"sonde/stdlib/record"
)

// formatted is what functions have in common that take a format and its
// arguments, and leave the rest to the tracer.
type formatted struct {
	name   string
	unsafe bool
	// act does what is left to do with the formatted text.
	act      func(s event.Session, ev *plan.Event, text []byte)
	doc      string
	examples []record.Example
}

func (f formatted) record() *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  f.name,
			Shape: check.Function,
			Sigs: []check.Sig{{
				Params:   []check.Param{{Name: "format", Kind: check.ConstStringArg}},
				Variadic: true,
				Result:   types.Void{},
			}},
			Check:  checkFormat,
			Unsafe: f.unsafe,
		},
		Lowering: lower.Lowering{Value: emitFormat},
		Handle: func(s event.Session, ev *plan.Event, payload []byte) {
			text := ev.Data.(*format.Format).Append(s.Out().Scratch(), payload, s.Env())
			f.act(s, ev, text)
		},
		Doc:      f.doc,
		Examples: f.examples,
	}
}

// formatCall is a checked format with the types in which its arguments travel.
type formatCall struct {
	format *format.Format
	args   []types.Type
}

func checkFormat(c *check.Call) types.Type {
	text, ok := c.Checker.ConstString(c.Args[0])
	if !ok {
		return nil
	}
	var call formatCall
	for _, a := range c.Args[1:] {
		t := c.Checker.TypeOf(a)
		if t == nil {
			return nil // reported, or not known yet
		}
		call.args = append(call.args, types.Settle(t))
	}
	bound, err := format.Parse(text).Bind(call.args)
	if err != nil {
		return wrong(c, c.Node.Span(), "%v", err)
	}
	call.format = bound
	c.Data = call
	return c.Sig.Result
}

func emitFormat(b *lower.Builder, c *check.Call) *ssa.Value {
	call := c.Data.(formatCall)
	args := make([]lower.Arg, len(call.args))
	for i, t := range call.args {
		args[i] = b.ArgExpr(c.Args[1+i], t)
	}
	b.Emit(c.Func.Name, call.format, false, args...)
	return nil
}

// wrong reports an argument that the signature lets pass, and gives no type.
func wrong(c *check.Call, at source.Span, text string, args ...any) types.Type {
	c.Checker.Report(source.Errorf(at, check.WrongArgument, text, args...))
	return nil
}
