package builtin

import (
	"fmt"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Args is all arguments of the event.
var Args = &record.Builtin{
	Func: check.Func{
		Name:      "args",
		Shape:     check.Value,
		PerTarget: true,
		Reads:     check.Members,
		Check: func(c *check.Call) types.Type {
			if c.Context.Args == nil && c.Context.Inlined != "" {
				return noArguments(c, "args")
			}
			if c.Context.Args == nil {
				c.Checker.Report(source.Errorf(c.Node.Span(), "no-args", "The args builtin can not be used here: no types are known for the arguments of %s", c.Context.Key)).
					WithHint("use arg0, arg1 … where there are registers; the fields of trace events need tracefs or BTF")
				return nil
			}
			return c.Context.Args
		},
	},
	Lowering: lower.Lowering{Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
		return lower.Operand{
			Type:   c.Type,
			Place:  lower.Place{Ptr: b.Ctx(), Type: c.Type},
			Space:  c.Context.Space,
			Layout: c.Context.Layout,
		}
	}},
	Doc: `The arguments of the event, by name: args.filename.
sonde -lv shows their names and types for a probe; print(args) prints them all.`,
	Examples: []record.Example{
		{Script: `tracepoint:syscalls:sys_enter_openat { printf("%s\n", str(args.filename)); }`},
		{Script: `tracepoint:sched:sched_switch { print(args); }`},
	},
}

// noArguments refuses what would be an argument of an inlined function.
func noArguments(c *check.Call, name string) types.Type {
	c.Checker.Report(source.Errorf(c.Node.Span(), "no-args", "%s can not be used here: %s was inlined, so its arguments are at no fixed place", name, c.Context.Inlined)).
		WithHint("trace a function that it was inlined into (func tells which), or one that it calls")
	return nil
}

// ArgN is one argument by number.
var ArgN = &record.Builtin{
	Func: check.Func{
		Name:      "argN",
		Shape:     check.Value,
		PerTarget: true,
		Reads:     check.Arguments,
		Sigs:      []check.Sig{{Result: types.Int64}},
		Check: func(c *check.Call) types.Type {
			n := c.Data.(int)
			switch have := c.Context.NumArgs; {
			case c.Context.Inlined != "":
				return noArguments(c, fmt.Sprintf("arg%d", n))
			case have == 0:
				c.Checker.Report(source.Errorf(c.Node.Span(), "no-args", "arg%d can not be used with %q probes", n, c.Context.Provider.Name)).
					WithHint("argN belong to functions and raw tracepoints; trace events have args.field")
				return nil
			case have > 0 && n >= have:
				c.Checker.Report(source.Errorf(c.Node.Span(), "no-args", "%s has no arg%d", c.Context.Key, n)).
					WithHint("its last argument is arg%d", have-1)
				return nil
			case c.Context.Regs:
				a := c.Checker.Host().Arch()
				if have := len(a.Args); n >= have {
					c.Checker.Report(source.Errorf(c.Node.Span(), "no-args", "%s doesn't support arg%d: it passes %d arguments in registers", a.Name, n, have)).
						WithHint("at the entry of a function, the next ones are on the stack: *(uint64 *)(reg(\"sp\") + %d) here",
							a.StackArgs+int64(n-have)*arch.Word)
					return nil
				}
			}
			return c.Sig.Result
		},
	},
	Indexed: "arg",
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.Arg(c.Data.(int))
	}},
	Doc: `An argument of the traced function by number, from arg0, as a 64-bit integer.
The arguments come from the registers that the calling convention names: six on
x86-64, eight on arm64. Cast them to say what they are. More arguments lie on the
stack when the function is entered, from reg("sp") + 8 on x86-64 and reg("sp") on arm64.`,
	Examples: []record.Example{{Script: `uprobe:libc:malloc { @ = hist(arg0); }`}},
}

// Retval is the result of the traced function.
var Retval = &record.Builtin{
	Func: check.Func{
		Name:      "retval",
		Shape:     check.Value,
		PerTarget: true,
		Reads:     check.Result,
		Check: func(c *check.Call) types.Type {
			if c.Context.Retval == nil {
				hint := "it belongs to probes on the return of a function; system calls have args.ret at their exit"
				if c.Context.Program == check.ProgFexit {
					hint = c.Context.BindTo + " returns nothing"
				}
				c.Checker.Report(source.Errorf(c.Node.Span(), "no-retval", "The retval builtin can not be used with %q probes", c.Context.Provider.Name)).
					WithHint("%s", hint)
			}
			return c.Context.Retval
		},
	},
	Lowering: lower.Lowering{Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
		v := b.Retval()
		if _, number := c.Type.(types.Int); number {
			v = b.Number(v) // the mechanism may know it as a pointer, where the probe type does not
		}
		return lower.Operand{Type: c.Type, Val: v, Space: c.Context.Space}
	}},
	Doc:      `The result of the traced function, where a probe is on its return.`,
	Examples: []record.Example{{Script: `uretprobe:libc:malloc { @[retval == 0] = count(); }`}},
}

// Ctx is the program's context.
var Ctx = &record.Builtin{
	Func: check.Func{
		Name:      "ctx",
		Shape:     check.Value,
		PerTarget: true,
		Reads:     check.Registers,
		Check: func(c *check.Call) types.Type {
			if c.Context.Ctx != nil {
				return c.Context.Ctx
			}
			return types.Pointer{Elem: types.Void{}, Space: types.Kernel}
		},
	},
	Lowering: lower.Lowering{Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
		return lower.Operand{Type: c.Type, Val: b.Ctx(), Space: types.Kernel}
	}},
	Doc: `The context that the kernel hands to the program, as a pointer.
Its type is that of the probe: the iterator's context with iter, the registers
with perf events and functions.`,
	Examples: []record.Example{{Script: `tracepoint:raw_syscalls:sys_enter { printf("%p\n", ctx); exit(); }`}},
}
