package builtin

import (
	"net/netip"

	"sonde/codegen/lower"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Address families, of include/linux/socket.h.
const (
	afINET  = 2
	afINET6 = 10
)

// Ntop shows an Internet address.
var Ntop = &record.Builtin{
	Func: check.Func{
		Name:  "ntop",
		Shape: check.Function,
		Sigs: []check.Sig{
			{Params: []check.Param{{Name: "address", Kind: check.AnyArg}}, Result: inetType{}},
			{Params: []check.Param{{Name: "family", Kind: check.IntArg}, {Name: "address", Kind: check.AnyArg}}, Result: inetType{}},
		},
		Check: func(c *check.Call) types.Type {
			addr := c.Args[len(c.Args)-1]
			t := c.Checker.TypeOf(addr)
			switch t := types.Settle(orVoid(t)).(type) {
			case types.Void:
				return nil
			case types.Int:
			case types.Array, types.String:
				if n := t.Size(); n != 4 && n != 16 {
					return wrong(c, addr.Span(), "ntop() argument must be 4 or 16 bytes in size, not %d", n)
				}
			default:
				return wrong(c, addr.Span(), "ntop() expects an integer or array argument, got %s", t)
			}
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: lowerNtop},
	Types:    []types.Type{inetType{}},
	Doc: `Shows an IPv4 or IPv6 address.
An integer (in network byte order, as the kernel keeps it) or four bytes are IPv4,
sixteen bytes are IPv6; a family (2 or 10) before it says which to take it for.`,
	Examples: []record.Example{
		{Script: `begin { printf("%s\n", ntop(0x0100007f)); }`, Output: "127.0.0.1\n"},
	},
}

func orVoid(t types.Type) types.Type {
	if t == nil {
		return types.Void{}
	}
	return t
}

func lowerNtop(b *lower.Builder, c *check.Call, dst lower.Place) {
	addr := c.Args[len(c.Args)-1]
	_, number := types.AsInt(b.TypeOf(addr))
	size := b.TypeOf(addr).Size()
	if !dst.Zeroed {
		b.Clear(dst)
	}
	family := dst.At(inetFamily, types.Uint32)
	switch {
	case len(c.Args) > 1:
		b.Set(family, b.Int(c.Args[0], types.Uint32))
	case number || size == 4:
		b.Set(family, b.Const(afINET))
	default:
		b.Set(family, b.Const(afINET6))
	}
	if number {
		b.Set(dst.At(0, types.Uint32), b.Int(addr, types.Uint32))
		return
	}
	readBytes(b, addr, size, dst)
}

// readBytes copies the bytes of an array or string as they are, NULs and all.
func readBytes(b *lower.Builder, e ast.Expr, size int, dst lower.Place) {
	addr, space := b.Address(e)
	b.Read(space, dst.At(0, types.Array{Elem: types.Uint8, N: size}), addr)
}

// inetType is 16 bytes of address and a family of 4.
type inetType struct{}

const inetFamily = 16

func (inetType) String() string { return "inet" }

// Size implements types.Type.
func (inetType) Size() int { return 20 }

// Align implements types.Type.
func (inetType) Align() int { return 4 }

// AppendText implements types.Renderer; unknown families show nothing.
func (t inetType) AppendText(dst, raw []byte, _ types.Env) []byte {
	if len(raw) < t.Size() {
		return dst
	}
	switch types.Uint32.Load(raw[inetFamily:]) {
	case afINET:
		return netip.AddrFrom4([4]byte(raw)).AppendTo(dst)
	case afINET6:
		a := [16]byte(raw)
		if [12]byte(a[:]) == ([12]byte{}) && (a[12] != 0 || a[13] != 0) {
			// As the C library has it: the IPv4-compatible form.
			return netip.AddrFrom4([4]byte(a[12:])).AppendTo(append(dst, "::"...))
		}
		return netip.AddrFrom16(a).AppendTo(dst)
	}
	return dst
}

// AppendJSON implements types.Renderer.
func (t inetType) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.AppendText(nil, raw, env))
}

// Compare implements types.Renderer: by family, then address.
func (t inetType) Compare(a, b []byte) int {
	if len(a) < t.Size() || len(b) < t.Size() {
		return 0
	}
	if c := types.Uint32.Compare(a[inetFamily:], b[inetFamily:]); c != 0 {
		return c
	}
	return (types.Array{Elem: types.Uint8, N: 16}).Compare(a, b)
}
