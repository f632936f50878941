package check

import (
	"slices"
	"strconv"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/types"
)

// expr checks an expression whose value is wanted.
func (b *body) expr(e ast.Expr) operand { return b.say(e, b.expr0(e)) }

func (b *body) expr0(e ast.Expr) operand {
	switch e := e.(type) {
	case *ast.Int:
		return constant(e.Value)
	case *ast.Str:
		if limit := b.cfg.MaxStrlen; uint64(len(e.Value))+1 > limit {
			b.errorf(e, StringTooLong, "String is too long (over %d bytes): %s", limit, clip(e.Value))
		}
		return constant(e.Value)
	case *ast.Bool:
		return constant(e.Value)
	case *ast.Param:
		return b.param(e)
	case *ast.Ident:
		return b.ident(e)
	case *ast.Var:
		return b.readVar(e)
	case *ast.Map:
		return b.readMap(e, false)
	case *ast.Call:
		return b.call(e, e.Name, e.Args, false)
	case *ast.Unary:
		return b.unary(e)
	case *ast.Postfix:
		return b.step(e, e.Op, e.X)
	case *ast.Binary:
		x, y := b.expr(e.X), b.expr(e.Y)
		return b.binary(e, e.Op, e.X, e.Y, x, y)
	case *ast.Cond:
		return b.cond(e, false)
	case *ast.Field:
		return b.field(e)
	case *ast.Index:
		return b.index(e)
	case *ast.Cast:
		return b.cast(e)
	case *ast.Tuple:
		return b.tuple(e)
	case *ast.Record:
		return b.record(e)
	case *ast.BlockExpr:
		return b.blockValue(e.Body)
	case *ast.If:
		return b.ifValue(e)
	case *ast.TypeExpr:
		b.errorf(e, NotAValue, "a type is not a value").WithHint("types stand in casts, let, sizeof and the like")
	}
	return operand{}
}

// paramText is a positional parameter as given on the command line.
func (c *checker) paramText(n int) (string, bool) {
	if n < 1 || n > len(c.opt.Params) {
		return "", false
	}
	return c.opt.Params[n-1], true
}

// param gives a positional parameter: a number if it reads as one, else a string.
func (b *body) param(e *ast.Param) operand {
	if e.N == 0 {
		return constant(int64(len(b.opt.Params)))
	}
	text, ok := b.paramText(e.N)
	if !ok || text == "" {
		b.warnf(e, MissingParameter, "Positional parameter $%d is empty or not provided.", e.N)
		return constant(int64(0))
	}
	digits := strings.ReplaceAll(text, "_", "")
	if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return constant(n)
	}
	if n, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return constant(n)
	}
	return constant(text)
}

// text gives the string that an argument means: a string known when compiling,
// or a positional parameter's text, which may be cut at the front ($1 + 2).
func (b *body) text(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.Param:
		if e.N > 0 {
			s, _ := b.paramText(e.N)
			return s, true
		}
	case *ast.Binary:
		if p, ok := e.X.(*ast.Param); ok && e.Op == "+" && p.N > 0 {
			s, _ := b.paramText(p.N)
			y := b.expr(e.Y)
			if n, ok := y.val.(int64); ok && n >= 0 {
				return s[min(int(n), len(s)):], true
			}
		}
	case *ast.Str:
		return e.Value, true
	}
	x, ok := b.ops[e]
	if !ok {
		x = b.expr(e)
	}
	s, ok := x.val.(string)
	return s, ok
}

// ident finds what a bare word stands for: a macro, a builtin value, or a
// constant.
func (b *body) ident(e *ast.Ident) operand {
	if m := b.macro(e.Name, nil); m != nil {
		return b.inlined(e, m, nil)
	}
	if f := b.lib.Func(e.Name); f != nil {
		if f.Shape != Value {
			b.errorf(e, NotAValue, "%s is a function", e.Name).WithHint("write %s(…)", e.Name)
			return operand{}
		}
		return b.call(e, e.Name, nil, false)
	}
	if x, ok := b.cMacro(e); ok {
		return x
	}
	if x, ok := b.defs.constant(e.Name); ok {
		return x
	}
	if btf := b.host.BTF(); btf != nil {
		if enum, v, ok := btf.EnumConst(e.Name); ok {
			return enumConst(enum, v)
		}
	}
	if m := b.libraryMacro(e.Name, nil); m != nil {
		return b.inlined(e, m, nil)
	}
	suggest(b.errorf(e, UnknownIdentifier, "Unknown identifier: '%s'", e.Name), e.Name, b.vocabulary())
	return operand{}
}

func enumConst(enum *types.Enum, v int64) operand {
	x := constant(v)
	if !enum.Int.Signed && enum.Int.Bits == 64 {
		x = constant(uint64(v))
	}
	x.typ = enum
	return x
}

// vocabulary lists what a bare word can mean, for suggestions.
func (b *body) vocabulary() []string {
	out := slices.Concat(b.lib.Names("func"), b.macroNames(), b.defs.names())
	slices.Sort(out)
	return out
}

func (b *body) tuple(e *ast.Tuple) operand {
	t := &types.Tuple{}
	ok := true
	for _, elem := range e.Elems {
		x := b.expr(elem)
		if !b.storable(elem, x, "tuple") {
			ok = false
			continue
		}
		t.Elems = append(t.Elems, x.typ)
	}
	if !ok {
		return operand{}
	}
	return of(t)
}

func (b *body) record(e *ast.Record) operand {
	t := &types.Record{}
	ok := true
	for i, elem := range e.Elems {
		x := b.expr(elem)
		if !b.storable(elem, x, "record") {
			ok = false
			continue
		}
		t.Names = append(t.Names, e.Names[i])
		t.Elems = append(t.Elems, x.typ)
	}
	if !ok {
		return operand{}
	}
	return of(t)
}

// storable tells whether x can stand in a tuple or record.
func (b *body) storable(at ast.Node, x operand, what string) bool {
	if x.mode == novalue {
		b.errorf(at, InvalidOperand, "void can not stand in a %s", what)
		return false
	}
	if !x.valid() {
		return false
	}
	if isAggregate(x.typ) {
		b.errorf(at, InvalidOperand, "Map type %s cannot exist inside a %s.", x.name(), what)
		return false
	}
	if why := b.notStorable(x.typ); why != "" {
		b.errorf(at, InvalidOperand, "Value '%s' cannot exist inside a %s.", x.name(), what).WithHint("%s", why)
		return false
	}
	return true
}

// clip shortens a text of the script for a message.
func clip(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
