package builtin

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Cat prints a file.
var Cat = formatted{
	name: "cat",
	act: func(s event.Session, ev *plan.Event, text []byte) {
		name := string(text)
		data, err := readFile(name, int64(s.Plan().Config.MaxCatBytes))
		if err != nil {
			// The name may be the traced program's: the script's place explains nothing.
			nowhere := *ev
			nowhere.Span = source.Span{}
			reportAt(s, &nowhere, source.Error, runtimeError, fmt.Sprintf("failed to open file '%s' (%s)", name, reason(err)))
			return
		}
		s.Out().Text(ev.Action, data)
	},
	doc: `Prints a file, whose name a format and its arguments give.
The tracer reads the file some time after the probe has fired; of large files it
prints the first max_cat_bytes.`,
	examples: []record.Example{
		{Script: `begin { cat("/proc/loadavg"); }`},
		{Script: `tracepoint:syscalls:sys_enter_execve { cat("/proc/%d/limits", pid); }`},
	},
}.record()

func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// reason is an error in the words of the C library, without the path.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return sentence(errno.Error())
	}
	return err.Error()
}
