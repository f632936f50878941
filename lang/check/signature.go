package check

import (
	"fmt"
	"slices"

	"sonde/lang/ast"
	"sonde/lang/types"
)

// signature finds the first signature that the arguments fit, evaluates them by
// it, and reports when there is none.
func (b *body) signature(call *Call, name string) (*Sig, bool) {
	sigs := call.Func.Sigs
	if len(sigs) == 0 {
		sigs = []Sig{{}}
	}
	var fit []*Sig
	for i := range sigs {
		s := &sigs[i]
		n := len(call.Args)
		if n >= len(s.Params)-s.Optional && (n <= len(s.Params) || s.Variadic) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		b.errorf(call.Node, WrongArgumentCount, "%s", countMessage(name, sigs, len(call.Args)))
		b.visitAll(call.Args)
		return nil, false
	}
	if worded := slices.DeleteFunc(slices.Clone(fit), func(s *Sig) bool { return !b.syntaxFits(s, call.Args) }); len(worded) > 0 {
		fit = worded
	}
	for _, s := range fit[:len(fit)-1] {
		if b.argsFit(s, call) {
			return s, b.arguments(s, call, name)
		}
	}
	s := fit[len(fit)-1]
	return s, b.arguments(s, call, name)
}

// countMessage says how many arguments a function takes.
func countMessage(name string, sigs []Sig, got int) string {
	least, most := len(sigs[0].Params), 0
	for _, s := range sigs {
		least = min(least, len(s.Params)-s.Optional)
		most = max(most, len(s.Params))
		if s.Variadic {
			most = int(^uint(0) >> 1)
		}
	}
	plural := func(n int) string {
		switch n {
		case 0:
			return "no arguments"
		case 1:
			return "one argument"
		}
		return fmt.Sprintf("%d arguments", n)
	}
	switch {
	case least == most:
		return fmt.Sprintf("%s() requires %s (%d provided)", name, plural(least), got)
	case got < least:
		return fmt.Sprintf("%s() requires at least %s (%d provided)", name, plural(least), got)
	}
	return fmt.Sprintf("%s() takes up to %s (%d provided)", name, plural(most), got)
}

// param is the parameter that argument i goes to; a variadic tail takes values.
func (s *Sig) param(i int) Param {
	if i < len(s.Params) {
		return s.Params[i]
	}
	return Param{Kind: AnyArg}
}

// syntaxFits tells whether the arguments look like what the parameters want, for
// the kinds that are told by their looks.
func (b *body) syntaxFits(s *Sig, args []ast.Expr) bool {
	for i, a := range args {
		id, word := a.(*ast.Ident)
		m, isMap := a.(*ast.Map)
		_, isType := a.(*ast.TypeExpr)
		known := word && (b.lib.Func(id.Name) != nil || b.macro(id.Name, nil) != nil)
		p := s.param(i)
		switch p.Kind {
		case NameArg:
			if !word {
				return false
			}
		case MapArg:
			if !isMap || m.Keys != nil && !p.Keyed {
				return false
			}
		case TypeArg, RawArg:
		default:
			if isType || word && !known && b.enumless(id.Name) {
				return false
			}
		}
	}
	return true
}

// enumless tells that a word is no constant either.
func (b *body) enumless(word string) bool {
	if _, ok := b.defs.Macros[word]; ok {
		return false
	}
	if _, ok := b.defs.constant(word); ok {
		return false
	}
	if btf := b.host.BTF(); btf != nil {
		if _, _, ok := btf.EnumConst(word); ok {
			return false
		}
	}
	return true
}

// argsFit tells whether evaluated arguments have the kinds that s wants, without
// reporting that they have not.
func (b *body) argsFit(s *Sig, call *Call) bool {
	for i, a := range call.Args {
		switch kind := s.param(i).Kind; kind {
		case NameArg, MapArg, TypeArg, RawArg:
		default:
			x := b.argument(kind, a)
			if x.mode != invalid && kindFits(kind, x) != "" {
				return false
			}
		}
	}
	return true
}

// argument evaluates an argument, once per round.
func (b *body) argument(kind ParamKind, a ast.Expr) operand {
	if x, ok := b.ops[a]; ok {
		return x
	}
	if kind == TextArg || kind == ConstStringArg {
		if x, ok := b.textOperand(a); ok {
			return b.say(a, x)
		}
	}
	return b.expr(a)
}

// textOperand gives what a positional parameter, or a string that is no value at
// run time, means as text.
func (b *body) textOperand(a ast.Expr) (operand, bool) {
	switch a := a.(type) {
	case *ast.Str:
	case *ast.Param:
		if a.N == 0 {
			return operand{}, false
		}
	case *ast.Binary:
		if p, ok := a.X.(*ast.Param); !ok || a.Op != "+" || p.N == 0 {
			return operand{}, false
		}
	default:
		return operand{}, false
	}
	s, ok := b.text(a)
	return constant(s), ok
}

// arguments evaluates the arguments by the signature, and reports the first that
// does not fit.
func (b *body) arguments(s *Sig, call *Call, name string) bool {
	ok := true
	var over *mapState
	for i, a := range call.Args {
		p := s.param(i)
		switch p.Kind {
		case RawArg:
		case NameArg:
			if _, word := a.(*ast.Ident); !word {
				b.errorf(a, WrongArgument, "%s() expects a word as %s", name, ordinal(i, p))
				ok = false
			}
		case TypeArg:
			// The record asks for it.
		case MapArg:
			if over = b.mapArgument(call, a, p, name); over == nil {
				ok = false
			}
		case KeyArg:
			x := b.argument(AnyArg, a)
			ok = ok && over != nil && b.shaped(over, call.Args[i-1], keyed) && b.key(over, x, a, []ast.Expr{a})
		default:
			x := b.argument(p.Kind, a)
			if !x.valid() && x.mode != novalue {
				ok = false
				continue
			}
			if want := kindFits(p.Kind, x); want != "" {
				b.wrongArgument(call, name, a, want, x)
				ok = false
			}
		}
	}
	return ok
}

func ordinal(i int, p Param) string {
	if p.Name != "" {
		return "its " + p.Name
	}
	return fmt.Sprintf("argument %d", i+1)
}

func (b *body) wrongArgument(call *Call, name string, a ast.Expr, want string, x operand) {
	literal := want == "int literal" || want == "string literal"
	if literal {
		b.errorf(a, WrongArgument, "%s() expects a %s (%s provided)", name, want, x.name())
		return
	}
	d := b.errorf(a, WrongArgument, "%s() only supports %s arguments (%s provided)", name, want, x.name())
	if _, str := x.typ.(types.String); str && want == "int" {
		if p, ok := a.(*ast.Param); ok {
			text, _ := b.paramText(p.N)
			d.WithHint("$%d is \"%s\", which is not a number", p.N, text)
		}
	}
}

// kindFits says what the kind wants instead of x, or "".
func kindFits(kind ParamKind, x operand) string {
	_, isPtr := x.typ.(types.Pointer)
	_, isStr := x.typ.(types.String)
	switch {
	case x.mode == novalue:
		return "non-void"
	case kind == IntArg && !isInt(x.typ):
		return "int"
	case kind == PtrArg && !isPtr && !isInt(x.typ):
		return "int or pointer"
	case kind == StringArg && !isStr:
		return "string"
	case kind == ConstIntArg && (x.val == nil || bigOf(x.val) == nil):
		return "int literal"
	case kind == ConstStringArg:
		if _, ok := x.val.(string); !ok {
			return "string literal"
		}
	}
	return ""
}

// mapArgument resolves a map handed over as such.
func (b *body) mapArgument(call *Call, a ast.Expr, p Param, name string) *mapState {
	m, ok := a.(*ast.Map)
	if !ok {
		b.errorf(a, WrongArgument, "%s() expects a map argument", name)
		b.visitAll([]ast.Expr{a})
		return nil
	}
	if m.Keys == nil {
		return b.useMap(m)
	}
	if !p.Keyed {
		b.errorf(a, WrongArgument, "%s() expects a map argument", name).
			WithHint("write %s(%s), without a key", name, m.Name)
		return nil
	}
	return b.element(m)
}
