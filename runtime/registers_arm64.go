package runtime

import "golang.org/x/sys/unix"

// execCode makes the system call that the registers describe; when that comes back, it
// exits with the error number as the status.
var execCode = []byte{
	0x01, 0x00, 0x00, 0xd4, // svc #0
	0xe0, 0x03, 0x00, 0x4b, // neg w0, w0
	0xc8, 0x0b, 0x80, 0xd2, // mov x8, #SYS_EXIT_GROUP
	0x01, 0x00, 0x00, 0xd4, // svc #0
}

func (r *registers) stack() uint64 { return r.Sp }

func (r *registers) instruction() uint64 { return r.Pc }

// setCall makes execCode's first instruction an execve.
func (r *registers) setCall(path, argv, envp uint64) {
	r.Regs[8], r.Regs[0], r.Regs[1], r.Regs[2] = unix.SYS_EXECVE, path, argv, envp
}
