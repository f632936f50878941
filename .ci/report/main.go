// Command report turns runs of Go tests into what a person wants to read: what
// failed, with its output; what was skipped, and why; the counts.
//
//	report FILE                     one run: the output of go test -json
//	report [-features OUT] NAME=FILE...
//	                                runs on several kernels, one log each, written
//	                                by .ci/vm; ends with a table
//
// The exit status is 1 when a test failed, a package or a machine broke, or nothing
// ran.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	features := flag.String("features", "", "write the table of features to this `file`")
	flag.Parse()
	ok, err := report(flag.Args(), *features)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

func report(args []string, features string) (ok bool, err error) {
	if len(args) == 1 && !strings.Contains(args[0], "=") {
		f, err := os.Open(args[0])
		if err != nil {
			return false, err
		}
		defer f.Close()
		r := newRun("")
		if err := r.readJSON(f); err != nil {
			return false, err
		}
		r.print(os.Stdout)
		fmt.Printf("%d passed, %d failed, %d skipped\n", r.passed, len(r.failed), len(r.skipped))
		return r.good(), nil
	}
	ok = true
	var runs []*run
	for _, arg := range args {
		name, path, _ := strings.Cut(arg, "=")
		r, err := readMachine(name, path)
		if err != nil {
			return false, err
		}
		fmt.Printf("== %s (%s)\n", r.name, r.version)
		r.print(os.Stdout)
		ok = ok && r.good()
		runs = append(runs, r)
	}
	printTable(os.Stdout, runs)
	if features == "" {
		return ok, nil
	}
	return ok, writeFeatures(features, runs)
}
