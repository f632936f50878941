package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"sonde/cmd/sonde/repl"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/runtime/services"
	"sonde/runtime/sym"
	"sonde/stdlib"
)

// atTerminal tells that a person sits in front of the tool.
func atTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// interactive is the prompt.
func interactive(a *arguments) int {
	settings, err := config.Load(os.Environ())
	if err != nil {
		complain(err)
		return 1
	}
	h := newHost(a)
	h.Prefetch()
	env := services.New(services.Options{
		Kernel:  h.Kernel,
		User:    sym.Options{Mode: sym.Mode(settings.CacheUserSymbols), Demangle: settings.CppDemangle},
		Escape:  true,
		Trailer: settings.StrTruncTrailer,
	})
	err = repl.Run(repl.Options{
		Library: stdlib.Default(),
		Host:    h,
		Env:     env,
		Check: check.Options{
			PID: a.pid, Unsafe: a.unsafe, Config: settings, KernelWarnings: a.warnings, DisabledFeatures: a.noFeature,
		},
		Color:    colored(),
		Describe: describe,
		List: func(w io.Writer, pattern string) error {
			l := newLister(w, h, false, a.pid)
			defer l.out.Flush()
			return l.list(pattern)
		},
	}, fmt.Sprintf("%s %s. Type :help for help, Ctrl-D to leave.", toolName(), version))
	if err != nil {
		complain(err)
		return 1
	}
	return 0
}
