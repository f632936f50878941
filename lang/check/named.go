package check

import (
	"maps"
	"slices"
	"strings"

	"sonde/lang/source"
)

// listing is the named parameter by which a user asks which ones there are.
const listing = "help"

// unasked reports named parameters that were set but that the script does not ask
// for.
func (c *checker) unasked() {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(c.opt.Named)) {
		if _, ok := c.asked[name]; !ok {
			wrong = append(wrong, "--"+name)
		}
	}
	if len(wrong) == 0 || c.diags.HasErrors() {
		return
	}
	text := "unexpected program command line options: " + strings.Join(wrong, ", ")
	help := slices.Contains(wrong, "--"+listing)
	if help && len(wrong) == 1 {
		text = "--" + listing + " shows the options of the script, and runs nothing"
	}
	c.report(source.Errorf(source.Span{}, UnknownOption, "%s", text).WithHint("%s", c.options(help)))
}

// options lists the script's options; with descriptions, one a line.
func (c *checker) options(describe bool) string {
	if len(c.asked) == 0 {
		return "the script has no options"
	}
	var known []string
	for _, name := range slices.Sorted(maps.Keys(c.asked)) {
		line := "--" + name
		if what := c.asked[name]; describe && what != "" {
			line += ": " + what
		}
		known = append(known, line)
	}
	if describe {
		return "expected program options:\n" + strings.Join(known, "\n")
	}
	return "expected program options: " + strings.Join(known, ", ")
}
