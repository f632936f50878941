package runtime

import "golang.org/x/sys/unix"

// execCode makes the system call that the registers describe; when that comes back, it
// exits with the error number as the status.
var execCode = []byte{
	0x0f, 0x05, // syscall
	0xf7, 0xd8, // neg eax
	0x89, 0xc7, // mov edi, eax
	0xb8, unix.SYS_EXIT_GROUP, 0, 0, 0, // mov eax, SYS_EXIT_GROUP
	0x0f, 0x05, // syscall
}

func (r *registers) stack() uint64 { return r.Rsp }

func (r *registers) instruction() uint64 { return r.Rip }

// setCall makes execCode's first instruction an execve.
func (r *registers) setCall(path, argv, envp uint64) {
	r.Rax, r.Rdi, r.Rsi, r.Rdx = unix.SYS_EXECVE, path, argv, envp
}
