package feature

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// isa4 loads a program of those instructions of the fourth version that code
// generation uses. Long jumps would prove nothing: stable kernels got them alone
// (6.1.176 has them).
func isa4(*Kernel) answer {
	return accepted(ofType(ebpf.SocketFilter),
		asm.Mov.Imm(asm.R0, 4),
		asm.MovSX8.Reg(asm.R0, asm.R0),
		asm.SDiv.Imm(asm.R0, 2),
		asm.BSwap(asm.R0, asm.DWord),
		asm.Return(),
	)
}

// atomicFetch adds to a word and takes the old value. A compiler of the kernel's that
// can't do that refuses the program, where there is no interpreter to fall back on.
func atomicFetch(*Kernel) answer {
	const at = -8
	add := asm.FetchAdd.Mem(asm.RFP, asm.R0, asm.DWord, at)
	add.Constant = int64(asm.FetchAdd >> 8) // Marshal takes the operation from here
	return accepted(ofType(ebpf.SocketFilter),
		asm.Mov.Imm(asm.R0, 1),
		asm.StoreMem(asm.RFP, at, asm.R0, asm.DWord),
		add,
		asm.Return(),
	)
}
