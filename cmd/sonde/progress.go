package main

import (
	"fmt"
	"io"
	"strings"

	"sonde/runtime"
)

// progressLine shows how far a start has come, on one line of a terminal, which it
// writes anew each time and erases in the end.
func progressLine(w io.Writer) func(runtime.Progress) {
	shown := 0
	return func(p runtime.Progress) {
		text := ""
		if p.Total > 0 {
			text = fmt.Sprintf("%d of %d %s", p.Done, p.Total, p.What)
		}
		line := "\r" + text
		if rest := shown - len(text); rest > 0 {
			line += strings.Repeat(" ", rest)
		}
		if text == "" {
			line += "\r"
		}
		shown = len(text)
		fmt.Fprint(w, line)
	}
}
