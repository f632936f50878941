package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Probe is the name of the probe that fired.
var Probe = target("probe", false, `The full name of the probe that fired, wildcards resolved.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_* { @[probe] = count(); }`})

// FuncName is the traced function.
var FuncName = target("func", true, `The name of the traced function.
It is a string; in a map of what ksym() gives it is the function's address, which is shown as
the name.`,
	record.Example{Script: `uprobe:libc:mem* { @[func] = count(); }`})

// asSymbol is the type that ksym() gives, for functions of the kernel.
func asSymbol(c *check.Call) types.Type {
	switch c.Context.Program {
	case check.ProgKprobe, check.ProgFentry, check.ProgFexit:
		if c.Context.Space == types.Kernel && c.Context.Inlined == "" {
			return printed[kernelSymbol]{}
		}
	}
	return nil
}

// symbolOf is the address of the traced function of the kernel.
func symbolOf(b *lower.Builder) *ssa.Value {
	if name, single := b.TargetFunc(); single {
		address, err := b.Host().KernelSymbol(name)
		if err != nil {
			address = 0 // the kernel keeps its addresses to itself
		}
		return b.Const(int64(address))
	}
	return b.Call(helperFuncIP, b.Ctx())
}

// target makes the record of a name of the target that runs the program. It is a
// string like any other, as long as the longest of the names that it can be.
func target(name string, function bool, doc string, examples ...record.Example) *record.Builtin {
	r := &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Value,
			Named: true,
			Sigs:  []check.Sig{{Result: types.String{N: 1}}},
			Check: func(c *check.Call) types.Type {
				longest := 0
				for i := range c.Context.Targets {
					longest = max(longest, len(lower.NameOf(&c.Context.Targets[i], function)))
				}
				return types.String{N: longest + 1}
			},
		},
		Lowering: lower.Lowering{Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
			if types.Same(c.Type, printed[kernelSymbol]{}) {
				return lower.Value(symbolOf(b), c.Type)
			}
			return b.TargetName(function, c.Type)
		}},
		Doc:      doc,
		Examples: examples,
	}
	if function {
		r.Func.Also = asSymbol
	}
	return r
}

// ProbeType is the probe's type.
var ProbeType = &record.Builtin{
	Func: check.Func{
		Name:  "probetype",
		Shape: check.Value,
		Sigs:  []check.Sig{{Result: types.String{N: 1}}},
		Check: func(c *check.Call) types.Type { return types.String{N: len(typeName(c.Context)) + 1} },
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		b.Literal(dst, typeName(c.Context))
	}},
	Doc:      `The type of the probe that fired; begin and end are of type special.`,
	Examples: []record.Example{{Script: `begin { print(probetype); }`, Output: "special\n"}},
}

func typeName(ctx *check.Context) string {
	if ctx.Provider.Edge {
		return "special"
	}
	return ctx.Provider.Name
}
