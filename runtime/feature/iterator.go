package feature

import (
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// What test programs iterate over, by the functions that stand for it.
const (
	iterTasks   = "bpf_iter_task"
	iterFiles   = "bpf_iter_task_file"
	iterSockets = "bpf_iter_tcp"
)

// iterator loads one.
func iterator(k *Kernel) answer {
	p, ok := k.bound(iterTasks, ebpf.AttachTraceIter)
	if !ok {
		return no
	}
	return accepted(p, nothing()...)
}

// iteratorOfProcess makes an iterator for this process alone. Kernels that don't know
// of that find more in the request than they understand (E2BIG).
func iteratorOfProcess(k *Kernel) answer {
	p, ok := k.bound(iterTasks, ebpf.AttachTraceIter)
	if !ok {
		return no
	}
	program, err := load(p, nothing()...)
	if err != nil {
		return refused(err)
	}
	defer unix.Close(program)
	link, err := sys.LinkIterator(program, os.Getpid(), 0)
	if err != nil {
		return refused(err)
	}
	unix.Close(link)
	return yes
}

// socketCookie loads a typed program, an iterator over sockets, that asks for the cookie
// of each.
func socketCookie(k *Kernel) answer {
	p, ok := k.bound(iterSockets, ebpf.AttachTraceIter)
	if !ok {
		return no
	}
	socket, ok := k.offset("bpf_iter__tcp", "sk_common")
	if !ok {
		return no
	}
	return accepted(p,
		asm.LoadMem(asm.R1, asm.R1, socket, asm.DWord),
		asm.JEq.Imm(asm.R1, 0, "out"),
		asm.FnGetSocketCookie.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	)
}
