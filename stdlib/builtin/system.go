package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// output runs a shell command and gives what it and those that it left running
// printed, until there is no time for that any more.
func output(ctx context.Context, command string) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	cmd := exec.Command("sh", "-c", command)
	cmd.Stdout, cmd.Stderr = theirs, os.Stderr
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() {
		_ = cmd.Process.Kill() // fails when it has ended
		ours.Close()
	})
	defer stop()
	out, _ := io.ReadAll(ours) // fails when there is no time any more
	return out, cmd.Wait()
}

// System runs a command.
var System = formatted{
	name:   "system",
	unsafe: true,
	act: func(s event.Session, ev *plan.Event, text []byte) {
		command := string(text)
		out, err := output(s.Context(), command)
		// The record of what a command printed is named for the system call that it
		// amounts to.
		s.Out().Line("syscall", out)
		s.Out().Idle() // the next command may take long; an error comes up again
		if s.Context().Err() != nil && err != nil {
			err = errors.New("ended because the script was interrupted")
		}
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
