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
			b.errorf(e, StringTooLong, "String is too long (over %d bytes): %s", limit, e.Value)
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
	case *ast.Range:
		b.expr(e.From)
		b.expr(e.To)
		b.errorf(e, NotAValue, "a range is not a value").WithHint("ranges stand in for loops: for ($i : 0..10) { … }")
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

func (b *body) unary(e *ast.Unary) operand {
	switch e.Op {
	case "++", "--":
		return b.step(e, e.Op, e.X)
	case "&":
		return b.address(e)
	}
	x := b.expr(e.X)
	if x.mode == novalue {
		return b.badUnary(e, x)
	}
	if !x.valid() {
		return operand{}
	}
	switch e.Op {
	case "*":
		return b.deref(e, x)
	case "comptime":
		if x.val == nil {
			b.errorf(e, UnresolvedType, "Unable to resolve comptime expression")
			return operand{}
		}
		return x
	}
	if x.val != nil {
		if r, ok := b.foldUnary(e, x); ok {
			return r
		}
	}
	_, isBool := x.typ.(types.Bool)
	if e.Op == "!" {
		if !x.truthy() {
			return b.badUnary(e, x)
		}
		return of(types.Bool{})
	}
	i, _, ok := x.integer()
	if !ok || isBool {
		return b.badUnary(e, x)
	}
	return of(types.Int{Bits: 64, Signed: i.Signed})
}

func (b *body) badUnary(e *ast.Unary, x operand) operand {
	b.errorf(e, InvalidOperand, "The %s operator can not be used on expressions of type '%s'", e.Op, x.name())
	return operand{}
}

// deref follows a pointer; an integer counts as the address of 64 bits.
func (b *body) deref(e *ast.Unary, x operand) operand {
	switch t := x.typ.(type) {
	case types.Pointer:
		if _, void := t.Elem.(types.Void); void {
			b.errorf(e, InvalidOperand, "Can not dereference a void*").WithHint("cast it to a pointer to what lies there")
			return operand{}
		}
		return b.loaded(t.Elem, t.Space)
	case *types.Struct:
		if t == b.inst.Context.Args {
			return x
		}
		b.errorf(e, InvalidOperand, "Can not dereference struct/union of type '%s'. It is not a pointer.", t)
		return operand{}
	}
	if _, isBool := x.typ.(types.Bool); !isBool && isInt(x.typ) {
		return operand{mode: value, typ: types.Uint64, space: b.inst.Context.Space}
	}
	b.errorf(e, InvalidOperand, "Can not dereference type '%s'. It is not a pointer.", x.name())
	return operand{}
}

// loaded is a value of type t that was reached through a pointer into space:
// pointers in it point there too, and char arrays are strings.
func (b *body) loaded(t types.Type, space types.Space) operand {
	space = b.spaceOr(space)
	t = b.ours(t)
	switch u := t.(type) {
	case types.Pointer:
		if u.Space == types.NoSpace {
			u.Space = space
		}
		t = u
	case types.Array:
		if u.Elem == types.Int8 && u.N > 0 {
			t = types.String{N: u.N}
		}
	}
	return operand{mode: value, typ: t, space: space}
}

// ours gives the script's own definition of a struct where it has one, also of
// what a pointer points to: it wins over the kernel's.
func (b *body) ours(t types.Type) types.Type {
	switch u := t.(type) {
	case *types.Struct:
		if own, ok := b.defs.lookup(u.Kind, u.Name).(*types.Struct); ok {
			return own
		}
	case types.Pointer:
		u.Elem = b.ours(u.Elem)
		return u
	}
	return t
}

// address checks &$var and &@map.
func (b *body) address(e *ast.Unary) operand {
	switch x := e.X.(type) {
	case *ast.Var:
		v := b.variable(x)
		if v == nil {
			return operand{}
		}
		// Whoever gets the pointer may write through it.
		v.assigned, v.Addressed = true, true
		if v.Type == nil {
			b.errorf(x, UnresolvedType, "No type available for variable %s", plain(x.Name))
			return operand{}
		}
		b.say(x, of(v.Type))
		return of(types.Pointer{Elem: v.Type, Space: types.BPF})
	case *ast.Map:
		if x.Keys == nil {
			st := b.useMap(x)
			if st.val == nil {
				return operand{}
			}
			return of(types.Pointer{Elem: st.val, Space: types.BPF})
		}
	}
	b.expr(e.X)
	b.errorf(e, InvalidOperand, "The & operator must be applied to a map or variable")
	return operand{}
}

// step checks ++ and --, before or after a variable or map.
func (b *body) step(e ast.Expr, op string, target ast.Expr) operand {
	var old operand
	var st *mapState
	var v *varState
	switch t := target.(type) {
	case *ast.Map:
		b.mapNamed(t.Name).selfMade = true
		if st = b.element(t); st == nil || st.val == nil {
			return operand{}
		}
		old = b.elementValue(st)
	case *ast.Var:
		old = b.readVar(t)
		if v = b.lookup(t.Name); v == nil || !old.valid() {
			return operand{}
		}
	default:
		b.expr(target)
		b.errorf(e, InvalidOperand, "The %s operator must be applied to a map or variable", op)
		return operand{}
	}
	b.say(target, old)
	result := old
	result.val = nil
	if _, ptr := old.typ.(types.Pointer); !ptr {
		i, flexible, ok := old.integer()
		_, isBool := old.typ.(types.Bool)
		if !ok || isBool {
			b.errorf(e, InvalidOperand, "The %s operator can not be used on expressions of type '%s'", op, old.name())
			return operand{}
		}
		signed := i.Signed || flexible || op == "--"
		result = of(types.Int{Bits: 64, Signed: signed})
		if v != nil && v.declared {
			result = of(v.Type)
		}
	}
	if st != nil {
		b.store(st, e, nil, result)
	} else {
		b.storeVar(v, e, nil, result)
	}
	return result
}

func (b *body) tuple(e *ast.Tuple) operand {
	t := &types.Tuple{}
	ok := true
	for _, elem := range e.Elems {
		x := b.expr(elem)
		if !b.element0(elem, x, "tuple") {
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
		if !b.element0(elem, x, "record") {
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

// element0 tells whether x can stand in a tuple or record.
func (b *body) element0(at ast.Node, x operand, what string) bool {
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

// blockValue checks a block in expression position. Its value is that of its
// last statement: an expression without a semicolon, an if with values, a block.
func (b *body) blockValue(blk *ast.Block) operand {
	b.push()
	defer b.pop()
	n := len(blk.Stmts) - 1
	if n < 0 {
		return operand{mode: novalue}
	}
	var x func() operand
	switch last := blk.Stmts[n].(type) {
	case *ast.ExprStmt:
		if last.Last {
			x = func() operand { return b.expr(last.X) }
		}
	case *ast.If:
		x = func() operand { return b.expr(last) }
	case *ast.Block:
		x = func() operand { return b.blockValue(last) }
	}
	if x == nil {
		b.stmts(blk.Stmts)
		return operand{mode: novalue}
	}
	b.stmts(blk.Stmts[:n])
	r := x()
	if n > 0 {
		r.val = nil // known or not, the statements before it have to run
	}
	return r
}

// ifValue checks an if in expression position; without else it has no value.
func (b *body) ifValue(e *ast.If) operand {
	taken, known := b.comptime(e.Cond)
	if known {
		switch {
		case taken:
			return b.blockValue(e.Then)
		case e.Else != nil:
			return b.elseValue(e.Else)
		}
		return operand{mode: novalue}
	}
	x := b.blockValue(e.Then)
	if e.Else == nil {
		return operand{mode: novalue}
	}
	y := b.elseValue(e.Else)
	return b.branches(e, e.Then, e.Else, x, y)
}

func (b *body) elseValue(e ast.Else) operand {
	if blk, ok := e.(*ast.Block); ok {
		return b.blockValue(blk)
	}
	return b.expr(e.(*ast.If))
}

// comptime checks a condition. When it is marked as to be decided now, only the
// branch that it chooses is checked, and has code.
func (b *body) comptime(cond ast.Expr) (taken, known bool) {
	b.condition(cond)
	if u, ok := cond.(*ast.Unary); !ok || u.Op != "comptime" {
		return false, false
	}
	taken, known = isTrue(b.ops[cond].val)
	return taken, true
}

// cond checks c ? x : y and c ?: y.
func (b *body) cond(e *ast.Cond, unused bool) operand {
	b.condition(e.Cond)
	c := b.ops[e.Cond]
	eval := b.expr
	if unused {
		eval = b.discarded
	}
	x, ex := c, e.Cond
	if e.Then != nil {
		x, ex = eval(e.Then), e.Then
	}
	y := eval(e.Else)
	if unused && x.mode != invalid && y.mode != invalid {
		return operand{mode: novalue}
	}
	r := b.branches(e, ex, e.Else, x, y)
	if truth, known := isTrue(c.val); r.valid() && known && x.val != nil && y.val != nil {
		r.val = y.val
		if truth {
			r.val = x.val
		}
	}
	return r
}

// branches joins the values of two branches.
func (b *body) branches(at, ex, ey ast.Node, x, y operand) operand {
	if x.mode == novalue && y.mode == novalue {
		return operand{mode: novalue}
	}
	if x.mode == invalid || y.mode == invalid {
		return operand{}
	}
	var t types.Type
	ok := x.mode == value && y.mode == value
	if ok {
		t, ok = types.Join(x.typ, y.typ)
	}
	if !ok || isAggregate(t) {
		b.errorf(at, TypeMismatch, "Branches must return the same type or compatible types: have '%s' and '%s'", x.name(), y.name())
		return operand{}
	}
	b.narrows(ex, x, t)
	b.narrows(ey, y, t)
	r := of(t)
	if x.space == y.space {
		r.space = x.space
	}
	return r
}

// isTrue tells whether a known value counts as true.
func isTrue(v any) (truth, known bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case uint64:
		return v != 0, true
	}
	return false, false
}
