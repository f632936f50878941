package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// run is what became of the tests of one machine.
type run struct {
	name, version    string
	seconds          string
	passed           int
	failed, skipped  []result
	broken           []string
	features         map[string]string // yes, no or unknown, for each
	since            map[string]string // the kernel each came with
	output           map[string]*strings.Builder
	hasSubtests      map[string]bool
	finishedPackages int
}

// result is a test and what it printed.
type result struct{ test, output string }

func newRun(name string) *run {
	return &run{
		name: name, features: map[string]string{}, since: map[string]string{},
		output: map[string]*strings.Builder{}, hasSubtests: map[string]bool{},
	}
}

func (r *run) good() bool { return len(r.failed) == 0 && len(r.broken) == 0 && r.passed > 0 }

// event is a line of go test -json.
type event struct{ Action, Package, ImportPath, Test, Output string }

func (r *run) readJSON(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var e event
			if jsonErr := json.Unmarshal(line, &e); jsonErr != nil {
				// go test itself had something to say.
				r.broken = append(r.broken, string(line))
			} else {
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *run) take(e event) {
	id := strings.TrimPrefix(e.Package, "sonde/")
	if e.ImportPath != "" {
		id = e.ImportPath
	}
	if e.Test != "" {
		id += "." + e.Test
		if i := strings.LastIndexByte(id, '/'); i > len(e.Package) {
			r.hasSubtests[id[:i]] = true
		}
	}
	text := r.output[id]
	if text == nil {
		text = &strings.Builder{}
		r.output[id] = text
	}
	switch e.Action {
	case "output", "build-output":
		if !noise(e.Output) {
			text.WriteString(e.Output)
		}
		r.takeFeature(e.Output)
	case "pass":
		if e.Test != "" {
			r.passed++
		}
	case "skip":
		if e.Test != "" {
			r.skipped = append(r.skipped, result{id, text.String()})
		}
	case "fail":
		// A failed subtest tells more than the test that it is part of.
		if e.Test != "" && !r.hasSubtests[id] {
			r.failed = append(r.failed, result{id, text.String()})
		} else if e.Test == "" && !slices.ContainsFunc(r.failed, func(f result) bool { return strings.HasPrefix(f.test, id+".") }) {
			r.broken = append(r.broken, id+"\n"+text.String())
		}
	case "build-fail":
		r.broken = append(r.broken, id+" does not build\n"+text.String())
	}
}

// noise tells lines that test frames itself with.
func noise(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ")
}

// takeFeature notes a line of featuretest's TestFeatures.
func (r *run) takeFeature(line string) {
	_, rest, ok := strings.Cut(line, "feature: ")
	if !ok {
		return
	}
	var name, has, since string
	if n, _ := fmt.Sscan(rest, &name, &has, &since); n == 3 {
		r.features[name], r.since[name] = has, since
	}
}

// reason is what a skipped test said, on one line without the place.
func (s result) reason() string {
	text := strings.Join(strings.Fields(s.output), " ")
	if file, rest, ok := strings.Cut(text, ": "); ok && strings.Contains(file, ".go:") {
		text = rest
	}
	return text
}

func (r *run) print(w io.Writer) {
	for _, s := range r.skipped {
		fmt.Fprintf(w, "skipped %s: %s\n", s.test, s.reason())
	}
	for _, f := range r.failed {
		fmt.Fprintf(w, "FAILED %s\n%s\n", f.test, f.output)
	}
	for _, b := range r.broken {
		fmt.Fprintf(w, "FAILED %s\n", b)
	}
	if r.passed == 0 {
		fmt.Fprintln(w, "no test ran")
	}
}

// readMachine reads a log of .ci/vm: lines "=== package NAME", what the package's
// test binary printed, "=== status N"; "=== kernel VERSION" at the top and "=== end"
// at the end.
func readMachine(name, path string) (*run, error) {
	log, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := newRun(name)
	var pkg string
	var part bytes.Buffer
	ended := false
	for line := range strings.Lines(string(log)) {
		mark, ok := strings.CutPrefix(strings.TrimSpace(line), "=== ")
		key, value, _ := strings.Cut(mark, " ")
		switch {
		case ok && key == "kernel":
			r.version = value
		case ok && key == "seconds":
			r.seconds = value
		case ok && key == "package":
			pkg = value
			part.Reset()
		case ok && key == "status":
			if err := r.readText(pkg, &part, value); err != nil {
				return nil, err
			}
			pkg = ""
		case ok && key == "end":
			ended = true
		default:
			part.WriteString(line)
		}
	}
	if pkg != "" {
		if err := r.readText(pkg, &part, "none: the machine stopped"); err != nil {
			return nil, err
		}
	}
	r.unexcused()
	if !ended {
		r.broken = append(r.broken, "the machine did not come to the end:\n"+tail(string(log), 30))
	}
	return r, nil
}

// unexcused makes failures of skips that the kernel is no reason for: the machines
// are made for these tests, which run as root in them. A feature that its own test found
// excuses nothing, whatever the skipped test says.
func (r *run) unexcused() {
	r.skipped = slices.DeleteFunc(r.skipped, func(s result) bool {
		need, ok := strings.CutPrefix(s.reason(), "needs ")
		name, _, _ := strings.Cut(need, ":")
		excused := ok && r.features[name] != "yes" && !strings.HasPrefix(need, "root") && !strings.HasPrefix(need, "the module")
		if !excused {
			r.failed = append(r.failed, result{s.test, "skipped without a reason that holds here: " + s.output})
		}
		return !excused
	})
}

// readText reads what a test binary printed with -test.v=test2json.
func (r *run) readText(pkg string, text io.Reader, status string) error {
	convert := exec.Command("go", "tool", "test2json", "-p", "sonde/"+pkg)
	convert.Stdin = text
	out, err := convert.Output()
	if err != nil {
		return fmt.Errorf("test2json: %w", err)
	}
	failed := len(r.failed) + len(r.broken)
	if err := r.readJSON(bytes.NewReader(out)); err != nil {
		return err
	}
	if status != "0" && len(r.failed)+len(r.broken) == failed {
		r.broken = append(r.broken, fmt.Sprintf("%s ended with status %s", pkg, status))
	}
	r.finishedPackages++
	return nil
}

func tail(s string, n int) string {
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}
