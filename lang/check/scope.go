package check

import (
	"sort"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/types"
)

// scope is a lexical block. Names are not shadowed: a name means one variable
// from where it first stands to the end of that block.
type scope struct {
	outer *scope
	names map[string]*varState
}

// varState is a variable during inference.
type varState struct {
	*Var
	// declared: its type was written and does not grow.
	declared bool
	// assigned and mentioned tell what was seen in this round.
	assigned, mentioned bool
}

func (b *body) push() { b.scope = &scope{outer: b.scope, names: map[string]*varState{}} }

func (b *body) pop() {
	b.closeScope(b.scope)
	b.scope = b.scope.outer
}

// closeScope warns about variables of a block that never got a value.
func (b *body) closeScope(s *scope) {
	names := make([]string, 0, len(s.names))
	for n := range s.names {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		v := s.names[n]
		let, ok := v.Decl.(*ast.Let)
		if ok && !v.assigned && let.Value == nil && b.meta == 0 {
			b.warnf(let, UnassignedVariable, "Variable %s was never assigned to.", plain(n))
		}
	}
}

// plain is a variable's name as written, without what macro expansion added.
func plain(name string) string {
	name, _, _ = strings.Cut(name, "#")
	return name
}

func (b *body) lookup(name string) *varState {
	for s := b.scope; s != nil; s = s.outer {
		if v := s.names[name]; v != nil {
			return v
		}
	}
	return nil
}

// declare makes the variable that decl introduces, the same in every round.
func (b *body) declare(name string, decl ast.Node) *varState {
	v := b.vars[decl]
	if v == nil {
		v = &varState{Var: &Var{Name: name, Decl: decl}}
		b.vars[decl] = v
	}
	b.scope.names[name] = v
	b.inst.Vars = append(b.inst.Vars, v.Var)
	return v
}

// names lists the variables in reach, for suggestions.
func (b *body) names() []string {
	var out []string
	for s := b.scope; s != nil; s = s.outer {
		for n := range s.names {
			out = append(out, plain(n))
		}
	}
	sort.Strings(out)
	return out
}

// variable finds a variable that is read, or changed in place.
func (b *body) variable(e *ast.Var) *varState {
	v := b.lookup(e.Name)
	if v == nil {
		suggest(b.errorf(e, UndefinedVariable, "Undefined or undeclared variable: %s", plain(e.Name)),
			e.Name, b.names())
		return nil
	}
	v.mentioned = true
	b.inst.Info.Vars[e] = v.Var
	return v
}

func (b *body) readVar(e *ast.Var) operand {
	v := b.variable(e)
	if v == nil {
		return operand{}
	}
	if !v.assigned && b.meta == 0 {
		b.warnf(e, UnassignedVariable, "Variable used before it was assigned: %s", plain(e.Name))
	}
	if v.Type == nil {
		if !v.assigned || !b.diags.HasErrors() {
			b.errorf(e, UnresolvedType, "Could not resolve the type of this variable: %s", plain(e.Name))
		}
		return operand{}
	}
	return of(v.Type)
}

// grow joins t into the variable's type, and tells whether they meet.
func (b *body) grow(v *varState, t types.Type) bool {
	if v.declared {
		return true
	}
	if v.Type == nil {
		v.Type, b.changed = t, true
		return true
	}
	joined, ok := types.Join(v.Type, t)
	if ok && !types.Same(joined, v.Type) {
		v.Type, b.changed = joined, true
	}
	return ok
}
