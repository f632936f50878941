package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Errorf and Warnf share this file because only a word tells them apart.

// Errorf reports an error.
var Errorf = reported("errorf", source.Error, `Reports an error, with its place in the script, on standard error.
The script goes on; see exit. The format is as for printf.`,
	record.Example{Script: `begin { if (1 > 2) { errorf("got %d", 2); } }`})

// Warnf reports a warning.
var Warnf = reported("warnf", source.Warning, `Reports a warning, with its place in the script, on standard error.
The format is as for printf. With --no-warnings it does nothing.`,
	record.Example{Script: `begin { if (1 > 2) { warnf("got %d", 2); } }`})

func reported(name string, severity source.Severity, doc string, examples ...record.Example) *record.Builtin {
	r := formatted{
		name: name,
		act: func(s event.Session, ev *plan.Event, text []byte) {
			reportAt(s, ev, severity, ev.Action, string(text))
		},
		doc:      doc,
		examples: examples,
	}.record()
	r.Lowering.Value = func(b *lower.Builder, c *check.Call) *ssa.Value {
		if severity == source.Warning && b.Options().NoWarnings {
			return nil
		}
		return emitFormat(b, c)
	}
	return r
}

// reportAt writes a message about the place in the script that an event comes
// from.
func reportAt(s event.Session, ev *plan.Event, severity source.Severity, kind, text string) {
	d := source.Diagnostic{Severity: severity, Span: ev.Span, Msg: text}
	if severity == source.Error {
		s.Failed()
	}
	text = d.Error()
	for _, call := range ev.Calls {
		text += "\n" + (&source.Diagnostic{Severity: severity, Span: call, Msg: "expanded from"}).Error()
	}
	at := ev.Span.Start
	s.Out().Message(kind, []event.Field{
		{Name: "msg", Value: d.Msg},
		{Name: "filename", Value: at.Filename},
		{Name: "line", Value: at.Line},
		{Name: "col", Value: at.Column},
	}, text)
}

// runtimeError is the JSON record of what goes wrong on behalf of a script while it
// runs.
const runtimeError = "runtime_error"
