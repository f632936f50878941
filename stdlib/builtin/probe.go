package builtin

import (
	"strconv"

	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Probe is the name of the probe that fired.
var Probe = target("probe", false, `The full name of the probe that fired, wildcards resolved.`,
	record.Example{Script: `tracepoint:syscalls:sys_enter_* { @[probe] = count(); }`})

// FuncName is the traced function.
var FuncName = target("func", true, `The name of the traced function.`,
	record.Example{Script: `uprobe:libc:mem* { @[func] = count(); }`})

// target makes the record of a name of the target that runs the program: a
// constant where the program has one target, else a number that prints as the
// name, which the runtime knows by the attach cookie.
func target(name string, function bool, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Value,
			Named: true,
			Sigs:  []check.Sig{{Result: targetName{function}}},
			Check: func(c *check.Call) types.Type {
				if c.Context.Shared {
					return targetName{function}
				}
				return types.String{N: len(ownName(c.Context, function)) + 1}
			},
		},
		Lowering: lower.Lowering{Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
			if c.Context.Shared {
				return lower.Operand{Type: c.Type, Val: b.Target()}
			}
			text := b.Temp(c.Type)
			b.Literal(text, ownName(c.Context, function))
			return lower.Operand{Type: c.Type, Place: text}
		}},
		Doc:      doc,
		Examples: examples,
	}
}

// ownName is the name of the only target.
func ownName(ctx *check.Context, function bool) string {
	if function {
		return ctx.Target.Func
	}
	return ctx.Target.Name
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

// targetName is the type of the number of an attachment that prints as its name.
type targetName struct{ function bool }

// String implements types.Type.
func (targetName) String() string { return "string" }

// Size implements types.Type.
func (targetName) Size() int { return 8 }

// Align implements types.Type.
func (targetName) Align() int { return 8 }

// Repr implements types.Scalar.
func (targetName) Repr() types.Int { return types.Uint64 }

func (t targetName) name(raw []byte, env types.Env) string {
	cookie := uint64(types.Uint64.Load(raw))
	if names := types.ServiceOf[types.ProbeNames](env); names != nil {
		if t.function {
			return names.ProbeFunc(cookie)
		}
		return names.ProbeName(cookie)
	}
	return "probe " + strconv.FormatUint(cookie, 10)
}

// AppendText implements types.Renderer.
func (t targetName) AppendText(dst, raw []byte, env types.Env) []byte {
	return append(dst, t.name(raw, env)...)
}

// AppendJSON implements types.Renderer.
func (t targetName) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.name(raw, env))
}

// Compare implements types.Renderer: by order of attachment.
func (targetName) Compare(a, b []byte) int { return types.Uint64.Compare(a, b) }

var (
	_ types.Renderer = targetName{}
	_ types.Scalar   = targetName{}
)
