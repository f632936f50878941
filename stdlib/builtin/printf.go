package builtin

import (
	"sonde/codegen/plan"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Printf prints.
var Printf = formatted{
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
}.record()
