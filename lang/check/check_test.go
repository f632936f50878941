package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/check/hosttest"
	"sonde/lang/parse"
	"sonde/lang/source"
)

// expected is what a comment in a test script promises: a diagnostic at the
// token behind the comment.
type expected struct {
	severity source.Severity
	re       *regexp.Regexp
	line     int
	column   int
	met      bool
}

var (
	comment = regexp.MustCompile(`/\* (ERROR|WARN) ("(?:[^"\\]|\\.)*") \*/`)
	blank   = regexp.MustCompile(`^(\s|/\*([^*]|\*[^/])*\*/)*`)
)

// chunks cuts a test file at lines of ---; each keeps its line numbers.
func chunks(text string) []string {
	var out []string
	line := 0
	for _, c := range strings.Split(text, "\n---\n") {
		out = append(out, strings.Repeat("\n", line)+c)
		line += strings.Count(c, "\n") + 2
	}
	return out
}

func expectations(t *testing.T, f *source.File) []*expected {
	var out []*expected
	for _, m := range comment.FindAllStringSubmatchIndex(f.Text, -1) {
		pattern, err := strconv.Unquote(f.Text[m[4]:m[5]])
		if err != nil {
			t.Fatalf("%s: %v", f.Pos(m[0]), err)
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatalf("%s: %v", f.Pos(m[0]), err)
		}
		e := &expected{severity: source.Error, re: re}
		if f.Text[m[2]:m[3]] == "WARN" {
			e.severity = source.Warning
		}
		at := f.Pos(m[1] + len(blank.FindString(f.Text[m[1]:])))
		e.line, e.column = at.Line, at.Column
		out = append(out, e)
	}
	return out
}

var directive = regexp.MustCompile(`(?m)^// ([a-z]+): ?(.*)$`)

// options reads the // name: value lines of a chunk.
func options(text string) *check.Options {
	opt := &check.Options{}
	for _, m := range directive.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "params":
			opt.Params = strings.Fields(m[2])
		case "mode":
			opt.Mode = map[string]check.Mode{"testing": check.Testing}[m[2]]
		case "named":
			name, value, _ := strings.Cut(m[2], "=")
			opt.Named = map[string]string{name: value}
		case "unsafe":
			opt.Unsafe = true
		}
	}
	return opt
}

func run(t *testing.T, lib check.Library, f *source.File, opt *check.Options) (*check.Program, source.List) {
	t.Helper()
	script, list := parse.Parse(f, parse.Options{IsValue: func(name string) bool {
		fn := lib.Func(name)
		return fn != nil && fn.Shape == check.Value
	}})
	if list.HasErrors() {
		for _, d := range list {
			t.Errorf("%s", d.Error())
		}
		t.FailNow()
	}
	return check.Check(script, lib, hosttest.New(), opt)
}

// TestDiagnostics runs testdata/check: what is promised must be said, at the
// place, and nothing else. Every code must be promised somewhere.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("../../testdata/check/*.bt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test scripts: %v", err)
	}
	said := map[source.Code]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			for _, chunk := range chunks(string(text)) {
				f := source.NewFile(filepath.Base(name), chunk)
				want := expectations(t, f)
				_, got := run(t, checktest.New(), f, options(chunk))
				for _, d := range got {
					said[d.Code] = true
					if !meets(want, d) {
						t.Errorf("unexpected (%s): %s", d.Code, d.Error())
					}
				}
				for _, e := range want {
					if !e.met {
						t.Errorf("%s:%d:%d: no %s that matches %q", f.Name, e.line, e.column, e.severity, e.re)
					}
				}
			}
		})
	}
	if t.Failed() {
		return
	}
	for code := range check.Codes {
		if !said[code] {
			t.Errorf("no script in testdata/check shows the code %s", code)
		}
	}
}

// meets finds the expectation that d meets. What is said about the command line has
// no place, and meets one anywhere.
func meets(want []*expected, d *source.Diagnostic) bool {
	for _, e := range want {
		at := d.Span.Start
		here := !at.IsValid() || e.line == at.Line && e.column == at.Column
		if !e.met && e.severity == d.Severity && here && e.re.MatchString(d.Msg) {
			e.met = true
			return true
		}
	}
	return false
}
