package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// numberName is the type of a number that is shown as its name. The program
// handles the number alone; the name is looked up when it is printed.
type numberName struct {
	record string
	name   func(n int64) string
}

// String implements types.Type.
func (numberName) String() string { return "string" }

// Size implements types.Type.
func (numberName) Size() int { return 8 }

// Align implements types.Type.
func (numberName) Align() int { return 8 }

// Repr implements types.Scalar.
func (numberName) Repr() types.Int { return types.Int64 }

// AppendText implements types.Renderer.
func (t numberName) AppendText(dst, raw []byte, _ types.Env) []byte {
	return append(dst, t.name(types.Int64.Load(raw))...)
}

// AppendJSON implements types.Renderer.
func (t numberName) AppendJSON(dst, raw []byte, _ types.Env) []byte {
	return types.AppendJSONString(dst, t.name(types.Int64.Load(raw)))
}

// Compare implements types.Renderer: by number.
func (numberName) Compare(a, b []byte) int { return types.Int64.Compare(a, b) }

// naming makes the record of a function that names numbers.
func naming(function, param string, name func(n int64) string, doc string, examples ...record.Example) *record.Builtin {
	t := &numberName{record: function, name: name}
	return &record.Builtin{
		Func: check.Func{
			Name:  function,
			Shape: check.Function,
			Sigs: []check.Sig{{
				Params: []check.Param{{Name: param, Kind: check.IntArg}},
				Result: t,
			}},
			MustUse: true,
		},
		Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
			return b.Int(c.Args[0], types.Int64)
		}},
		Doc:      doc,
		Examples: examples,
	}
}

// sentence begins a text with a capital letter, as the C library's tables do.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
