package builtin

import (
	_ "embed"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sonde/lang/arch"
	"sonde/stdlib/record"
)

// syscallNumbers lists the system calls, a line for each: its name, and its number on
// each processor that the first line names, - where it has none.
//
//go:embed syscalls.txt
var syscallNumbers string

// syscalls gives the numbers of a processor's system calls by name.
func syscalls(processor string) map[string]int64 {
	head, rest, _ := strings.Cut(syscallNumbers, "\n")
	column := slices.Index(strings.Fields(head), processor)
	if column < 0 {
		return nil
	}
	numbers := map[string]int64{}
	for line := range strings.Lines(rest) {
		fields := strings.Fields(line)
		if n, err := strconv.ParseInt(fields[column], 10, 64); err == nil {
			numbers[fields[0]] = n
		}
	}
	return numbers
}

// syscallNames are the system calls of the machine that names are printed on.
var syscallNames = sync.OnceValue(func() map[int64]string {
	names := map[int64]string{}
	for name, n := range syscalls(runtime.GOARCH) {
		names[n] = name
	}
	return names
})

// SyscallNumbers gives the numbers of system calls by the names that C has for them.
func SyscallNumbers(a *arch.Arch) map[string]int64 {
	numbers := map[string]int64{}
	for name, n := range syscalls(a.Name) {
		numbers["__NR_"+name], numbers["SYS_"+name] = n, n
	}
	return numbers
}

// SyscallName is the name of a system call.
var SyscallName = naming("syscall_name", "number", func(n int64) string {
	if name, ok := syscallNames()[n]; ok {
		return name
	}
	return "syscall_" + strconv.FormatInt(n, 10)
}, `The name of a system call by its number on this machine.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter { @[syscall_name(args.id)] = count(); }`})
