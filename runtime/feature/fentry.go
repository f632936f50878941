package feature

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// From enum bpf_prog_type and enum bpf_attach_type.
const (
	progTracing = 26
	traceFentry = 24
)

// fentryTarget is there for tests in every kernel that has fentry
// (net/bpf/test_run.c).
const fentryTarget = "bpf_fentry_test1"

// fentry loads an empty program bound to a function: kernels without the function
// tracer's trampolines refuse that.
func fentry(k *Kernel) answer {
	b := k.btf()
	if b == nil {
		return no
	}
	fn, ok := b.Func("vmlinux", fentryTarget)
	if !ok {
		return unknown
	}
	const movR0, exit = 0xb7, 0x95
	code := make([]byte, 16)
	binary.NativeEndian.PutUint64(code, movR0)
	binary.NativeEndian.PutUint64(code[8:], exit)
	fd, err := sys.LoadProgram(&sys.Program{
		Name: "has_fentry", Type: progTracing, AttachType: traceFentry, AttachBTFID: fn.ID,
		License: "GPL", Code: code,
	})
	if err != nil {
		return refused(err)
	}
	unix.Close(fd)
	return yes
}
