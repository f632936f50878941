package builtin

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"sonde/stdlib/record"
)

// SignalName says what a signal is.
var SignalName = naming("signal_name", "signal", func(n int64) string {
	switch {
	case n < 0 || n > maxSignal:
		return "N/A"
	case unix.SignalName(syscall.Signal(n)) == "":
		return "Unknown signal " + strconv.FormatInt(n, 10)
	}
	return sentence(syscall.Signal(n).String())
}, `What a signal is, as strsignal(3) says it.`,
	record.Example{Script: `begin { print(signal_name(2)); }`, Output: "Interrupt\n"},
	record.Example{Script: `tracepoint:signal:signal_generate { @[signal_name(args.sig)] = count(); }`})
