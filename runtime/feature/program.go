package feature

import (
	"bytes"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// load hands a program to the verifier. The descriptor is the caller's to close.
func load(p sys.Program, code ...asm.Instruction) (int, error) {
	var raw bytes.Buffer
	if err := asm.Instructions(code).Marshal(&raw, sys.ByteOrder()); err != nil {
		return -1, err
	}
	p.Name, p.License, p.Code = "feature", "GPL", raw.Bytes()
	return sys.LoadProgram(&p)
}

// accepted tells whether the verifier takes a program.
func accepted(p sys.Program, code ...asm.Instruction) answer {
	fd, err := load(p, code...)
	if err != nil {
		return refused(err)
	}
	unix.Close(fd)
	return yes
}

// ofType is a program that is bound to nothing.
func ofType(t ebpf.ProgramType) sys.Program { return sys.Program{Type: uint32(t)} }

// nothing is the shortest program: it returns 0.
func nothing() []asm.Instruction {
	return []asm.Instruction{asm.Mov.Imm(asm.R0, 0), asm.Return()}
}

// bound is a typed program for a function of the kernel; ok is false where there is no
// such function, or no type information that says so.
func (k *Kernel) bound(to string, as ebpf.AttachType) (p sys.Program, ok bool) {
	b := k.btf()
	if b == nil {
		return p, false
	}
	fn, ok := b.Func("vmlinux", to)
	if !ok {
		return p, false
	}
	return sys.Program{Type: uint32(ebpf.Tracing), AttachType: uint32(as), AttachBTFID: fn.ID}, true
}

// offset is where a member lies in one of the kernel's structs, bytes.
func (k *Kernel) offset(of, member string) (at int16, ok bool) {
	b := k.btf()
	if b == nil {
		return 0, false
	}
	s := b.Struct("struct", of)
	if s == nil {
		return 0, false
	}
	f, ok := s.Field(member)
	return int16(f.Offset), ok
}
