package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Printf prints.
var Printf = inKernel(formatted{
	name: "printf",
	act: func(s event.Session, ev *plan.Event, text []byte) {
		s.Out().Text(ev.Action, text)
	},
	doc: `Prints its arguments as the format says.
The format is C's. %s shows a value of any type as print would, constants of an
enum by their names; %d and its like take integers, truth values and pointers, of
which they show 32 bits (%ld: 64, %hd: 16, %hhd: 8). Further conversions: %r shows
a buffer as text, with \xNN for what can't be printed, %rx all of it so, %rh in
hexadecimal with spaces; %gr shows page allocation flags by name.

Values are taken when the probe fires; the text is made later, so that tracing
costs little.`,
	examples: []record.Example{
		{Script: `begin { printf("%-6s|%5d|%#x\n", "left", 42, 255); }`, Output: "left  |   42|0xff\n"},
		{Script: `begin { printf("%r %rx\n", buf("a\x01", 2), buf("a\x01", 2)); }`, Output: `a\x01 \x61\x01` + "\n"},
		{Script: `tracepoint:syscalls:sys_enter_openat { printf("%s opens %s\n", comm, str(args.filename)); }`},
	},
}.record())

// inKernel lets programs that outlive the tracer format by themselves.
func inKernel(r *record.Builtin) *record.Builtin {
	bind, value := r.Check, r.Value
	r.Check = func(c *check.Call) types.Type {
		t := bind(c)
		call, ok := c.Data.(formatCall)
		if !c.Context.Detached || t == nil || !ok {
			return t
		}
		text, as, err := call.format.Kernel()
		if err != nil {
			return wrong(c, c.Node.Span(), "the kernel has to format this, as the probe is pinned: %v", err)
		}
		c.Data = kernelFormat{text, as}
		return t
	}
	r.Value = func(b *lower.Builder, c *check.Call) *ssa.Value {
		f, ok := c.Data.(kernelFormat)
		if !ok {
			return value(b, c)
		}
		b.SeqPrintf(f.text, c.Args[1:], f.as)
		return nil
	}
	return r
}

// kernelFormat is a format for the kernel, and the types in which it takes its values.
type kernelFormat struct {
	text string
	as   []types.Type
}
