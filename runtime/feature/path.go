package feature

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// closing is the function that files go through when they are closed; programs bound to
// it may ask for their paths from the beginning.
const closing = "filp_close"

// dPath loads a program that asks for the path of a file: an iterator, else one that is
// bound to a function. It says nothing where no such program can be loaded at all.
func dPath(k *Kernel) answer {
	if k.btf() == nil {
		return no
	}
	if dPathInIterator(k) == yes {
		return yes
	}
	p, ok := k.bound(closing, ebpf.AttachTraceFEntry)
	if !ok || fentry(k) != yes {
		return unknown
	}
	const file = 0 // the first argument
	path, ok := k.offset("file", "f_path")
	if !ok {
		return no
	}
	return accepted(p, askPath(file, path)...)
}

// dPathInIterator loads an iterator over files that asks for the path of each.
func dPathInIterator(k *Kernel) answer {
	p, ok := k.bound(iterFiles, ebpf.AttachTraceIter)
	if !ok {
		return no
	}
	file, ok := k.offset("bpf_iter__task_file", "file")
	if !ok {
		return no
	}
	path, ok := k.offset("file", "f_path")
	if !ok {
		return no
	}
	return accepted(p, askPath(file, path)...)
}

// askPath asks for the path of a file: file is where its address lies in the context,
// path where its path lies in the file, bytes.
func askPath(file, path int16) []asm.Instruction {
	const room = 8
	return []asm.Instruction{
		asm.LoadMem(asm.R1, asm.R1, file, asm.DWord),
		asm.JEq.Imm(asm.R1, 0, "out"),
		asm.Add.Imm(asm.R1, int32(path)),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -room),
		asm.Mov.Imm(asm.R3, room),
		asm.StoreMem(asm.R2, 0, asm.R3, asm.DWord), // what helpers fill must have been written
		asm.FnDPath.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	}
}
