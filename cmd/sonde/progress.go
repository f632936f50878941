package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"sonde/runtime"
)

// progress tells how far a start has come, if that is wanted; else it is nil.
func progress(a *arguments) func(runtime.Progress) {
	if a.quiet || !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil
	}
	return progressLine(os.Stderr)
}

// watch tells how far the host has come with something that takes long; nil: nothing is
// told.
func watch(a *arguments) func(what string, done func() (done, total int)) (over func()) {
	tell := progress(a)
	if tell == nil {
		return nil
	}
	return func(what string, done func() (done, total int)) (over func()) {
		return runtime.Watch(tell, what, done)
	}
}

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
