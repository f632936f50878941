package runtime

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// generalRegisters is the set that has the registers (NT_PRSTATUS, elf(5)).
const generalRegisters = 1

// registers are a stopped process's. Where the system call of execCode has what is one
// file for each processor.
type registers struct{ unix.PtraceRegs }

func registersOf(pid int) (*registers, error) {
	r := &registers{}
	return r, r.request(unix.PTRACE_GETREGSET, pid)
}

func (r *registers) store(pid int) error { return r.request(unix.PTRACE_SETREGSET, pid) }

func (r *registers) request(what, pid int) error {
	memory := unix.Iovec{Base: (*byte)(unsafe.Pointer(&r.PtraceRegs)), Len: uint64(unsafe.Sizeof(r.PtraceRegs))}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(what), uintptr(pid), generalRegisters, uintptr(unsafe.Pointer(&memory)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
