package runtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"sonde/lang/arch"
	"sonde/lang/feature"
	"sonde/lang/source/golden"
	"sonde/runtime/feature/featuretest"
)

func itoa(n int) string { return strconv.Itoa(n) }

// testCase is a script and what it says about its run.
type testCase struct {
	name, script string
	example      string
	work         []string
	until        string
	args, words  []string
	needs        []string
	programs     []string
	module       string
	processor    string
	patience     time.Duration
	without      string
	status       int
	want         map[string]*txtar.File // by kind: txt, err
}

// TestCases runs the cases of testdata/run/tool.
func TestCases(t *testing.T) {
	archives, err := filepath.Glob("../../../testdata/run/tool/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := parseCases(archive)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, c.run)
				if c.without != "" {
					again := *c
					again.args = append([]string{"--no-feature", c.without}, c.args...)
					t.Run(c.name+"-without-"+c.without, again.run)
				}
			}
		})
		if golden.Update() {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func parseCases(archive *txtar.Archive) ([]*testCase, error) {
	var cases []*testCase
	for i := range archive.Files {
		f := &archive.Files[i]
		name, kind, _ := strings.Cut(f.Name, ".")
		if kind == "bt" {
			c, err := parseCase(name, string(f.Data))
			if err != nil {
				return nil, err
			}
			cases = append(cases, c)
			continue
		}
		if len(cases) == 0 || cases[len(cases)-1].name != name || kind != "txt" && kind != "err" {
			return nil, errors.New(f.Name + " belongs to no script before it")
		}
		cases[len(cases)-1].want[kind] = f
	}
	return cases, nil
}

func parseCase(name, script string) (*testCase, error) {
	c := &testCase{name: name, script: script, patience: patience, want: map[string]*txtar.File{}}
	for line := range strings.Lines(script) {
		text, ok := strings.CutPrefix(line, "// ")
		if !ok {
			break
		}
		key, value, ok := strings.Cut(strings.TrimSpace(text), ": ")
		if !ok || strings.ContainsAny(key, " ,") {
			continue // prose
		}
		words, err := split(value)
		if err != nil {
			return nil, err
		}
		switch key {
		case "work":
			c.work = words
		case "until":
			c.until = value
		case "args":
			c.args = words
		case "words":
			c.words = words
		case "example":
			c.example = value
		case "needs":
			c.needs = words
		case "ways":
			c.without = value
		case "program":
			c.programs = words
		case "module":
			c.module = value
		case "processor":
			if c.processor = value; arch.Of(value) == nil {
				return nil, fmt.Errorf("%s: there is no processor %q", name, value)
			}
		case "patience":
			seconds, err := strconv.Atoi(value)
			if err != nil {
				return nil, err
			}
			c.patience = time.Duration(seconds) * time.Second
		case "status":
			if c.status, err = strconv.Atoi(value); err != nil {
				return nil, err
			}
		default:
			return nil, errors.New(name + ": no directive " + key)
		}
	}
	return c, nil
}

// split splits at blanks outside of single quotes.
func split(s string) ([]string, error) {
	var words []string
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	if strings.Count(s, "'")%2 != 0 {
		return nil, errors.New("open quote: " + s)
	}
	return words, nil
}

func (c *testCase) run(t *testing.T) {
	featuretest.NeedRoot(t)
	for _, name := range c.needs {
		f := feature.Named(name)
		if f == nil {
			t.Fatalf("no feature %s", name)
		}
		featuretest.Need(t, f)
	}
	for _, name := range c.programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs the program %s", name)
		}
	}
	if _, err := os.Stat("/sys/module/" + c.module); c.module != "" && err != nil {
		t.Skipf("needs the module %s", c.module)
	}
	if c.processor != "" && c.processor != runtime.GOARCH {
		t.Skipf("needs the processor %s", c.processor)
	}
	tmp := t.TempDir()
	values := []string{"$tmp", tmp, "$work", workDir}
	script := filepath.Join(tmp, c.name+".bt")
	if c.example != "" {
		script = filepath.Join(exampleDir, c.example)
	} else if err := os.WriteFile(script, []byte(c.script), 0o644); err != nil {
		t.Fatal(err)
	}
	var w *workload
	if c.work != nil {
		w = prepareWorkload(t, replaced(c.work, values))
		values = append(values, "$pid", itoa(w.cmd.Process.Pid))
	}
	args := slices.Concat(replaced(c.args, values), []string{script}, replaced(c.words, values))
	r := start(t, c.patience, tool, os.Environ(), args...)
	if w != nil {
		<-r.attached
		w.run(t)
		if c.until != "" {
			r.awaitLine(strings.NewReplacer(values...).Replace(c.until))
		}
		r.interrupt(t)
	}
	status, out, errs := r.wait(t)
	if status != c.status {
		t.Errorf("exit status %d, expected %d\n%s%s", status, c.status, out, errs)
	}
	if !featuretest.Has(feature.RawTPCalm) {
		errs = missed.ReplaceAllString(errs, "")
	}
	good := c.compare(t, "txt", out, values)
	if c.compare(t, "err", errs, values) && !good {
		t.Logf("standard error, as expected:\n%s", errs)
	}
}

// missed is the warning that runs were missed, with the line that it shows. A kernel that
// preempts programs leaves out runs of busy tracepoints for other processes at any time;
// those for the workload count in what is printed.
var missed = regexp.MustCompile(`(?m)^.*WARNING: .* missed \d+ (time|call)s?: .*\n.*\n *~+\n`)

// compare checks one output. Where nothing is said about standard error, it is
// what the tool says when all is well.
func (c *testCase) compare(t *testing.T, kind, got string, values []string) (good bool) {
	t.Helper()
	f, want := c.want[kind], ""
	switch {
	case f != nil:
		want = strings.NewReplacer(values...).Replace(string(f.Data))
	case kind == "err":
		want = "~ Attached \\d+ probes?"
	}
	switch {
	case match(want, got):
		return true
	case f != nil && golden.Update() && literal(string(f.Data)):
		f.Data = []byte(got)
		return true
	}
	t.Errorf("%s\nprinted (%s):\n%s\nexpected:\n%s", c.script, kind, got, want)
	return false
}

func replaced(words, values []string) []string {
	r := strings.NewReplacer(values...)
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = r.Replace(w)
	}
	return out
}
