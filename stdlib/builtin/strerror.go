package builtin

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"sonde/stdlib/record"
)

// Strerror says what an error number means.
var Strerror = naming("strerror", "error", func(n int64) string {
	switch {
	case n == 0:
		return "Success"
	case unix.ErrnoName(syscall.Errno(n)) == "":
		return "Unknown error " + strconv.FormatInt(n, 10)
	}
	return sentence(syscall.Errno(n).Error())
}, `What an error number means, as strerror(3) says it.
System calls return errors as negative numbers: strerror(-args.ret).`,
	record.Example{Script: `begin { print(strerror(22)); }`, Output: "Invalid argument\n"},
	record.Example{Script: `tracepoint:raw_syscalls:sys_exit /args.ret < 0 && args.ret > -4096/ { @[strerror(-args.ret)] = count(); }`})
