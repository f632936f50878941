// The Go runtime neither asks every second how many processors the tool may use, nor gives
// its memory names in /proc/PID/maps: both take time to start.
//
//go:debug updatemaxprocs=0
//go:debug decoratemappings=0

// Command sonde compiles probe scripts to eBPF, runs them and prints what they
// collect.
//
// Comes in: a script (a file, standard input, -e, or lines typed at the prompt)
// and options. Goes out: the script's output on standard output, everything else
// on standard error, and an exit status: what exit() was given, 1 when the script
// or the command line is wrong or the kernel refuses.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"sonde/lang/arch"
	_ "sonde/runtime/startup" // starting up takes fewer page faults
)

// version is set by the linker from the repository's tag.
var version = "development"

func main() {
	os.Exit(run(os.Args))
}

func run(args []string) int {
	a, err := parseArguments(args[1:])
	if err != nil {
		complain(err)
		if errors.As(err, &usageError{}) {
			fmt.Fprintf(os.Stderr, "\n%s\n%s --help shows the options.\n", synopsis(), filepath.Base(args[0]))
		}
		return 1
	}
	switch {
	case a.help:
		return help(a.words)
	case a.version:
		fmt.Printf("%s %s\n", filepath.Base(args[0]), versionLine())
		return 0
	}
	if err := supported(runtime.GOARCH); err != nil {
		complain(err)
		return 1
	}
	switch {
	case a.info:
		return info(a)
	case a.wantsPrompt() && atTerminal():
		return interactive(a)
	case a.list && a.file == "" && !a.programSet && !isFile(a.search):
		return listPattern(a)
	}
	interrupts := listen()
	file, err := readScript(a)
	if err != nil {
		complain(err)
		return 1
	}
	t := newTool(a, file)
	t.interrupts = interrupts
	return t.run()
}

// supported tells whether scripts can be compiled for a processor.
func supported(processor string) error {
	if arch.Of(processor) != nil {
		return nil
	}
	return fmt.Errorf("%s is not a processor that scripts can be compiled for: those are %s", processor, strings.Join(arch.Names(), ", "))
}

// complain prints an error that has no place in a script.
func complain(err error) {
	fmt.Fprintf(os.Stderr, "ERROR: %s\n", err)
}

func isFile(name string) bool {
	st, err := os.Stat(name)
	return name != "" && err == nil && st.Mode().IsRegular()
}
