package builtin

import (
	"strconv"

	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Str reads a string.
var Str = &record.Builtin{
	Func: check.Func{
		Name:  "str",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "pointer", Kind: check.TextArg}, {Name: "length", Kind: check.IntArg}},
			Optional: 1,
		}},
		Check:   checkStr,
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: lowerStr, Begin: beginStr},
	Doc: `Reads the string that a pointer points to, up to its NUL.
The memory is the kernel's or the current process's, as the pointer's type or the
probe says. Strings longer than max_strlen are cut, which shows when they are
printed; with a length, at most one byte less than it is read.

Of a positional parameter it makes a string whatever it looks like: str($1).`,
	Examples: []record.Example{
		{Script: `tracepoint:syscalls:sys_enter_openat { printf("%s\n", str(args.filename)); }`},
		{Script: `tracepoint:syscalls:sys_enter_execve { printf("%s\n", str(args.argv[0], 16)); }`},
		{Script: `begin { print(str("text", 2)); }`, Output: "te\n"},
	},
}

func checkStr(c *check.Call) types.Type {
	length, limited, ok := strLength(c)
	if !ok {
		return nil
	}
	if text, ok := constText(c); ok && (len(c.Args) == 1 || limited) {
		if limited && int64(len(text)) > length {
			text = text[:length]
		}
		c.Const = text
		return nil
	}
	t := c.Checker.TypeOf(c.Args[0])
	if t == nil {
		return nil
	}
	n := int(c.Checker.Config().MaxStrlen)
	switch t := types.Settle(t).(type) {
	case types.String:
		n = min(n, t.N)
	case types.Int, types.Pointer, *types.Enum:
	case types.Array:
		if t.Elem.Size() != 1 {
			return wrong(c, c.Args[0].Span(), "str() expects a string, integer or a pointer type as first argument (%s provided)", t)
		}
	default:
		return wrong(c, c.Args[0].Span(), "str() expects a string, integer or a pointer type as first argument (%s provided)", t)
	}
	if limited {
		if length+1 > int64(c.Checker.Config().MaxStrlen) {
			c.Checker.Report(source.Warningf(c.Args[1].Span(), check.StringTooLong,
				"length param (%d) is too long and will be shortened to %d bytes (see BPFTRACE_MAX_STRLEN)", length, n))
		} else {
			n = min(n, int(length)+1)
		}
	}
	return types.String{N: n}
}

// strLength gives the second argument when it is known; ok is false when it is
// wrong.
func strLength(c *check.Call) (length int64, known, ok bool) {
	if len(c.Args) < 2 {
		return 0, false, true
	}
	length, known = c.Checker.ConstInt(c.Args[1])
	if known && length < 0 {
		wrong(c, c.Args[1].Span(), "%s cannot use negative length (%d)", c.Func.Name, length)
		return 0, false, false
	}
	return length, known, true
}

// constText gives the text of a literal or positional parameter; a number's
// digits.
func constText(c *check.Call) (string, bool) {
	if s, ok := c.Checker.ConstString(c.Args[0]); ok {
		return s, true
	}
	if n, ok := c.Checker.ConstInt(c.Args[0]); ok {
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}

func lowerStr(b *lower.Builder, c *check.Call, dst lower.Place) {
	arg := c.Args[0]
	if s, ok := c.Const.(string); ok {
		b.Literal(dst, s)
		return
	}
	if len(c.Args) == 1 {
		if _, ok := b.TypeOf(arg).(types.String); ok {
			b.ExprInto(arg, dst)
			return
		}
		addr, space := b.Address(arg)
		b.ReadStr(space, dst, addr, nil)
		return
	}
	limit := b.Int(c.Args[1], types.Uint64)
	addr, space := b.Address(arg)
	b.ReadStr(space, dst, addr, limit)
}

// beginStr reads the beginning only.
func beginStr(b *lower.Builder, c *check.Call, dst lower.Place) bool {
	if len(c.Args) > 1 {
		return false
	}
	if _, ok := b.TypeOf(c.Args[0]).(types.String); ok {
		return false
	}
	addr, space := b.Address(c.Args[0])
	b.ReadStr(space, dst, addr, nil)
	return true
}
