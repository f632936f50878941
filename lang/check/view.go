package check

import (
	"sonde/lang/ast"
	"sonde/lang/config"
	"sonde/lang/source"
	"sonde/lang/types"
)

// recordView is the checker as records see it.
type recordView struct{ b *body }

func (v recordView) TypeOf(e ast.Expr) types.Type {
	x := v.b.ops[e]
	if !x.valid() {
		return nil
	}
	return types.Settle(x.typ)
}

func (v recordView) Eval(e ast.Expr) types.Type {
	if v.b.expr(e).mode == novalue {
		v.b.errorf(e, InvalidOperand, "an argument must have a value, and this has none (void)")
	}
	return v.TypeOf(e)
}

func (v recordView) TypeArg(e ast.Expr) types.Type {
	t := v.b.typeOf(e)
	if t == nil {
		return nil
	}
	return types.Settle(t)
}

func (v recordView) ConstInt(e ast.Expr) (int64, bool) {
	x, ok := v.b.ops[e]
	if !ok {
		x = v.b.expr(e)
	}
	switch n := x.val.(type) {
	case int64:
		return n, true
	case uint64:
		return int64(n), true
	}
	return 0, false
}

func (v recordView) ConstString(e ast.Expr) (string, bool) { return v.b.text(e) }

func (v recordView) Parameter(name, description string) (string, bool) {
	if v.b.asked == nil {
		v.b.asked = map[string]string{}
	}
	v.b.asked[name] = description
	text, set := v.b.opt.Named[name]
	return text, set
}

func (v recordView) Map(e ast.Expr) *Map {
	m, ok := e.(*ast.Map)
	if !ok {
		return nil
	}
	st := v.b.maps[m.Name]
	if st == nil || v.b.inst.Info.Maps[m] == nil {
		st = v.b.useMap(m)
	}
	// Show the record what is known by now.
	return st.finish()
}

func (v recordView) Report(d *source.Diagnostic) *source.Diagnostic { return v.b.report(d) }
func (v recordView) Options() *Options                              { return v.b.opt }
func (v recordView) Config() *config.Config                         { return &v.b.cfg }
func (v recordView) Library() Library                               { return v.b.lib }
func (v recordView) Host() Host                                     { return v.b.host }
