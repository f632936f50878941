// Package checktest is a vocabulary for tests of the checker: a few builtins of
// each kind and a few probe types, just as much as the checker sees of them.
package checktest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sonde/lang/arch"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Library is the vocabulary.
type Library struct {
	funcs     map[string]*check.Func
	providers map[string]*check.Provider
	// Sources are functions written in the language, by name.
	Sources map[string]string
}

var _ check.Library = (*Library)(nil)

// Future is a feature that no kernel has.
var Future = &feature.Feature{Name: "time_travel", Since: feature.Version{Major: 99}, What: "time travel"}

// New gives the vocabulary.
func New() *Library {
	l := &Library{
		funcs:     map[string]*check.Func{},
		providers: map[string]*check.Provider{},
		Sources: map[string]string{
			"strlen": "macro strlen(s) { let $n = 0; let $s = s; $n }",
			"twice":  "macro twice(x) { x + x }",
			"broken": "macro broken(x) { x + \"a\" }",
		},
	}
	for _, f := range funcs() {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			l.funcs[n] = f
		}
	}
	for _, p := range providers() {
		for _, n := range append([]string{p.Name}, p.Aliases...) {
			l.providers[n] = p
		}
	}
	return l
}

// Func implements check.Library.
func (l *Library) Func(name string) *check.Func { return l.funcs[name] }

// Provider implements check.Library.
func (l *Library) Provider(name string) *check.Provider { return l.providers[strings.ToLower(name)] }

// Type implements check.Library.
func (l *Library) Type(name string) types.Type {
	if name == "kstack_t" {
		return Stack{}
	}
	return nil
}

// Header implements check.Library.
func (l *Library) Header(name string, _ *arch.Arch) map[string]int64 {
	if name == "errno.h" {
		return map[string]int64{"EPERM": 1}
	}
	return nil
}

// Source implements check.Library.
func (l *Library) Source(name string) string { return l.Sources[name] }

// Names implements check.Library.
func (l *Library) Names(kind string) []string {
	var out []string
	switch kind {
	case "func":
		for n := range l.funcs {
			out = append(out, n)
		}
	case "provider":
		for n := range l.providers {
			out = append(out, n)
		}
	case "type":
		out = []string{"kstack_t"}
	}
	slices.Sort(out)
	return out
}

func value(name string, t types.Type) *check.Func {
	return &check.Func{Name: name, Shape: check.Value, Sigs: []check.Sig{{Result: t}}}
}

func function(name string, result types.Type, params ...check.ParamKind) *check.Func {
	s := check.Sig{Result: result}
	for _, k := range params {
		s.Params = append(s.Params, check.Param{Kind: k})
	}
	return &check.Func{Name: name, Shape: check.Function, Sigs: []check.Sig{s}}
}

func funcs() []*check.Func {
	task := func(c *check.Call) types.Type {
		if s := c.Checker.Host().BTF().Struct("struct", "task_struct"); s != nil {
			return types.Pointer{Elem: s, Space: types.Kernel}
		}
		return nil
	}
	list := []*check.Func{
		value("pid", types.Uint32), value("tid", types.Uint32), value("cpu", types.Uint64),
		value("comm", types.String{N: 16}),
		{Name: "curtask", Check: task},
		{Name: "args", PerTarget: true, Check: args},
		{Name: "retval", PerTarget: true, Check: retval},
		{Name: "arg0", Sigs: []check.Sig{{Result: types.Int64}}, Ctx: func(c *check.Context) (bool, string) {
			return c.NumArgs != 0, "there are no registers"
		}},
		{Name: "probe", Named: true, Check: probe},
		{Name: "nsecs", Sigs: []check.Sig{
			{Params: []check.Param{{Name: "clock", Kind: check.NameArg}}, Optional: 1, Result: types.Uint64},
		}},
		{Name: "kstack", Sigs: []check.Sig{
			{Params: []check.Param{{Kind: check.NameArg}, {Kind: check.ConstIntArg}}, Optional: 2, Result: Stack{}},
			{Params: []check.Param{{Kind: check.ConstIntArg}}, Result: Stack{}},
		}},
		{Name: "exit", Shape: check.Function, Ends: true, Sigs: []check.Sig{{Result: types.Void{}}}},
		function("system", types.Void{}, check.ConstStringArg),
		function("later", types.Void{}),
		function("shaky", types.Void{}),
		function("forbidden", types.Void{}),
		function("clear", types.Void{}, check.MapArg),
		function("has_key", types.Bool{}, check.MapArg, check.KeyArg),
		function("strncmp", types.Uint64, check.StringArg, check.StringArg, check.ConstIntArg),
		function("ksym", types.Uint64, check.PtrArg),
		{Name: "str", Shape: check.Function, MustUse: true, Check: str, Sigs: []check.Sig{
			{Params: []check.Param{{Kind: check.TextArg}, {Kind: check.IntArg}}, Optional: 1}}},
		{Name: "delete", Shape: check.Function, Sigs: []check.Sig{
			{Params: []check.Param{{Kind: check.MapArg, Keyed: true}, {Kind: check.KeyArg}}, Optional: 1, Result: types.Bool{}}}},
		{Name: "print", Shape: check.Function, Sigs: []check.Sig{
			{Params: []check.Param{{Kind: check.RawArg}, {Kind: check.IntArg}}, Optional: 1, Result: types.Void{}}}, Check: printed},
		{Name: "printf", Shape: check.Function, Sigs: []check.Sig{
			{Params: []check.Param{{Kind: check.ConstStringArg}}, Variadic: true, Result: types.Void{}}}},
		{Name: "sizeof", Shape: check.Function, MustUse: true, Sigs: []check.Sig{{Params: []check.Param{{Kind: check.TypeArg}}}},
			Check: func(c *check.Call) types.Type {
				if t := c.Checker.TypeArg(c.Args[0]); t != nil {
					c.Const = int64(t.Size())
				}
				return nil
			}},
		aggregation("count", newCount), aggregation("sum", newCount, check.IntArg),
		aggregation("hist", newHist, check.IntArg),
	}
	for _, f := range list {
		switch f.Name {
		case "system":
			f.Unsafe = true
		case "shaky":
			f.Unstable = "unstable_tseries"
		case "forbidden":
			f.Unstable = "unstable_typeinfo"
		case "later":
			f.Needs = []*feature.Feature{Future}
		case "has_key", "strncmp", "ksym":
			f.MustUse = true
		}
	}
	return list
}

func aggregation(name string, t func(string) types.Type, params ...check.ParamKind) *check.Func {
	f := function(name, t(name), params...)
	f.Shape = check.Aggregation
	return f
}

func args(c *check.Call) types.Type {
	if c.Context.Args == nil {
		c.Checker.Report(source.Errorf(c.Node.Span(), "no-args", "The args builtin can not be used here"))
		return nil
	}
	return c.Context.Args
}

func probe(c *check.Call) types.Type {
	longest := 0
	for _, t := range c.Context.Targets {
		longest = max(longest, len(t.Name))
	}
	return types.String{N: longest + 1}
}

func retval(c *check.Call) types.Type {
	if c.Context.Retval == nil {
		c.Checker.Report(source.Errorf(c.Node.Span(), "no-retval", "The retval builtin can not be used here"))
	}
	return c.Context.Retval
}

func str(c *check.Call) types.Type {
	if s, ok := c.Checker.ConstString(c.Args[0]); ok {
		c.Const = s
	}
	return types.String{N: int(c.Checker.Config().MaxStrlen)}
}

// printed takes whole maps and any value.
func printed(c *check.Call) types.Type {
	if m, ok := c.Args[0].(*ast.Map); ok && m.Keys == nil {
		c.Checker.Map(m)
		return nil
	}
	c.Checker.Eval(c.Args[0])
	return nil
}

// Stack is a type of the library's own.
type Stack struct{}

func (Stack) String() string { return "kstack_t" }

// Size implements types.Type.
func (Stack) Size() int { return 16 }

// Align implements types.Type.
func (Stack) Align() int { return 8 }

// aggregate is a type of map slots.
type aggregate struct{ name string }

func (t aggregate) String() string                             { return t.name + "_t" }
func (aggregate) Size() int                                    { return 8 }
func (aggregate) Align() int                                   { return 8 }
func (aggregate) AppendText(dst, _ []byte, _ types.Env) []byte { return dst }
func (aggregate) AppendJSON(dst, _ []byte, _ types.Env) []byte { return dst }
func (aggregate) Compare(_, _ []byte) int                      { return 0 }
func (aggregate) Merge(_, _ []byte)                            {}

// number is an aggregate that reads as an integer.
type number struct{ aggregate }

func (number) Int() types.Int { return types.Uint64 }

func newCount(name string) types.Type { return number{aggregate{name}} }
func newHist(name string) types.Type  { return aggregate{name} }

func providers() []*check.Provider {
	return []*check.Provider{
		edge("begin"), edge("end"),
		{Name: "interval", Aliases: []string{"i"}, Unfiltered: true, Parse: parts(1, 2), Expand: itself,
			Context: func(t *check.Target, _ check.Host) (*check.Context, *source.Diagnostic) {
				return &check.Context{Key: "interval", Program: check.ProgPerfEvent}, nil
			}},
		{Name: "tracepoint", Aliases: []string{"t"}, Parse: parts(2, 2), Expand: tracepoints, Context: tracepointContext,
			Cookie: feature.PerfLink},
		{Name: "kprobe", Aliases: []string{"k"}, Parse: parts(1, 2), Expand: functions, Context: func(*check.Target, check.Host) (*check.Context, *source.Diagnostic) {
			return &check.Context{Key: "kprobe", Program: check.ProgKprobe, NumArgs: -1, Regs: true, Space: types.Kernel}, nil
		}, Cookie: feature.AttachCookie},
		{Name: "fexit", Parse: parts(1, 2), Expand: functions, Context: fexitContext},
		{Name: "iter", Alone: true, Parse: parts(1, 1), Expand: itself, Context: func(*check.Target, check.Host) (*check.Context, *source.Diagnostic) {
			return &check.Context{Key: "iter", Program: check.ProgIter, Space: types.Kernel}, nil
		}},
		{Name: "trial", Mode: check.Testing, Unique: true, Parse: parts(1, 1), Expand: itself, Context: func(*check.Target, check.Host) (*check.Context, *source.Diagnostic) {
			return &check.Context{Key: "trial", Program: check.ProgTestRun}, nil
		}},
		{Name: "tomorrow", Needs: []*feature.Feature{Future}, Parse: parts(0, 0), Expand: itself, Context: func(*check.Target, check.Host) (*check.Context, *source.Diagnostic) {
			return &check.Context{Key: "tomorrow"}, nil
		}},
	}
}

func edge(name string) *check.Provider {
	return &check.Provider{Name: name, Edge: true, Unfiltered: true, Parse: parts(0, 0), Expand: itself,
		Context: func(*check.Target, check.Host) (*check.Context, *source.Diagnostic) {
			return &check.Context{Key: name}, nil
		}}
}

func parts(least, most int) func(*check.Point) *source.Diagnostic {
	return func(p *check.Point) *source.Diagnostic {
		if n := len(p.Parts); n < least || n > most {
			return source.Errorf(source.Span{}, "", "%s probe type requires %d arguments, found %d", p.Provider.Name, least, n)
		}
		return nil
	}
}

func itself(p *check.Point, _ check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
	return []check.Target{{Name: strings.Join(append([]string{p.Provider.Name}, p.Parts...), ":")}}, nil
}

func tracepoints(p *check.Point, h check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
	names, err := h.Tracepoints(p.Parts[0], p.Parts[1])
	if err != nil {
		return nil, source.Errorf(source.Span{}, "", "%s", err)
	}
	var out []check.Target
	for _, n := range names {
		out = append(out, check.Target{Name: "tracepoint:" + n, Data: n})
	}
	return out, nil
}

func tracepointContext(t *check.Target, h check.Host) (*check.Context, *source.Diagnostic) {
	category, event, _ := strings.Cut(t.Data.(string), ":")
	s, _, err := h.TracepointFormat(category, event)
	if err != nil {
		return nil, source.Errorf(source.Span{}, "", "%s", err)
	}
	space := types.Kernel
	if category == "syscalls" {
		space = types.User
	}
	return &check.Context{Key: t.Name, Program: check.ProgTracepoint, Args: s, Layout: check.ArgsRecord, Space: space}, nil
}

func functions(p *check.Point, h check.Host, _ *check.Options) ([]check.Target, *source.Diagnostic) {
	names, err := h.Functions("*", p.Parts[len(p.Parts)-1])
	if err != nil {
		return nil, source.Errorf(source.Span{}, "", "%s", err)
	}
	var out []check.Target
	for _, n := range names {
		_, f, _ := strings.Cut(n, ":")
		out = append(out, check.Target{Name: fmt.Sprintf("%s:%s", p.Provider.Name, f), Func: f, Data: f})
	}
	return out, nil
}

func fexitContext(t *check.Target, h check.Host) (*check.Context, *source.Diagnostic) {
	f, ok := h.BTF().Func("", t.Func)
	if !ok {
		return nil, source.Errorf(source.Span{}, "", "no types for %s", t.Func)
	}
	return &check.Context{Key: t.Name, Program: check.ProgFexit, Bound: true, BindTo: t.Func,
		Args:   types.NewStruct("struct", strconv.Quote(t.Func), 8*len(f.Params), func() []types.Field { return f.Params }),
		Layout: check.ArgsSlots, Retval: f.Result, Space: types.Kernel}, nil
}
