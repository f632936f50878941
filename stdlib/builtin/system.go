package builtin

import (
	"fmt"
	"os"
	"os/exec"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// System runs a command.
var System = formatted{
	name:   "system",
	unsafe: true,
	act: func(s event.Session, ev *plan.Event, text []byte) {
		if s.Skip(ev) {
			return
		}
		command := string(text)
		cmd := exec.Command("sh", "-c", command)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		// The record of what a command printed is named for the system call that it
		// amounts to.
		s.Out().Line("syscall", out)
		if err != nil {
			reportAt(s, ev, source.Error, runtimeError, fmt.Sprintf("system: %s: %v", command, err))
		}
	},
	doc: `Runs a shell command, which a format and its arguments give, and prints its output.
The command runs as the user who traces, some time after the probe has fired;
until it ends nothing else is printed. It needs --unsafe.`,
	examples: []record.Example{
		{Script: `interval:s:1 { system("ps -p %d", pid); }`},
	},
}.record()
