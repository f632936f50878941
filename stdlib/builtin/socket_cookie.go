package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// SocketCookie is the kernel's number for a socket.
var SocketCookie = &record.Builtin{
	Func: check.Func{
		Name:  "socket_cookie",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "sock", Kind: check.PtrArg}}, Result: types.Uint64}},
		Check: func(c *check.Call) types.Type {
			t := c.Checker.TypeOf(c.Args[0])
			if t == nil {
				return nil
			}
			if !isPointerTo(t, "sock") {
				return wrong(c, c.Args[0].Span(), "socket_cookie() only supports 'struct sock *' as the argument (%s provided)", t)
			}
			return c.Sig.Result
		},
		Ctx: func(p *check.Context) (bool, string) {
			return isTyped(p), "the kernel vouches for pointers to sockets in fentry, fexit, iter and rawtracepoint probes only"
		},
		Needs:   []*feature.Feature{feature.SocketCookie},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.Call(helperSocketCookie, b.Pointer(c.Args[0]))
	}},
	Doc: `The cookie of a socket: a number that stays with it for life, and is no other's.
It is 0 for a null pointer. The kernel must know the pointer for what it is, so it has
to come from a typed argument.`,
	Examples: []record.Example{
		{Script: `fentry:tcp_connect { @[socket_cookie(args.sk)] = count(); }`},
	},
}

var helperSocketCookie = &ssa.Helper{
	Name: "get_socket_cookie", ID: 46, Effect: ssa.Writes, Args: []ssa.ArgKind{ssa.ArgAny}, Result: ssa.Type{Kind: ssa.Scalar},
}

// isPointerTo tells whether t is a pointer to the kernel's struct of that name.
func isPointerTo(t types.Type, name string) bool {
	p, ok := t.(types.Pointer)
	if !ok {
		return false
	}
	s, ok := p.Elem.(*types.Struct)
	return ok && s.Kind == "struct" && s.Name == name
}

// isTyped tells whether the verifier knows the types of a program's arguments, which
// helpers want that take objects of the kernel.
func isTyped(p *check.Context) bool {
	switch p.Program {
	case check.ProgTracingBTF, check.ProgFentry, check.ProgFexit, check.ProgIter:
		return true
	}
	return false
}
