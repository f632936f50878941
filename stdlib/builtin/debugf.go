package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Debugf writes to the kernel's trace buffer.
var Debugf = &record.Builtin{
	Func: check.Func{
		Name:  "debugf",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "format", Kind: check.ConstStringArg}},
			Variadic: true,
			Result:   types.Void{},
		}},
		Check: func(c *check.Call) types.Type {
			t := checkFormat(c)
			call, ok := c.Data.(formatCall)
			if t == nil || !ok {
				return t
			}
			text, as, err := call.format.Kernel()
			if err != nil {
				return wrong(c, c.Node.Span(), "debugf(): the kernel has to format this: %v", err)
			}
			if len(as) > maxPrintkArgs {
				return wrong(c, c.Node.Span(), "debugf() takes no more than %d values (%d given)", maxPrintkArgs, len(as))
			}
			c.Data = kernelFormat{text, as}
			return t
		},
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		f := c.Data.(kernelFormat)
		text := b.Temp(types.String{N: len(f.text) + 1})
		b.Literal(text, f.text)
		args := []*ssa.Value{b.Addr(text), b.Const(int64(len(f.text) + 1))}
		for i, t := range f.as {
			args = append(args, b.FormatArg(c.Args[1+i], t))
		}
		b.Call(helperPrintk, args...)
		return nil
	}},
	Doc: `Writes a line to the kernel's trace buffer, at once.
Read it from /sys/kernel/tracing/trace_pipe. The kernel formats up to three values,
by the rules of its own bpf_trace_printk. The buffer is one for the whole system, and
writing to it is slow: use it to look for mistakes in a script, and printf for all else.`,
	Examples: []record.Example{{Script: `begin { debugf("pid %d", pid); }`}},
}

// maxPrintkArgs is how many values the helper takes.
const maxPrintkArgs = 3

var helperPrintk = &ssa.Helper{
	Name: "trace_printk", ID: 6, Effect: ssa.Writes, ReadsArg: 1 << 0, Result: ssa.Type{Kind: ssa.Scalar},
}
