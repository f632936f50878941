// Package probe holds the probe types, one record per file.
//
// Comes in: attach points as written, and the host's answers about what there is
// to attach to. Goes out: targets with the kernel mechanism that reaches them,
// and the context that a program there runs in. Parsing an attach point asks
// nothing of the machine; only Expand and Context do.
package probe

import (
	"path"
	"strings"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/source"
)

// Codes of the diagnostics of attach points.
const (
	codeParts  source.Code = "attach-point-parts"
	codeValue  source.Code = "attach-point-value"
	codeTarget source.Code = "unknown-target"
	codeHost   source.Code = "host-query"
)

// bad makes a diagnostic at the attach point.
func bad(p *check.Point, code source.Code, format string, args ...any) *source.Diagnostic {
	return source.Errorf(p.Node.Span(), code, format, args...)
}

// wantParts checks how many parts stand behind the provider's name.
func wantParts(p *check.Point, least, most int, forms ...string) *source.Diagnostic {
	if n := len(p.Parts); n >= least && n <= most {
		return nil
	}
	return bad(p, codeParts, "%s takes %s, not %s", p.Provider.Name, count(least, most, "argument"), number(len(p.Parts))).
		WithHint("write %s", strings.Join(forms, " or "))
}

var numbers = [...]string{"none", "one", "two", "three", "four"}

func number(n int) string {
	if n < len(numbers) {
		return numbers[n]
	}
	return "more"
}

func count(least, most int, what string) string {
	if most != 1 {
		what += "s"
	}
	if most == 0 {
		return "no " + what
	}
	if least == most {
		return number(least) + " " + what
	}
	return number(least) + " to " + number(most) + " " + what
}

// isGlob tells whether a part is a pattern: * ? and [ are special, as in
// path.Match, except that * also matches slashes.
func isGlob(s string) bool { return strings.ContainsAny(s, "*?[") }

// match tells whether name fits the glob.
func match(glob, name string) bool {
	if glob == "*" || glob == name {
		return true
	}
	// path.Match keeps * within one path element; names here may hold slashes.
	ok, err := path.Match(strings.ReplaceAll(glob, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && ok
}

// mechanism is the Attach of records whose targets carry their mechanism.
func mechanism(t *check.Target, _ *check.Context) (plan.Mechanism, error) {
	return t.Data.(plan.Mechanism), nil
}

// single makes the Expand of records that have one target per attach point, with
// the data that Parse found.
func single(p *check.Point, name string) []check.Target {
	return []check.Target{{Point: p, Name: name, Data: p.Data}}
}
