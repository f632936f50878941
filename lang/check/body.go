package check

import (
	"sonde/lang/ast"
	"sonde/lang/source"
	"sonde/lang/types"
)

// body checks one probe's body in one context.
type body struct {
	*checker
	inst  *Instance
	scope *scope
	// loops counts the for and while loops around the current statement, and meta
	// the sizeof, typeof and the like around the current expression: what stands
	// there is never run.
	loops, meta int
	// ops holds what the expressions of this round turned out to be.
	ops map[ast.Expr]operand
	// vars persist over the rounds, by the node that declares them.
	vars   map[ast.Node]*varState
	inline map[ast.Expr]*ast.BlockExpr
	// blind: the probe itself is wrong, so nothing is known of its context.
	blind bool
	// stack are the macros and library functions being expanded, calls where they
	// were called.
	stack []*ast.Macro
	calls []ast.Expr
	// unclean are uses of maps in macros that were not handed in.
	unclean map[*ast.BlockExpr][]*ast.Map
}

// operand is what an expression turned out to be. The zero operand is invalid:
// an error was reported, or its type is not known in this round.
type operand struct {
	mode mode
	typ  types.Type
	// val is the value when it is known: int64, uint64, string, bool or Elements.
	val any
	// space is where a value lies that was reached through a pointer, for the
	// pointers in it.
	space types.Space
}

type mode uint8

const (
	invalid mode = iota
	novalue      // a call that gives nothing
	value
)

func (x operand) valid() bool { return x.mode == value }

func of(t types.Type) operand { return operand{mode: value, typ: t} }

// constant makes the operand of a known value.
func constant(v any) operand {
	switch n := v.(type) {
	case int64:
		return operand{mode: value, typ: types.SmallestInt(n), val: n}
	case uint64:
		if int64(n) >= 0 {
			return constant(int64(n))
		}
		return operand{mode: value, typ: types.Uint64, val: n}
	case string:
		return operand{mode: value, typ: types.String{N: len(n) + 1}, val: n}
	case bool:
		return operand{mode: value, typ: types.Bool{}, val: n}
	case Elements:
		return operand{mode: value, val: n}
	}
	return operand{}
}

// element gives element i of a tuple or record, of type t.
func (x operand) element(i int, t types.Type) operand {
	r := operand{mode: value, typ: t, space: types.BPF}
	if elems, ok := x.val.(Elements); ok {
		r.val = elems[i]
	}
	return r
}

// integer gives the integer that the operand is or counts as in arithmetic, and
// whether it is flexible about its sign.
func (x operand) integer() (i types.Int, flexible, ok bool) {
	switch t := x.typ.(type) {
	case types.Int:
		return t, false, true
	case types.Flexible:
		return t.Repr(), true, true
	case *types.Enum:
		return t.Int, false, true
	case types.Bool:
		return types.Uint8, true, true
	}
	return types.Int{}, false, false
}

// truthy tells whether the operand can be a condition.
func (x operand) truthy() bool {
	if _, _, ok := x.integer(); ok {
		return true
	}
	_, ok := x.typ.(types.Pointer)
	return ok
}

func isAggregate(t types.Type) bool {
	_, ok := t.(types.Aggregate)
	return ok
}

// name shows a type in messages.
func name(t types.Type) string {
	if t == nil {
		return "unknown"
	}
	return types.Settle(t).String()
}

// round walks the body once.
func (b *body) round() {
	b.ops = map[ast.Expr]operand{}
	b.scope = &scope{names: map[string]*varState{}}
	b.loops, b.meta = 0, 0
	for _, v := range b.vars {
		v.assigned, v.mentioned = false, false
	}
	b.inst.Info = &Info{
		Types:     map[ast.Expr]types.Type{},
		Ops:       map[ast.Node]types.Type{},
		Consts:    map[ast.Expr]any{},
		Vars:      map[*ast.Var]*Var{},
		Maps:      map[*ast.Map]*Map{},
		Calls:     map[ast.Expr]*Call{},
		Fields:    map[*ast.Field]*FieldRef{},
		Inlined:   b.inline,
		TypeExprs: map[*ast.TypeExpr]types.Type{},
	}
	b.inst.Vars = nil
	if p := b.inst.Probe.Predicate; p != nil {
		b.condition(p)
	}
	b.block(b.inst.Probe.Body)
	b.closeScope(b.scope)
}

// finish completes the side tables after the last round.
func (b *body) finish() *Instance {
	info := b.inst.Info
	for e, x := range b.ops {
		if x.valid() {
			info.Types[e] = types.Settle(x.typ)
			if x.val != nil {
				info.Consts[e] = x.val
			}
		}
	}
	for _, v := range b.inst.Vars {
		v.Type = types.Settle(v.Type)
	}
	return b.inst
}

// say stores what an expression turned out to be.
func (b *body) say(e ast.Expr, x operand) operand {
	b.ops[e] = x
	return x
}

// space gives s, or where plain pointers point in this context.
func (b *body) spaceOr(s types.Space) types.Space {
	if s == types.NoSpace {
		return b.inst.Context.Space
	}
	return s
}

// at tells where something was declared, in a note.
func declared(d *source.Diagnostic, v *varState) *source.Diagnostic {
	switch v.Decl.(type) {
	case *ast.Let:
		return d.WithNote(v.Decl.Span(), "This is the initial declaration.")
	case *ast.For:
		return d.WithNote(v.Decl.Span(), "This is the loop variable.")
	}
	return d.WithNote(v.Decl.Span(), "This is the initial assignment.")
}
