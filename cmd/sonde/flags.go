package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"sonde/codegen/opt"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
)

// arguments are what the command line says.
type arguments struct {
	program     string
	programSet  bool
	list        bool
	pid         int
	pidText     string
	command     string
	output      string
	format      string
	buffering   string
	quiet       bool
	verbose     bool
	stages      []string
	dryRun      bool
	unsafe      bool
	info        bool
	version     bool
	help        bool
	warnings    bool
	noWarnings  bool
	fmt         bool
	test, bench bool
	mode        string
	noFeature   []string
	includeDirs []string
	includes    []string
	traceable   string
	probeFilter string
	filter      *regexp.Regexp
	ignored     struct {
		flag bool
		text string
	}

	// file is the script's file, "" for -e; search is -l's pattern. words are
	// the positional parameters, named those behind -- that begin with --.
	file, search string
	words        []string
	named        map[string]string
}

// usageError is a mistake in the command line; it is printed with the words that
// scripts look for.
type usageError struct{ msg string }

func (e usageError) Error() string { return "USAGE: " + e.msg }

// buffering modes, output formats and -d's stages, as written.
var (
	bufferModes   = []string{"none", "line", "full"}
	outputFormats = []string{"text", "json"}
	disablable    = []string{"kprobe_multi", "kprobe_session", "uprobe_multi"}
	modes         = []string{"codegen", "compiler-bench", "bench", "test", "format"}
)

// flagSet declares every option, once: parsing, --help and --help NAME read it.
func flagSet(a *arguments) *pflag.FlagSet {
	fs := pflag.NewFlagSet("sonde", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Usage = func() {}
	fs.StringVarP(&a.program, "execute", "e", "", "run this `program`")
	fs.BoolVarP(&a.list, "list", "l", false, "list probes that match a pattern, or those of a script; with -v their arguments")
	fs.BoolVarP(&a.verbose, "verbose", "v", false, "say more: what is attached how, the verifier's log of a rejected program")
	fs.BoolVarP(&a.help, "help", "h", false, "show this text, or what is known of a NAME: a builtin, function, probe type or option")
	fs.BoolVarP(&a.version, "version", "V", false, "print the version")
	fs.BoolVar(&a.info, "info", false, "print what this kernel offers to BPF programs")
	fs.StringVarP(&a.pidText, "pid", "p", "", "trace only the process `PID`; end when it ends")
	fs.StringVarP(&a.command, "cmd", "c", "", "run `COMMAND` once everything is attached; end when it ends (cpid is its pid)")
	fs.StringVarP(&a.output, "output", "o", "", "write the script's output to `FILE`")
	fs.StringVarP(&a.format, "format", "f", "text", "output `FORMAT`: text or json (one JSON value a line)")
	fs.StringVarP(&a.buffering, "buffering", "B", "line", "output buffering `MODE`: none, line or full")
	fs.BoolVarP(&a.quiet, "quiet", "q", false, "no messages but errors")
	fs.BoolVarP(&a.warnings, "warnings", "k", false, "warn when a script's read of memory fails")
	fs.BoolVar(&a.noWarnings, "no-warnings", false, "no warnings about the script")
	fs.BoolVar(&a.unsafe, "unsafe", false, "allow what changes the system: system(), signal() and the like")
	fs.StringSliceVar(&a.noFeature, "no-feature", nil, "do without `FEATURE`: uprobe_multi, kprobe_multi, kprobe_session, or another that docs/kernels.md lists")
	fs.StringSliceVarP(&a.includeDirs, "include-dir", "I", nil, "look for included files in `DIR`")
	fs.StringSliceVar(&a.includes, "include", nil, "read C definitions from `FILE` first")
	fs.StringVar(&a.traceable, "traceable-functions", "", "read the list of traceable kernel functions from `FILE`")
	fs.StringVar(&a.probeFilter, "probe-filter", "", "attach only probes whose name matches `REGEX`")
	fs.BoolVar(&a.dryRun, "dry-run", false, "end as soon as everything is attached")
	fs.StringSliceVarP(&a.stages, "debug", "d", nil, "print a `STAGE` of compilation and stop: ast, types, ssa, ssa:PASS, asm, all")
	fs.BoolVar(&a.fmt, "fmt", false, "print the script in canonical form")
	fs.BoolVar(&a.test, "test", false, "run the script's test: probes")
	fs.BoolVar(&a.bench, "bench", false, "run the script's bench: probes")
	fs.StringVar(&a.mode, "mode", "", "the same by name: `MODE` test, bench, format or codegen")

	// Options of earlier tools that have nothing to do here: BTF is always used,
	// and there is no intermediate code of another compiler to verify.
	fs.BoolVarP(&a.ignored.flag, "btf", "b", false, "")
	fs.BoolVar(&a.ignored.flag, "verify-llvm-ir", false, "")
	fs.BoolVar(&a.ignored.flag, "usdt-file-activation", false, "")
	fs.StringVar(&a.ignored.text, "debuginfo", "", "")
	for _, name := range []string{"btf", "verify-llvm-ir", "usdt-file-activation", "debuginfo"} {
		if err := fs.MarkHidden(name); err != nil {
			panic(err)
		}
	}
	return fs
}

// parseArguments reads the command line without the program's name.
func parseArguments(args []string) (*arguments, error) {
	a := &arguments{named: map[string]string{}}
	fs := flagSet(a)
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		a.help, a.words = true, args[1:] // options among them are asked about, not given
		return a, nil
	}
	if err := fs.Parse(args); err != nil {
		return nil, usageError{err.Error() + nearFlag(err)}
	}
	if fs.Changed("cmd") && strings.TrimSpace(a.command) == "" {
		return nil, usageError{"-c needs a command."}
	}
	a.programSet = fs.Changed("execute")
	if err := a.check(); err != nil {
		return nil, err
	}
	if fs.Changed("pid") {
		var err error
		if a.pid, err = parsePID(a.pidText); err != nil {
			return nil, err
		}
	}
	return a, a.takeWords(fs.Args())
}

// flagNames are the names of the options that --help shows.
func flagNames() []string {
	var names []string
	flagSet(&arguments{}).VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// nearFlag proposes an option where there is none of the name given.
func nearFlag(err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || len(unknown.GetSpecifiedName()) < 2 {
		return ""
	}
	if near := source.Closest(unknown.GetSpecifiedName(), flagNames()); near != "" {
		return "; did you mean --" + near + "?"
	}
	return ""
}

// check rejects values and combinations that can't be meant.
func (a *arguments) check() error {
	switch a.mode {
	case "":
	case "test":
		a.test = true
	case "bench":
		a.bench = true
	case "format":
		a.fmt = true
	case "codegen":
		a.stages = append(a.stages, "none")
	}
	if err := a.checkStages(); err != nil {
		return err
	}
	var err error
	if a.filter, err = regexp.Compile(a.probeFilter); err != nil {
		return usageError{fmt.Sprintf("Invalid --probe-filter regex '%s': %s", a.probeFilter, err)}
	}
	for _, name := range a.noFeature {
		if !slices.Contains(disablable, name) && feature.Named(name) == nil {
			return usageError{"--no-feature can only have values '" + strings.Join(disablable, ",") + "'."}
		}
	}
	switch {
	case a.pidText != "" && a.command != "":
		return usageError{"Cannot use both -c and -p."}
	case a.test && a.bench:
		return usageError{"--test conflicts with --bench"}
	case a.warnings && a.noWarnings:
		return usageError{"-k, --warnings conflicts with --no-warnings"}
	case !slices.Contains(bufferModes, a.buffering):
		return usageError{"-B must be either 'line', 'full', or 'none'."}
	case !slices.Contains(outputFormats, a.format):
		return fmt.Errorf("Invalid output format \"%s\"\nValid formats: '%s'", a.format, strings.Join(outputFormats, "', '"))
	case a.mode != "" && !slices.Contains(modes, a.mode):
		return usageError{"--mode can only be " + quoted(modes) + "."}
	}
	return nil
}

// stageNames are -d's words, with what they mean: those of earlier tools stand for the
// nearest there is.
var stageNames = map[string]string{
	"all": "all", "ast": "ast", "types": "types", "ssa": "ssa", "alloc": "alloc", "asm": "asm",
	"parse": "ast", "codegen": "ssa:lower", "codegen-opt": "ssa", "dis": "asm",
}

// ssaPasses are the words behind "ssa:": each stands for the program behind that pass.
func ssaPasses() []string {
	names := []string{"all", opt.Lowered}
	for _, p := range opt.Passes() {
		names = append(names, p.Name)
	}
	return names
}

// checkStages makes -d's stages those that the compiler knows.
func (a *arguments) checkStages() error {
	for i, s := range a.stages {
		name, pass, _ := strings.Cut(s, ":")
		known := stageNames[name]
		switch {
		case name == "none" && a.mode != "":
		case known == "" || pass != "" && name != "ssa":
			return usageError{"invalid option for -d: " + s}
		case pass != "" && !slices.Contains(ssaPasses(), pass):
			return usageError{fmt.Sprintf("invalid option for -d: %s: the passes are %s", s, strings.Join(ssaPasses(), ", "))}
		case pass == "":
			a.stages[i] = known
		}
	}
	return nil
}

// maxPID is the greatest that Linux can be set to use (PID_MAX_LIMIT).
const maxPID = 1 << 22

// parsePID reads -p's argument. Its errors are in the words that scripts look for.
func parsePID(text string) (int, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case digits == 0:
		return 0, fmt.Errorf("Failed to parse pid: invalid integer: %s", text)
	case digits < len(text):
		return 0, fmt.Errorf("Failed to parse pid: invalid trailing bytes: %s", text)
	case err != nil || n == 0 || n > maxPID:
		return 0, fmt.Errorf("Pid out of range: %s", text)
	}
	return int(n), nil
}

// runMode is what the script is run for.
func (a *arguments) runMode() check.Mode {
	switch {
	case a.test:
		return check.Testing
	case a.bench:
		return check.Benchmarking
	}
	return check.Tracing
}

// wantsPrompt tells that there is nothing to run or to print, so that a person at a
// terminal wants the prompt.
func (a *arguments) wantsPrompt() bool {
	return a.file == "" && !a.programSet && !a.list && !a.fmt && a.command == "" && a.output == "" && a.mode == "" &&
		len(a.stages) == 0
}

// takeWords gives the words that are no options their meaning.
func (a *arguments) takeWords(words []string) error {
	if a.help || a.version || a.info {
		a.words = words
		return nil
	}
	if a.list && !a.programSet {
		switch len(words) {
		case 0:
		case 1:
			a.search = words[0]
		default:
			return usageError{"-l takes one pattern or file"}
		}
		return nil
	}
	if !a.programSet && len(words) > 0 {
		a.file, words = words[0], words[1:]
	}
	for _, w := range words {
		option, ok := strings.CutPrefix(w, "--")
		if !ok {
			a.words = append(a.words, w)
			continue
		}
		name, value, set := strings.Cut(option, "=")
		if !set {
			value = "true"
		}
		a.named[name] = value
	}
	return nil
}

func quoted(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = "'" + w + "'"
	}
	return strings.Join(q[:len(q)-1], ", ") + " or " + q[len(q)-1]
}
