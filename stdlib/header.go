package stdlib

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"sonde/lang/arch"
	"sonde/stdlib/builtin"
)

// headers give the constants of C headers that are about the functions of the
// library: what they name, and what these can be compared with. Other headers are
// about types, which come from the kernel.
var headers = map[string]func(a *arch.Arch) map[string]int64{
	"errno.h":  errors,
	"signal.h": signals,

	"syscall.h": builtin.SyscallNumbers,
	"unistd.h":  builtin.SyscallNumbers,
}

// folders are where the same headers lie.
var folders = []string{"linux/", "sys/", "asm/", "asm-generic/", "bits/"}

// Header implements check.Library.
func (l *Library) Header(name string, a *arch.Arch) map[string]int64 {
	constants := headers[name]
	for _, folder := range folders {
		if rest, ok := strings.CutPrefix(name, folder); ok && constants == nil {
			constants = headers[rest]
		}
	}
	if constants == nil {
		return nil
	}
	return constants(a)
}

// maxErrno is the kernel's MAX_ERRNO, and maxSignal its _NSIG.
const (
	maxErrno  = 4095
	maxSignal = 64
)

func errors(*arch.Arch) map[string]int64 {
	values := map[string]int64{}
	for n := range syscall.Errno(maxErrno) {
		if name := unix.ErrnoName(n); name != "" {
			values[name] = int64(n)
		}
	}
	values["EWOULDBLOCK"], values["EDEADLOCK"] = int64(unix.EWOULDBLOCK), int64(unix.EDEADLOCK)
	return values
}

func signals(*arch.Arch) map[string]int64 {
	values := map[string]int64{}
	for n := range syscall.Signal(maxSignal + 1) {
		if name := unix.SignalName(n); name != "" {
			values[name] = int64(n)
		}
	}
	return values
}
