package check

import (
	"sonde/lang/ast"
	"sonde/lang/types"
)

// call checks name(args), or a builtin value written bare.
func (b *body) call(e ast.Expr, name string, args []ast.Expr, discarded bool) operand {
	if m := b.macro(name, args); m != nil {
		return b.inlined(e, m, args)
	}
	f := b.lib.Func(name)
	if f == nil {
		if m := b.libraryMacro(name, args); m != nil {
			return b.inlined(e, m, args)
		}
		if b.isMacro(name) {
			b.noSuchMacro(e, name, args)
		} else {
			suggest(b.errorf(nameOf(e), UnknownFunction, "Unknown function: '%s'", name), name, b.vocabulary())
		}
		b.visitAll(args)
		return operand{}
	}
	if f.Shape == Aggregation {
		b.errorf(e, MisplacedAggregation, "%s() must be assigned directly to a map", name).
			WithHint("@ = %s(…)", name)
		b.visitAll(args)
		return operand{}
	}
	return b.callFunc(&Call{Func: f, Discarded: discarded}, e, name, args)
}

// visitAll checks arguments of a call that is wrong itself, for what they bind;
// bare words may have had a meaning there.
func (b *body) visitAll(args []ast.Expr) {
	for _, a := range args {
		switch a.(type) {
		case *ast.Ident, *ast.TypeExpr, *ast.Map:
		default:
			b.expr(a)
		}
	}
}

// nameOf is the place of a call's name.
func nameOf(e ast.Expr) ast.Node {
	if c, ok := e.(*ast.Call); ok && c.NameAt.Pos.IsValid() {
		return c.NameAt
	}
	return e
}

// callFunc checks a call of a record.
func (b *body) callFunc(call *Call, e ast.Expr, name string, args []ast.Expr) operand {
	f := call.Func
	call.Node, call.Args = e, args
	call.Context, call.Checker = b.inst.Context, recordView{b}
	call.InLoop = b.loops > 0
	b.inst.Info.Calls[e] = call
	ok := b.usable(call, name)
	sig, fits := b.signature(call, name)
	if !fits || !ok {
		return operand{}
	}
	call.Sig = sig
	t := sig.Result
	if f.Check != nil {
		before := len(b.diags)
		if r := f.Check(call); r != nil {
			t = r
		} else if t == nil && call.Const == nil || b.diags[before:].HasErrors() {
			return operand{}
		}
	}
	if call.Const != nil {
		x := constant(call.Const)
		if t != nil {
			x.typ = t
		}
		return x
	}
	if t != nil {
		t = b.ours(t)
		call.Type = types.Settle(t)
	}
	if t == nil || isVoid(t) {
		return operand{mode: novalue}
	}
	x := of(t)
	if f.Shape == Aggregation {
		return x
	}
	if _, ok := t.(*types.Struct); ok {
		x.space = b.inst.Context.Space
	}
	return x
}

// usable tells whether the function may be used at all in this script, on this
// kernel, in this context.
func (b *body) usable(call *Call, name string) bool {
	f := call.Func
	at := nameOf(call.Node)
	if f.Unsafe && !b.opt.Unsafe {
		b.errorf(at, UnsafeFunction, "%s() is unsafe. To use you need the --unsafe flag", name)
		return false
	}
	switch b.cfg.Unstable[f.Unstable] {
	case "error":
		b.errorf(at, UnstableFunction, "%s feature is not enabled by default. To enable this unstable feature, set the config flag to enable. %s=enable", f.Name, f.Unstable).
			WithHint("begin the script with: config = { %s = enable }", f.Unstable)
		return false
	case "warn":
		b.warnOnce(at, f)
	}
	for _, need := range f.Needs {
		if !b.host.Features().Has(need) {
			b.errorf(at, MissingFeature, "Missing required kernel feature: %s", need.Name).
				WithHint("%s needs %s%s", name, need.Origin(), b.noBTF())
			return false
		}
	}
	if f.Ctx != nil {
		if ok, why := f.Ctx(b.inst.Context); !ok {
			d := b.errorf(at, WrongContext, "%s can not be used with \"%s\" probes", name, b.inst.Context.Provider.Name)
			if why != "" {
				d.Msg += ": " + why
			}
			return false
		}
	}
	return true
}

// warnOnce warns of an unstable function, at the first place where a script uses it.
func (b *body) warnOnce(at ast.Node, f *Func) {
	if !b.final || b.warned[f] {
		return
	}
	if b.warned == nil {
		b.warned = map[*Func]bool{}
	}
	b.warned[f] = true
	b.warnf(at, UnstableFunction, "Script is using an unstable feature: %s. To prevent this warning you must explicitly enable it in the config e.g. %s=enable", f.Name, f.Unstable)
}
