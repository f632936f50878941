package stdlib

import (
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/check/hosttest"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/source/golden"
	"sonde/lang/types"
)

// TestDiagnostics compares what is said about wrong scripts, as it is shown, with
// testdata/diagnostics. There each line of NAME.bt is a script, and NAME.txt what is said
// about them one after the other. Comments of the form "// word: value" are for the script
// behind them: see setting. "\n" in a script begins a line.
func TestDiagnostics(t *testing.T) {
	golden.Archives(t, "../testdata/diagnostics/*.txtar", func(t *testing.T, a *golden.Archive) {
		for name, scripts := range a.Scripts() {
			t.Run(name, func(t *testing.T) {
				var got strings.Builder
				for _, c := range wrongScripts(t, scripts) {
					list := c.diagnose(t, Default())
					if len(list) == 0 {
						t.Errorf("nothing is said about %s", c.file.Text)
					}
					if err := list.Render(&got, []*source.File{c.file}, false); err != nil {
						t.Fatal(err)
					}
				}
				a.Expect(t, name+".txt", got.String())
			})
		}
	})
}

// wrongScript is a script and the circumstances in which it is wrong.
type wrongScript struct {
	file *source.File
	host *hosttest.Host
	opt  check.Options
	// broken: the machine fails to answer.
	broken bool
}

// wrongScripts reads the lines of a golden file.
func wrongScripts(t *testing.T, text string) (all []*wrongScript) {
	next := func() *wrongScript {
		c := &wrongScript{host: hosttest.New(), opt: check.Options{Unsafe: true}}
		const bash = "/usr/bin/bash"
		c.host.Files[bash] = append(c.host.Files[bash], check.BinarySymbol{Name: "table", Address: 0x500000, Offset: 0x9000, Size: 64})
		c.host.Loaded = append(c.host.Loaded, check.BPFProgram{ID: 7, Name: "old"},
			check.BPFProgram{ID: 8, Name: "bound", Tracing: true, Funcs: []*types.Func{{Name: "bound", Result: types.Int32}}})
		return c
	}
	c := next()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if comment, ok := strings.CutPrefix(line, "// "); ok {
			word, value, _ := strings.Cut(comment, ":")
			c.setting(t, word, strings.TrimSpace(value))
			continue
		}
		c.file = source.NewFile("x.bt", strings.ReplaceAll(line, `\n`, "\n"))
		all = append(all, c)
		c = next()
	}
	return all
}

func (c *wrongScript) setting(t *testing.T, word, value string) {
	switch word {
	case "arch":
		c.host.Machine = value
	case "kernel":
		var v feature.Version
		if _, err := fmt.Sscanf(value, "%d.%d", &v.Major, &v.Minor); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		c.host.Set = feature.UpTo(v)
	case "safe":
		c.opt.Unsafe = false
	case "offline":
		c.opt.Offline = true
	case "functions": // so many more
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			c.host.Funcs = append(c.host.Funcs, fmt.Sprint("vmlinux:f_", i))
		}
	case "params":
		c.opt.Params = strings.Fields(value)
	case "named":
		name, value, _ := strings.Cut(value, "=")
		c.opt.Named = map[string]string{name: value}
	case "without": // BTF
		c.host.Types = nil
	case "inlined": // where a function was put
		name, place, _ := strings.Cut(value, " ")
		c.host.Debug = map[string][]check.KernelPlace{name: {{Function: place, Offset: 16, Address: 0xffffffff81200010}}}
	case "broken":
		c.broken = true
	case "include":
		c.opt.Includes = []string{value}
	default:
		t.Fatalf("no setting %q", word)
	}
}

// brokenHost is a machine whose files can not be read.
type brokenHost struct{ check.Host }

var errBroken = fs.ErrPermission

func (brokenHost) Programs(uint32) ([]check.BPFProgram, error) { return nil, errBroken }
func (brokenHost) Functions(_, _ string) ([]string, error)     { return nil, errBroken }
func (brokenHost) Tracepoints(_, _ string) ([]string, error)   { return nil, errBroken }
func (brokenHost) RawTracepoints(_ string) ([]string, error)   { return nil, errBroken }
func (brokenHost) KernelSymbol(_ string) (uint64, error)       { return 0, errBroken }

// diagnose gives what parser, checker and lowering say.
func (c *wrongScript) diagnose(t *testing.T, lib *Library) source.List {
	script, list := parse.Parse(c.file, parse.Options{IsValue: func(name string) bool {
		fn := lib.Func(name)
		return fn != nil && fn.Shape == check.Value
	}})
	if list.HasErrors() {
		return list
	}
	var err error
	if c.opt.Config, err = config.Load(nil); err != nil {
		t.Fatal(err)
	}
	var host check.Host = c.host
	if c.broken {
		host = brokenHost{host}
	}
	p, more := check.Check(script, lib, host, &c.opt)
	list = append(list, more...)
	if list.HasErrors() {
		return list
	}
	if _, err := lower.Lower(p, lib, c.host, lower.Options{FrameLimit: 32}); err != nil {
		d, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("%s: %v", c.file.Text, err)
		}
		for _, err := range d.Unwrap() {
			list = append(list, err.(*source.Diagnostic))
		}
	}
	return list
}

// reporters are the functions whose first string literal is what a diagnostic says.
var reporters = map[string]bool{"Errorf": true, "Warningf": true, "errorf": true, "warnf": true, "bad": true, "wrong": true,
	"refuse": true, "fail": true}

// impossible are messages that no script can bring about on the machine of the tests, by
// how they begin, and why they are there all the same.
var impossible = []struct{ text, why string }{
	{"nested more than", "long scripts: package parse makes them for its tests"},
	{"more than %d operators", "likewise"},
	{"internal error", "what the checker should not have let pass"},
}

// TestEachDiagnosticIsShown looks for the messages of the front end and of the library in
// the code, and wants each to be shown by a script: in testdata/diagnostics, check or parse.
func TestEachDiagnosticIsShown(t *testing.T) {
	said := allMessages(t)
	parsed := goldenText(t, "../testdata/parse/*.txtar") + goldenText(t, "../testdata/repl/*.txtar")
	total := 0
	for _, dir := range []string{"../lang/parse", "../lang/check", "../stdlib/builtin", "../stdlib/aggr", "../stdlib/probe", "../stdlib/format",
		"../codegen/lower"} {
		for at, format := range messageFormats(t, dir) {
			if slices.ContainsFunc(impossible, func(i struct{ text, why string }) bool { return strings.HasPrefix(format, i.text) }) {
				continue
			}
			total++
			re := formatPattern(format)
			if !slices.ContainsFunc(said, re.MatchString) && !re.MatchString(parsed) {
				t.Errorf("%s: no script in testdata shows %q", at, format)
			}
		}
	}
	if total < 200 {
		t.Errorf("only %d messages found in the code", total)
	}
}

var formatVerb = regexp.MustCompile(`%[-+# 0]*[0-9]*(?:\\\.[0-9]+)?[a-zA-Z]`)

// formatPattern matches what a format can give.
func formatPattern(format string) *regexp.Regexp {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(format), "%%", "\x00")
	return regexp.MustCompile(`(?s)` + strings.ReplaceAll(formatVerb.ReplaceAllString(quoted, ".*"), "\x00", "%"))
}

// messageFormats gives the formats of messages in a folder, by their place; those that
// say nothing themselves ("%s") are left out.
func messageFormats(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files: %v", dir, err)
	}
	files := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		goast.Inspect(f, func(n goast.Node) bool {
			call, ok := n.(*goast.CallExpr)
			if !ok || !reporters[calledName(call)] {
				return true
			}
			for i, a := range call.Args {
				lit, ok := a.(*goast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil || i+1 < len(call.Args) && !strings.Contains(text, "%") {
					continue // a code
				}
				if strings.ContainsFunc(formatVerb.ReplaceAllString(text, ""), func(r rune) bool { return r >= 'a' && r <= 'z' }) {
					out[fmt.Sprint(files.Position(lit.Pos()))] = text
				}
				break
			}
			return true
		})
	}
	return out
}

func calledName(call *goast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *goast.Ident:
		return f.Name
	case *goast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// allMessages are those of testdata/diagnostics and testdata/check.
func allMessages(t *testing.T) (said []string) {
	add := func(list source.List) {
		for _, d := range list {
			said = append(said, d.Msg)
		}
	}
	paths, _ := filepath.Glob("../testdata/diagnostics/*.txtar")
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".bt") {
				for _, c := range wrongScripts(t, string(f.Data)) {
					add(c.diagnose(t, Default()))
				}
			}
		}
	}
	paths, _ = filepath.Glob("../testdata/check/*.bt")
	lib := checktest.New()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for chunk := range strings.SplitSeq(string(text), "\n---\n") {
			script, _ := parse.Parse(source.NewFile(path, chunk), parse.Options{IsValue: func(name string) bool {
				fn := lib.Func(name)
				return fn != nil && fn.Shape == check.Value
			}})
			if script == nil {
				continue
			}
			opt := &check.Options{Unsafe: strings.Contains(chunk, "// unsafe")}
			_, list := check.Check(script, lib, hosttest.New(), opt)
			add(list)
		}
	}
	return said
}

func goldenText(t *testing.T, pattern string) string {
	var all strings.Builder
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files: %v", pattern, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
