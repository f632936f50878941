package feature

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// rareTracepoint is one that every kernel has and that seldom occurs: when a task gets
// another name.
const rareTracepoint = "task_rename"

// rawTracepoint attaches a program to a tracepoint.
func rawTracepoint(*Kernel) answer {
	program, err := load(ofType(ebpf.RawTracepoint), nothing()...)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	link, err := sys.OpenRawTracepoint(program, rareTracepoint, 0)
	if err != nil {
		return refused(err)
	}
	unix.Close(link)
	return yes
}

// typedTracepoint loads a program that is bound to a tracepoint.
func typedTracepoint(k *Kernel) answer {
	b := k.btf()
	if b == nil {
		return no
	}
	at, ok := b.RawTracepoint(rareTracepoint)
	if !ok {
		return no
	}
	return accepted(sys.Program{
		Type: uint32(ebpf.Tracing), AttachType: uint32(ebpf.AttachTraceRawTp), AttachBTFID: at.ID,
	}, nothing()...)
}

// rawTracepointRun runs a program by request.
func rawTracepointRun(*Kernel) answer {
	const result = 42
	program, err := load(ofType(ebpf.RawTracepoint), asm.Mov.Imm(asm.R0, result), asm.Return())
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	got, err := sys.RunProgram(program, make([]byte, 8))
	switch {
	case err != nil:
		return refused(err)
	case got != result:
		return no
	}
	return yes
}
