package builtin

import (
	"bytes"

	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Macaddr shows an Ethernet address.
var Macaddr = &record.Builtin{
	Func: check.Func{
		Name:  "macaddr",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "address", Kind: check.AnyArg}}, Result: macType{}}},
		Check: func(c *check.Call) types.Type {
			switch t := types.Settle(orVoid(c.Checker.TypeOf(c.Args[0]))).(type) {
			case types.Void:
				return nil
			case types.Int, types.Pointer:
			case types.Array, types.String:
				if _, ok := c.Checker.ConstString(c.Args[0]); ok {
					return wrong(c, c.Args[0].Span(), "macaddr() does not support literal string arguments")
				}
				if t.Size() < macSize {
					return wrong(c, c.Args[0].Span(), "macaddr() argument must be at least %d bytes in size, not %d", macSize, t.Size())
				}
			default:
				return wrong(c, c.Args[0].Span(), "macaddr() only supports array or pointer arguments (%s provided)", t)
			}
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		readBytes(b, c.Args[0], macSize, dst)
	}},
	Types: []types.Type{macType{}},
	Doc:   `Shows the six bytes of an array, or behind a pointer, as an Ethernet address.`,
	Examples: []record.Example{
		{Script: `rawtracepoint:sched_switch { printf("%s\n", macaddr(args.next.comm)); }`},
	},
}

const macSize = 6

// macType is an Ethernet address.
type macType struct{}

func (macType) String() string { return "macaddr_t" }

// Size implements types.Type.
func (macType) Size() int { return macSize }

// Align implements types.Type.
func (macType) Align() int { return 1 }

// AppendText implements types.Renderer.
func (macType) AppendText(dst, raw []byte, _ types.Env) []byte {
	const digits = "0123456789ABCDEF"
	for i, b := range raw[:min(macSize, len(raw))] {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return dst
}

// AppendJSON implements types.Renderer.
func (t macType) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.AppendText(nil, raw, env))
}

// Compare implements types.Renderer.
func (macType) Compare(a, b []byte) int {
	return bytes.Compare(a[:min(macSize, len(a))], b[:min(macSize, len(b))])
}
