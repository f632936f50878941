package repl

import (
	"slices"
	"strings"

	"sonde/lang/ast"
)

// script is what runs, as the text of one script: what each run consists of, with the
// comments before it, in the order that a script has its parts.
func (e *Engine) script() string {
	type part struct {
		rank int
		text string
	}
	var parts []part
	seen := map[string]bool{}
	add := func(rank int, text string) {
		text = strings.TrimSpace(text)
		if text != "" && !seen[text] {
			seen[text] = true
			parts = append(parts, part{rank, text})
		}
	}
	for _, item := range e.defs.items {
		for _, f := range e.defs.files {
			if s := item.Span(); f.Name == s.Start.Filename {
				add(rank(item), f.Text[s.Start.Offset:s.End.Offset])
			}
		}
	}
	for _, r := range e.running() {
		text, from := r.in.file.Text, len(r.in.script.Header)
		for _, item := range r.in.script.Items {
			if s := item.Span(); !slices.Contains(e.defs.items, item) {
				add(rank(item), text[from:s.End.Offset])
				from = s.End.Offset
			}
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return a.rank - b.rank })
	var out strings.Builder
	out.WriteString("#!/usr/bin/env sonde\n")
	for _, p := range parts {
		out.WriteString("\n" + p.text + "\n")
	}
	return out.String()
}

// attachPoints gives the attach points of an item as written.
func attachPoints(item ast.Item) []string {
	probe, ok := item.(*ast.Probe)
	if !ok {
		return nil
	}
	var points []string
	for _, p := range probe.Points {
		points = append(points, p.Text)
	}
	return points
}
