package arch

// amd64 has struct pt_regs of arch/x86/include/asm/ptrace.h and the calling
// convention of the System V ABI.
var amd64 = &Arch{
	Name:      "amd64",
	Registers: words("r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss"),
	Aliases:   map[string]string{"pc": "ip", "orig_rax": "orig_ax"},
	Args:      words("di si dx cx r8 r9"),
	Retval:    "ax",
	Counter:   "ip",
	Stack:     "sp",
	StackArgs: Word, // above the return address
	UserMode:  Mode{Register: "cs", Mask: 3, Value: 3},

	Instruction: 1,
	Syscall:     "__x64_sys_",
	Macros:      words("__x86_64__ __x86_64 __amd64__ __amd64 __TARGET_ARCH_x86"),
	Breakpoints: &Breakpoints{Modes: words("rw w x")},
	Triplet:     "x86_64-linux-gnu",
	Library:     0x0303,
}
