package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// printTable says for each machine what ran, failed and was skipped for want of
// which feature.
func printTable(w io.Writer, runs []*run) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KERNEL\tVERSION\tSECONDS\tPASSED\tFAILED\tSKIPPED\tFOR WANT OF")
	for _, r := range runs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", r.name, r.version, r.seconds,
			r.passed, len(r.failed)+len(r.broken), len(r.skipped), r.wanting())
	}
	table.Flush()
}

// wanting lists what skipped tests needed, most wanted first.
func (r *run) wanting() string {
	count := map[string]int{}
	for _, s := range r.skipped {
		what := "other"
		if name, ok := strings.CutPrefix(s.reason(), "needs "); ok {
			what, _, _ = strings.Cut(name, ":")
		}
		count[what]++
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d)", name, count[name])
	}
	return strings.Join(names, ", ")
}

// marks are how the table shows what a kernel said of a feature.
var marks = map[string]string{"yes": "yes", "no": "–", "unknown": "?", "": "?"}

// writeFeatures writes a Markdown table of the features that each machine's kernel
// was found to have.
func writeFeatures(path string, runs []*run) error {
	since := map[string]string{}
	for _, r := range runs {
		maps.Copy(since, r.since)
	}
	var b strings.Builder
	b.WriteString("| feature | mainline since |")
	for _, r := range runs {
		fmt.Fprintf(&b, " %s |", r.name)
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(runs)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(since)) {
		fmt.Fprintf(&b, "| %s | %s |", name, since[name])
		for _, r := range runs {
			fmt.Fprintf(&b, " %s |", marks[r.features[name]])
		}
		b.WriteByte('\n')
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
