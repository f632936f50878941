package runtime

import "golang.org/x/sys/unix"

// execCode makes the system call that the registers describe; when that comes back, it
// exits with the error number as the status.
var execCode = []byte{
	0x73, 0x00, 0x00, 0x00, // ecall
	0x33, 0x05, 0xa0, 0x40, // neg a0, a0
	0x93, 0x08, 0xe0, 0x05, // li a7, SYS_EXIT_GROUP
	0x73, 0x00, 0x00, 0x00, // ecall
}

func (r *registers) stack() uint64 { return r.Sp }

func (r *registers) instruction() uint64 { return r.Pc }

// setCall makes execCode's first instruction an execve.
func (r *registers) setCall(path, argv, envp uint64) {
	r.A7, r.A0, r.A1, r.A2 = unix.SYS_EXECVE, path, argv, envp
}
