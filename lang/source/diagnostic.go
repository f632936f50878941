package source

import "fmt"

// Severity orders diagnostics by what they mean for the run.
type Severity uint8

const (
	// Error stops the script from running.
	Error Severity = iota
	// Warning does not.
	Warning
)

// String gives the word that a rendered diagnostic begins with.
func (s Severity) String() string {
	if s == Warning {
		return "WARNING"
	}
	return "ERROR"
}

// Code names a kind of diagnostic, in kebab case: "unknown-field". Two messages
// share a code if one could imagine both being written at one place. Every code
// has an example under testdata/check.
type Code string

// Note is a further line of a diagnostic, with a place of its own when Span is
// valid ("first declared here").
type Note struct {
	Span Span
	Text string
}

// Diagnostic is one thing to say about a script. Msg names the thing and its
// types; Hint says what to do about it, and may be empty.
type Diagnostic struct {
	Severity Severity
	Code     Code
	Span     Span
	Msg      string
	Notes    []Note
	Hint     string
}

// Error gives the first line of the rendered form, so that a diagnostic can
// travel as an error.
func (d *Diagnostic) Error() string {
	if !d.Span.IsValid() {
		return fmt.Sprintf("%s: %s", d.Severity, d.Msg)
	}
	return fmt.Sprintf("%s: %s: %s", d.Span, d.Severity, d.Msg)
}

// WithHint sets the hint and returns d.
func (d *Diagnostic) WithHint(format string, args ...any) *Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// WithNote adds a note and returns d.
func (d *Diagnostic) WithNote(at Span, format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Note{at, fmt.Sprintf(format, args...)})
	return d
}

// Errorf makes an error diagnostic.
func Errorf(at Span, code Code, format string, args ...any) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: code, Span: at, Msg: fmt.Sprintf(format, args...)}
}

// Warningf makes a warning.
func Warningf(at Span, code Code, format string, args ...any) *Diagnostic {
	return &Diagnostic{Severity: Warning, Code: code, Span: at, Msg: fmt.Sprintf(format, args...)}
}

// List is what a layer returns: everything it had to say, in script order.
type List []*Diagnostic

// HasErrors tells whether anything in l stops the run.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Add appends d and returns it, for hints and notes to be chained on.
func (l *List) Add(d *Diagnostic) *Diagnostic {
	*l = append(*l, d)
	return d
}
