package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestDescribe prints what is known of each kind of name: testdata/help.txtar has a
// file for each name asked for. What is not known proposes what is.
func TestDescribe(t *testing.T) {
	const path = "../../testdata/help.txtar"
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Files {
		f := &a.Files[i]
		got, ok := describe(f.Name)
		if !ok {
			got = unknownName(f.Name).Error() + "\n"
		}
		if !*update && got != string(f.Data) {
			t.Errorf("%s: got\n%s", f.Name, got)
		}
		f.Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnknownOption: an option that is nearly one is told.
func TestUnknownOption(t *testing.T) {
	_, err := parseArguments(strings.Fields("--outptu x"))
	if err == nil || err.Error() != "USAGE: unknown flag: --outptu; did you mean --output?" {
		t.Errorf("got %v", err)
	}
}
