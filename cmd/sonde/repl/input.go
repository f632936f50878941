package repl

import (
	"fmt"
	"strconv"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/types"
)

// input is something typed, as a script.
type input struct {
	// file is the text as it was typed; parsed what the script was made from, with
	// shift lines before it.
	file, parsed *source.File
	shift        int
	script       *ast.Script
	diags        source.List
	// value is the expression, if that is all there is.
	value ast.Expr
}

// place moves a diagnostic to where the user typed what it is about.
func (in *input) place(d *source.Diagnostic) *source.Diagnostic {
	if in.shift == 0 {
		return d
	}
	moved := *d
	moved.Span = in.placeSpan(d.Span)
	moved.Notes = nil
	for _, n := range d.Notes {
		moved.Notes = append(moved.Notes, source.Note{Span: in.placeSpan(n.Span), Text: n.Text})
	}
	return &moved
}

func (in *input) placeSpan(s source.Span) source.Span {
	if !s.IsValid() || s.Start.Filename != in.file.Name {
		return s
	}
	for _, p := range []*source.Pos{&s.Start, &s.End} {
		if p.Line > in.shift {
			p.Line -= in.shift
		}
	}
	return s
}

// Statements are made a script by what stands before and behind them.
const (
	before = "begin {\n"
	behind = "\n}"
)

// read finds out what a text is: an expression, a script, statements, or the
// beginning of one of them.
func (e *Engine) read(name, text string) (*input, Answer) {
	file := source.NewFile(name, text)
	opt := parse.Options{IsValue: e.isValue}
	x, wrongValue := parse.Expr(file, opt)
	isProbe := len(wrongValue) == 0 && e.isProbe(x)
	isValue := len(wrongValue) == 0 && !isProbe

	asScript := e.asScript(file)
	switch {
	case isProbe:
		return nil, More
	case !isValue && !asScript.diags.HasErrors():
		return asScript, Done
	}
	wrapped := source.NewFile(name, before+text+behind)
	body, wrongBody := parse.Parse(wrapped, opt)
	in := &input{file: file, parsed: wrapped, shift: strings.Count(before, "\n"), script: body, diags: wrongBody}
	switch {
	case isValue && !wrongBody.HasErrors():
		in.value = e.printing(body)
		return in, Done
	case !wrongBody.HasErrors():
		return in, Done
	case e.unfinished(file, opt, asScript.diags):
		return nil, More
	}
	if len(asScript.script.Items) > 0 || in.wrongOutside() || strings.Contains(text, "{") || strings.Contains(firstWord(text), ":") {
		return asScript, Done
	}
	return in, Done
}

// wrongOutside tells that the first thing wrong is in what was put around the text.
func (in *input) wrongOutside() bool {
	line := in.diags[0].Span.Start.Line - in.shift
	return line < 1 || line > strings.Count(in.file.Text, "\n")+1
}

// asScript reads a text that can be nothing but a script.
func (e *Engine) asScript(file *source.File) *input {
	script, diags := parse.Parse(file, parse.Options{IsValue: e.isValue})
	return &input{file: file, parsed: file, script: script, diags: diags}
}

// unfinished tells that more lines can make sense of a text: as a script, or as
// statements.
func (e *Engine) unfinished(file *source.File, opt parse.Options, script source.List) bool {
	if parse.Incomplete(script) {
		return true
	}
	_, open := parse.Parse(source.NewFile(file.Name, before+file.Text), opt)
	return parse.Incomplete(open)
}

func firstWord(text string) string {
	if words := strings.Fields(text); len(words) > 0 {
		return words[0]
	}
	return ""
}

// isValue tells the parser which bare names are values.
func (e *Engine) isValue(name string) bool {
	f := e.opt.Library.Func(name)
	return f != nil && f.Shape == check.Value
}

// isProbe tells that what reads as an expression is the name of a probe type,
// with its block still to come.
func (e *Engine) isProbe(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && e.opt.Library.Provider(id.Name) != nil && e.opt.Library.Func(id.Name) == nil
}

// printing makes the only expression of a script the argument of print, unless it
// has no value to print; then it gives nil.
func (e *Engine) printing(script *ast.Script) ast.Expr {
	probe, ok := script.Items[0].(*ast.Probe)
	if !ok || len(probe.Body.Stmts) != 1 {
		return nil
	}
	stmt, ok := probe.Body.Stmts[0].(*ast.ExprStmt)
	if !ok || e.isVoid(stmt.X) {
		return nil
	}
	value := stmt.X
	at := ast.At{Pos: value.Span().Start, EndPos: value.Span().End}
	stmt.X = &ast.Call{At: at, Name: printName, NameAt: at, Args: []ast.Expr{value}}
	return value
}

// valueless takes back what printing did, for a call of a macro that turned out to have no
// value; false when it is something else.
func (e *Engine) valueless(in *input) bool {
	call, ok := in.value.(*ast.Call)
	if !ok || e.opt.Library.Func(call.Name) != nil {
		return false
	}
	for _, item := range in.script.Items {
		if probe, ok := item.(*ast.Probe); ok {
			probe.Body.Stmts[0].(*ast.ExprStmt).X = call
		}
	}
	in.value = nil
	return true
}

// printName is the function that shows a value.
const printName = "print"

// isVoid tells that an expression is a call for its effect.
func (e *Engine) isVoid(x ast.Expr) bool {
	call, ok := x.(*ast.Call)
	if !ok {
		return false
	}
	f := e.opt.Library.Func(call.Name)
	if f == nil {
		return false // a macro, perhaps: see valueless
	}
	if f.Shape == check.Aggregation {
		return true // the checker says what it is for
	}
	for _, sig := range f.Sigs {
		if _, void := sig.Result.(types.Void); void {
			return true
		}
	}
	return false
}

// constant gives the text of a value that is known without running anything.
func constant(p *check.Program, x ast.Expr) (string, bool) {
	if x == nil || len(p.Instances) != 1 {
		return "", false
	}
	info := p.Instances[0].Info
	switch v := info.Consts[x].(type) {
	case int64:
		if _, plain := types.Settle(info.Types[x]).(types.Int); plain {
			return strconv.FormatInt(v, 10), true
		}
	case uint64:
		if _, plain := types.Settle(info.Types[x]).(types.Int); plain {
			return strconv.FormatUint(v, 10), true
		}
	case bool:
		return strconv.FormatBool(v), true
	case string:
		return v, true
	}
	return "", false
}

// typeOf gives the type of an expression at the prompt.
func (e *Engine) typeOf(text string) (types.Type, *input) {
	in, answer := e.read("#", text)
	if answer == More || in.value == nil || in.diags.HasErrors() {
		if in == nil || !in.diags.HasErrors() {
			in = &input{file: source.NewFile("#", text)}
			in.diags.Add(source.Errorf(in.file.Span(0, len(text)), "not-an-expression", "this is no expression"))
		}
		return nil, in
	}
	in.script.Items = append(e.defs.before(in.script.Items), in.script.Items...)
	program, diags := e.check(in.script)
	for _, inst := range program.Instances {
		if t := inst.Info.Types[in.value]; t != nil {
			return types.Settle(t), in
		}
		if m, ok := in.value.(*ast.Map); ok {
			if st := inst.Info.Maps[m]; st != nil && st.Value != nil {
				return st.Value, in
			}
		}
	}
	in.diags = diags
	if !diags.HasErrors() {
		in.diags.Add(source.Errorf(in.value.Span(), "no-type", "%s has no value", ast.ExprString(in.value)))
	}
	return nil, in
}

// roomy gives numbers and strings the room that later values may want: the types of a
// map stay as they are when it has been made.
func roomy(t types.Type) types.Type {
	switch t := t.(type) {
	case types.Int:
		return types.Int{Bits: 64, Signed: t.Signed}
	case types.String:
		if t.N < shortString {
			return types.String{N: roomyString}
		}
	case *types.Tuple:
		return &types.Tuple{Elems: roomyAll(t.Elems)}
	case *types.Record:
		return &types.Record{Names: t.Names, Elems: roomyAll(t.Elems)}
	}
	return t
}

// A string of fewer than shortString bytes is as good as always a literal.
const (
	shortString = 16
	roomyString = 64
)

func roomyAll(elems []types.Type) []types.Type {
	out := make([]types.Type, len(elems))
	for i, t := range elems {
		out[i] = roomy(t)
	}
	return out
}

// describeMap is a map's declaration, as it were.
func describeMap(m *check.Map) string {
	if m.Key == nil {
		return fmt.Sprintf("%s: %s", m.Name, m.Value)
	}
	return fmt.Sprintf("%s[%s]: %s", m.Name, m.Key, m.Value)
}
