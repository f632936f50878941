package main

import (
	"bytes"
	"testing"

	"sonde/runtime"
)

func TestProgressLine(t *testing.T) {
	var b bytes.Buffer
	tell := progressLine(&b)
	for _, p := range []runtime.Progress{{What: "programs loaded", Done: 9, Total: 12}, {What: "probes attached", Done: 10, Total: 11}, {What: "x", Done: 1, Total: 2}, {}} {
		tell(p)
	}
	const want = "\r9 of 12 programs loaded\r10 of 11 probes attached\r1 of 2 x                \r        \r"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
