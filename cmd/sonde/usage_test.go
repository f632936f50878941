package main

import (
	"strings"
	"testing"

	"sonde/lang/source/golden"
)

// TestDescribe prints what is known of each kind of name: testdata/help.txtar has a
// file for each name asked for. What is not known proposes what is.
func TestDescribe(t *testing.T) {
	golden.Archives(t, "../../testdata/help.txtar", func(t *testing.T, a *golden.Archive) {
		for _, f := range a.Files {
			got, ok := describe(f.Name)
			if !ok {
				got = unknownName(f.Name).Error() + "\n"
			}
			a.Expect(t, f.Name, got)
		}
	})
}

// TestUnknownOption: an option that is nearly one is told.
func TestUnknownOption(t *testing.T) {
	_, err := parseArguments(strings.Fields("--outptu x"))
	if err == nil || err.Error() != "USAGE: unknown flag: --outptu; did you mean --output?" {
		t.Errorf("got %v", err)
	}
}
