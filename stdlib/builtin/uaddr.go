package builtin

import (
	"slices"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// userSymbol is what is known of a call when compiling: where the symbol and the code
// that is probed lie in the file, as linked. Both are moved by the same distance when
// the file is loaded.
type userSymbol struct{ symbol, code uint64 }

// Uaddr is the address of a symbol of the program or library that is probed.
var Uaddr = &record.Builtin{
	Func: check.Func{
		Name:      "uaddr",
		Shape:     check.Function,
		PerTarget: true,
		Sigs:      []check.Sig{{Params: []check.Param{{Name: "symbol", Kind: check.ConstStringArg}}}},
		Check:     checkUaddr,
		Ctx: func(p *check.Context) (bool, string) {
			return p.User && p.Regs, "the symbols are those of the file that a uprobe is in"
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		at := c.Data.(userSymbol)
		var code *ssa.Value
		if b.Context().Retval != nil {
			// The registers are those of the caller already.
			code = b.Call(helperFuncIP, b.Ctx())
		} else {
			code = b.Reg(b.Host().Arch().Counter)
		}
		return b.Bin(ssa.OpAdd, code, b.Const(int64(at.symbol-at.code)))
	}},
	Doc: `The address of a variable or function of the program or library that is probed.
Its name must be a constant. Variables of 1, 2, 4 or 8 bytes give a pointer to a number
of that size, all others one to uint64: cast it to what the variable is. Where the file was loaded
does not matter.`,
	Examples: []record.Example{
		{Script: `uprobe:/bin/bash:readline { printf("%s\n", str(*uaddr("ps1_prompt"))); }`},
	},
}

var helperFuncIP = &ssa.Helper{
	Name: "get_func_ip", ID: 173, Effect: ssa.Reads,
	Args: []ssa.ArgKind{ssa.ArgCtx}, Result: ssa.Type{Kind: ssa.Scalar},
}

func checkUaddr(c *check.Call) types.Type {
	name, ok := c.Checker.ConstString(c.Args[0])
	if !ok {
		return nil
	}
	result := types.Pointer{Elem: types.Uint64, Space: types.User}
	host := c.Checker.Host()
	if len(c.Context.Targets) == 0 || c.Checker.Options().Offline {
		c.Data = userSymbol{}
		return result
	}
	probed := c.Context.Targets[0].Data.(plan.Uprobe)
	if c.Context.Retval != nil && !host.Features().Has(feature.UprobeFuncIP) {
		c.Checker.Report(source.Errorf(c.Node.Span(), check.MissingFeature, "Missing required kernel feature: %s", feature.UprobeFuncIP)).
			WithHint("uaddr() in uretprobes needs Linux %s; in uprobes it works everywhere", feature.UprobeFuncIP.Since)
		return nil
	}
	symbols, err := host.BinarySymbols(probed.Path)
	if err != nil {
		return wrong(c, c.Node.Span(), "%v", err)
	}
	at := slices.IndexFunc(symbols, func(s check.BinarySymbol) bool { return s.Name == name })
	code := codeBefore(symbols, probed.Offset)
	if at < 0 || code < 0 {
		return wrong(c, c.Args[0].Span(), "Could not resolve symbol: %s:%s", probed.Path, name)
	}
	c.Data = userSymbol{symbols[at].Address, symbols[code].Address + probed.Offset - symbols[code].Offset}
	switch symbols[at].Size {
	case 1:
		result.Elem = types.Uint8
	case 2:
		result.Elem = types.Uint16
	case 4:
		result.Elem = types.Uint32
	}
	return result
}

// codeBefore finds the function that reaches to an offset in the file, or the last before
// it: from there to the offset addresses and offsets grow alike. It is -1 for none.
func codeBefore(symbols []check.BinarySymbol, offset uint64) int {
	code := -1
	for i, s := range symbols {
		if s.Func && s.Offset <= offset && (code < 0 || s.Offset > symbols[code].Offset) {
			code = i
		}
	}
	return code
}
