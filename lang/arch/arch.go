// Package arch describes processors: what a script, its code and its attachments
// depend on beyond the kernel's version.
//
// Comes in: a GOARCH. Goes out: the processor's record, plain data. Guaranteed:
// nothing here depends on the machine that runs, so that code for any of them can be
// made, and tested, anywhere.
//
// A processor is one file with one record, and a line in the list below.
package arch

import "strings"

// Word is the size of registers, of the slots that they lie in, and of what stands on
// the stack, bytes. All processors listed are of 64 bits and little-endian: the
// layout of C definitions and the code for parts of words rest on that.
const Word = 8

// Arch is a processor with its calling convention, as the kernel presents it.
type Arch struct {
	// Name is the GOARCH.
	Name string
	// Registers are named in the order in which they lie in the context of programs
	// that see them, a Word each: struct pt_regs, or the part of it that user space
	// knows (bpf_user_pt_regs_t in asm/bpf_perf_event.h).
	Registers []string
	// Aliases are other names of registers.
	Aliases map[string]string
	// Args hold a function's first arguments, Retval its result.
	Args   []string
	Retval string
	// Counter is the program counter, Stack the stack pointer.
	Counter, Stack string
	// StackArgs is where the arguments lie that have no register, at the entry of a
	// function: bytes above the stack pointer.
	StackArgs int64
	// UserMode tells interrupted user code from the kernel's.
	UserMode Mode
	// Instruction is what addresses of instructions are multiples of, bytes.
	Instruction uint64
	// Syscall is put before a system call's name to make that of its function in the
	// kernel, which takes a pointer to the registers of the caller.
	Syscall string
	// LateTrampolines: kernels of this processor could load programs that are bound to
	// functions before they could attach them.
	LateTrampolines bool
	// Macros are those that C compilers for the processor define, and by which headers
	// for BPF programs tell processors apart.
	Macros []string
	// Breakpoints is what can be watched; nil where that is nothing.
	Breakpoints *Breakpoints
	// Triplet is the folder of Debian's libraries; Library marks them in the cache of
	// glibc's loader: the flags of the ABI above those of the C library.
	Triplet string
	Library uint32
}

// Mode is how a register shows what was interrupted: it was user code when the bits
// of Mask have this Value.
type Mode struct {
	Register    string
	Mask, Value uint64
}

// Breakpoints describes the addresses whose use the processor can trap.
type Breakpoints struct {
	// Modes are the letters (r, w, x) that may stand together, each sorted.
	Modes []string
	// Field is the size of the aligned field that the bytes watched must lie in; 0:
	// their address must be a multiple of their number.
	Field uint64
	// Before: the processor stops before the memory is used, so that the kernel has to step
	// over the instruction afterwards.
	Before bool
}

// Fits tells whether reads or writes of memory there can be watched.
func (b *Breakpoints) Fits(address, length uint64) bool {
	if b.Field == 0 {
		return address%length == 0
	}
	return address%b.Field+length <= b.Field
}

// all lists the processors.
var all = []*Arch{amd64, arm64, riscv64}

// Of gives the processor of that GOARCH, nil when it is not known.
func Of(name string) *Arch {
	for _, a := range all {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// Names lists the processors that are known.
func Names() []string {
	var names []string
	for _, a := range all {
		names = append(names, a.Name)
	}
	return names
}

// Offset gives where a register lies in the context, bytes; false when there is none
// of that name.
func (a *Arch) Offset(name string) (int64, bool) {
	if other, ok := a.Aliases[name]; ok {
		name = other
	}
	for i, r := range a.Registers {
		if r == name {
			return int64(i) * Word, true
		}
	}
	return 0, false
}

// Call gives the name of a system call by that of its function in the kernel, on any
// of the processors, or on all of them before Linux 4.17: sys_ and the name.
func Call(function string) (name string, ok bool) {
	for _, a := range all {
		if name, ok := strings.CutPrefix(function, a.Syscall); ok {
			return name, true
		}
	}
	return strings.CutPrefix(function, "sys_")
}

// words splits a list of names.
func words(list string) []string { return strings.Fields(list) }
