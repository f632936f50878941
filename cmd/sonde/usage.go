package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"sonde/lang/config"
	"sonde/lang/source"
	"sonde/stdlib"
	"sonde/stdlib/record"
)

// languageVersion is the version of the bpftrace language that scripts may
// expect; installed under that name, the tool says so.
const languageVersion = "v0.27.0"

const dropInName = "bpftrace"

func toolName() string { return filepath.Base(os.Args[0]) }

func versionLine() string {
	if toolName() == dropInName {
		return languageVersion
	}
	return version
}

// synopsis is the forms of the command line.
func synopsis() string {
	return fmt.Sprintf(`USAGE:
    %[1]s [options] FILE [parameters] [-- --name=value]
    %[1]s [options] -e 'program' [parameters]
    %[1]s [options] -          read the program from standard input
    %[1]s                      type at a prompt
    %[1]s --help NAME          what is known of a builtin, probe type, option or setting
`, toolName())
}

// usage writes the summary of the command line.
func usage(w io.Writer) {
	name := toolName()
	fmt.Fprintf(w, "%s - trace a live Linux system with small scripts\n\n%s\nOPTIONS:\n", name, synopsis())
	flagSet(&arguments{}).VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			fmt.Fprint(w, flagLines(f))
		}
	})
	fmt.Fprintf(w, `
EXAMPLES:
    %[1]s -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
        count system calls by program
    %[1]s -e 'tracepoint:syscalls:sys_enter_openat { printf("%%s %%s\n", comm, str(args.filename)); }'
        show which files are opened, and by whom
    %[1]s -e 'profile:hz:99 { @[kstack] = count(); }'
        sample kernel stacks 99 times a second
    %[1]s -l 'tracepoint:*sched*'
        list probes
`, name)
}

// optionColumn is where the explanation of an option begins.
const optionColumn = 28

// flagLines is an option's entry in the summary: its forms, then what it does.
func flagLines(f *pflag.Flag) string {
	argument, text := pflag.UnquoteUsage(f)
	if f.Value.Type() == "bool" {
		argument = ""
	}
	forms := "    --" + f.Name
	if f.Shorthand != "" {
		forms = fmt.Sprintf("    -%s, --%s", f.Shorthand, f.Name)
	}
	if argument != "" {
		forms += " " + argument
	}
	if len(forms) >= optionColumn {
		forms += "\n" + strings.Repeat(" ", optionColumn)
	} else {
		forms += strings.Repeat(" ", optionColumn-len(forms))
	}
	return forms + text + "\n"
}

// help prints the summary, or the records that the words name.
func help(words []string) int {
	if len(words) == 0 {
		usage(os.Stdout)
		return 0
	}
	status := 0
	for _, w := range words {
		text, ok := describe(w)
		if !ok {
			complain(unknownName(w))
			status = 1
			continue
		}
		fmt.Print(text)
	}
	return status
}

// unknownName says that there is no such thing, and what could be meant.
func unknownName(name string) error {
	lib := stdlib.Default()
	var names []string
	for _, b := range lib.Builtins() {
		names = append(append(names, b.Name), b.Aliases...)
	}
	for _, p := range lib.Probes() {
		names = append(append(names, p.Name), p.Aliases...)
	}
	names = append(names, lib.ScriptNames()...)
	names = append(names, flagNames()...)
	for _, s := range config.Settings {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	if near := source.Closest(strings.TrimLeft(name, "-"), names); near != "" {
		return fmt.Errorf("nothing is known of %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("nothing is known of %q; %s --help lists the options, and names of builtins, functions, probe types and options can be asked for", name, toolName())
}

// describe gives the reference text of a name.
func describe(name string) (string, bool) {
	lib := stdlib.Default()
	if r := lib.Builtin(name); r != nil {
		return builtinText(r), true
	}
	if p := lib.Probe(strings.ToLower(name)); p != nil {
		return probeText(p), true
	}
	if f := lib.Script(name); f != nil {
		var b strings.Builder
		fmt.Fprintf(&b, "%s\n\n%s\n", strings.Join(f.Forms, "\n"), strings.TrimSpace(f.Doc))
		for i, e := range f.Examples {
			if i == 0 {
				fmt.Fprintln(&b, "\nExamples:")
			}
			fmt.Fprintf(&b, "    %s\n", strings.TrimSpace(e))
		}
		return b.String(), true
	}
	fs := flagSet(&arguments{})
	bare := strings.TrimLeft(name, "-")
	f := fs.Lookup(bare)
	if f == nil && len(bare) == 1 {
		f = fs.ShorthandLookup(bare)
	}
	if f != nil && !f.Hidden {
		return flagLines(f), true
	}
	for _, setting := range config.Settings {
		if strings.EqualFold(name, setting.Name) || strings.EqualFold(name, setting.EnvName()) {
			return settingText(setting), true
		}
	}
	return "", false
}

// settingText is the reference text of a setting.
func settingText(s *config.Setting) string {
	var b strings.Builder
	values := "any text"
	switch s.Kind {
	case config.Number:
		values = fmt.Sprintf("a number from %d to %d", s.Min, s.Max)
		if s.Max == math.MaxUint64 {
			values = fmt.Sprintf("a number from %d", s.Min)
		}
	case config.Bool:
		values = "true or false"
	case config.Word:
		values = strings.Join(s.Words, ", ")
	}
	given := s.Default
	if given == "" {
		given = "chosen by circumstances"
	}
	fmt.Fprintf(&b, "%s\n\n%s\n\nvalues: %s\ndefault: %s\n\nIn a script: config = { %s = … }; for any script: %s=… in the environment.\n",
		s.Name, strings.TrimSpace(s.Doc), values, given, s.Name, s.EnvName())
	return b.String()
}

func builtinText(r *record.Builtin) string {
	var b strings.Builder
	for _, form := range r.Forms() {
		fmt.Fprintln(&b, form)
	}
	if len(r.Aliases) > 0 {
		fmt.Fprintf(&b, "also: %s\n", strings.Join(r.Aliases, ", "))
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(r.Doc))
	if r.Unsafe {
		fmt.Fprintln(&b, "\nIt changes the system, and needs --unsafe.")
	}
	for _, f := range r.Needs {
		fmt.Fprintf(&b, "\nNeeds %s.\n", f.Origin())
	}
	writeExamples(&b, r.Examples)
	return b.String()
}

func probeText(p *record.Probe) string {
	var b strings.Builder
	for _, form := range p.Syntax {
		fmt.Fprintln(&b, form)
	}
	if len(p.Aliases) > 0 {
		fmt.Fprintf(&b, "short: %s\n", strings.Join(p.Aliases, ", "))
	}
	fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(p.Doc))
	writeExamples(&b, p.Examples)
	return b.String()
}

func writeExamples(b *strings.Builder, examples []record.Example) {
	for i, e := range examples {
		if i == 0 {
			fmt.Fprintln(b, "\nExamples:")
		}
		fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(strings.TrimSpace(e.Script), "\n", "\n    "))
		for line := range strings.Lines(e.Output) {
			fmt.Fprintf(b, "        → %s\n", strings.TrimRight(line, "\n"))
		}
	}
}
