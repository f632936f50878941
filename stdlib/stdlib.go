// Package stdlib is the vocabulary: every builtin value, function, aggregation
// and probe type, one record each, in a file of its own below.
//
// Comes in: nothing; the records are plain values. Goes out: one Library, seen
// through interfaces by the checker (names, signatures), code generation
// (lowering) and the runtime (event handling); and the reference text that
// --help, the REPL and the documentation show. No other layer knows a name in
// here.
package stdlib

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// maxIndex is the greatest number an indexed family goes to.
const maxIndex = 255

// Library answers for the whole vocabulary. It implements check.Library and
// lower.Library and does not change once made.
type Library struct {
	// builtins and probes in the order of the lists.
	builtins []*record.Builtin
	probes   []*record.Probe

	funcs     map[string]*check.Func // by name and alias
	byFunc    map[*check.Func]*record.Builtin
	indexed   map[string]*check.Func // by prefix
	providers map[string]*check.Provider
	byProv    map[*check.Provider]*record.Probe
	types     map[string]types.Type
	names     map[string][]string // by kind, sorted
}

var (
	_ check.Library = (*Library)(nil)
	_ lower.Library = (*Library)(nil)
)

// Default is the library of all records.
var Default = sync.OnceValue(func() *Library { return New(builtins, probes) })

// New makes a library of the records given. Names must be unique; that two
// records claim one is a mistake in the lists, and New panics.
func New(builtins []*record.Builtin, probes []*record.Probe) *Library {
	l := &Library{
		builtins:  builtins,
		probes:    probes,
		funcs:     map[string]*check.Func{},
		byFunc:    map[*check.Func]*record.Builtin{},
		indexed:   map[string]*check.Func{},
		providers: map[string]*check.Provider{},
		byProv:    map[*check.Provider]*record.Probe{},
		types:     map[string]types.Type{},
		names:     map[string][]string{},
	}
	for _, b := range builtins {
		l.addBuiltin(b)
	}
	for _, p := range probes {
		l.addProbe(p)
	}
	for _, names := range l.names {
		slices.Sort(names)
	}
	return l
}

func (l *Library) addBuiltin(b *record.Builtin) {
	f := &b.Func
	if b.Indexed != "" {
		f = indexedFunc(b)
		l.indexed[b.Indexed] = f
	}
	l.byFunc[f] = b
	for _, name := range append([]string{b.Name}, b.Aliases...) {
		unique("function", name, l.funcs[name] == nil)
		l.funcs[name] = f
	}
	l.names["func"] = append(l.names["func"], b.Name)
	l.names["func"] = append(l.names["func"], b.Aliases...)
	for _, t := range b.Types {
		name := t.String()
		unique("type", name, l.types[name] == nil)
		l.types[name] = t
		l.names["type"] = append(l.names["type"], name)
	}
}

func (l *Library) addProbe(p *record.Probe) {
	l.byProv[&p.Provider] = p
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		key := strings.ToLower(name)
		unique("probe type", name, l.providers[key] == nil)
		l.providers[key] = &p.Provider
	}
	l.names["provider"] = append(l.names["provider"], p.Name)
	l.names["provider"] = append(l.names["provider"], p.Aliases...)
}

func unique(kind, name string, ok bool) {
	if !ok {
		panic(fmt.Sprintf("stdlib: two records for %s %q", kind, name))
	}
}

// indexedFunc wraps the check of an indexed family, so that it finds the number
// in Call.Data.
func indexedFunc(b *record.Builtin) *check.Func {
	f, inner := b.Func, b.Check
	f.Check = func(c *check.Call) types.Type {
		if n, ok := index(b.Indexed, callName(c.Node)); ok {
			c.Data = n
		}
		if inner == nil {
			return nil
		}
		return inner(c)
	}
	return &f
}

func callName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.Call:
		return e.Name
	}
	return ""
}

// index reads the number behind prefix: decimal, without leading zeros.
func index(prefix, name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), err == nil && n <= maxIndex
}

// internal stands before the names of values in scripts that were written against
// the insides of other implementations' libraries.
const internal = "__builtin_"

// named finds what has exactly this name; a family's is no word of scripts.
func (l *Library) named(name string) *check.Func {
	if f := l.funcs[name]; f != nil && l.byFunc[f].Indexed == "" {
		return f
	}
	return nil
}

// Func implements check.Library.
func (l *Library) Func(name string) *check.Func {
	if f := l.named(name); f != nil {
		return f
	}
	if inner, ok := strings.CutPrefix(name, internal); ok {
		if f := l.named(inner); f != nil && f.Shape == check.Value {
			return f
		}
		return nil
	}
	prefix := strings.TrimRight(name, "0123456789")
	if f := l.indexed[prefix]; f != nil {
		if _, ok := index(prefix, name); ok {
			return f
		}
	}
	return nil
}

// Provider implements check.Library.
func (l *Library) Provider(name string) *check.Provider { return l.providers[strings.ToLower(name)] }

// Type implements check.Library.
func (l *Library) Type(name string) types.Type { return l.types[name] }

// Names implements check.Library. Functions are those of records and those that
// are written in the language.
func (l *Library) Names(kind string) []string {
	names := slices.Clone(l.names[kind])
	if kind == "func" {
		names = append(names, l.ScriptNames()...)
		slices.Sort(names)
	}
	return names
}

// Lowering implements lower.Library; nil for what is not of this library.
func (l *Library) Lowering(f *check.Func) *lower.Lowering {
	if b := l.byFunc[f]; b != nil {
		return &b.Lowering
	}
	return nil
}

// Attach implements lower.Library.
func (l *Library) Attach(t *check.Target, ctx *check.Context) (plan.Mechanism, error) {
	p := l.byProv[t.Point.Provider]
	if p == nil {
		return nil, fmt.Errorf("probe type %q is not of this library", t.Point.Provider.Name)
	}
	return p.Attach(t, ctx)
}

// Cheaper implements lower.Library.
func (l *Library) Cheaper(t *check.Target, ctx *check.Context, use *lower.Use, host check.Host) *lower.Way {
	if p := l.byProv[t.Point.Provider]; p != nil && p.Cheaper != nil {
		return p.Cheaper(t, ctx, use, host)
	}
	return nil
}

// Handlers gives the event handlers by action, for the runtime.
func (l *Library) Handlers() map[string]event.Handler {
	m := map[string]event.Handler{}
	for _, b := range l.builtins {
		if b.Handle != nil {
			m[b.Name] = b.Handle
		}
	}
	return m
}

// Builtin finds the record of a builtin value, function or aggregation by name
// or alias, for its reference text; nil when there is none.
func (l *Library) Builtin(name string) *record.Builtin {
	if f := l.funcs[name]; f != nil {
		return l.byFunc[f]
	}
	return l.byFunc[l.Func(name)]
}

// Probe finds the record of a probe type by name or alias; nil when there is none.
func (l *Library) Probe(name string) *record.Probe { return l.byProv[l.Provider(name)] }

// Builtins lists all records of builtin values, functions and aggregations, in
// the order in which the reference shows them.
func (l *Library) Builtins() []*record.Builtin { return slices.Clone(l.builtins) }

// Probes lists all records of probe types, likewise.
func (l *Library) Probes() []*record.Probe { return slices.Clone(l.probes) }
