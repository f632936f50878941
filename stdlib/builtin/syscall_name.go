package builtin

import (
	_ "embed"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"sonde/stdlib/record"
)

// syscallNumbers lists the system calls: name, then the number on amd64 and on
// arm64, - where there is none.
//
//go:embed syscalls.txt
var syscallNumbers string

// syscallColumn is the column of each architecture.
var syscallColumn = map[string]int{"amd64": 1, "arm64": 2}

var syscallNames = sync.OnceValue(func() map[int64]string {
	names := map[int64]string{}
	column := syscallColumn[runtime.GOARCH]
	for line := range strings.Lines(syscallNumbers) {
		fields := strings.Fields(line)
		if column == 0 || column >= len(fields) {
			continue
		}
		if n, err := strconv.ParseInt(fields[column], 10, 64); err == nil {
			names[n] = fields[0]
		}
	}
	return names
})

// SyscallNumbers gives the numbers of system calls on this machine, by the names
// that C has for them.
func SyscallNumbers() map[string]int64 {
	numbers := map[string]int64{}
	for n, name := range syscallNames() {
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
