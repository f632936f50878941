package arch

// riscv64 has struct user_regs_struct of arch/riscv/include/uapi/asm/ptrace.h, with
// which struct pt_regs begins, and the calling convention of its psABI.
var riscv64 = &Arch{
	Name:      "riscv64",
	Registers: words("pc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6"),
	Aliases:   map[string]string{"ip": "pc", "epc": "pc", "fp": "s0"},
	Args:      words("a0 a1 a2 a3 a4 a5 a6 a7"),
	Retval:    "a0",
	Counter:   "pc",
	Stack:     "sp",
	UserMode:  Mode{Register: "pc", Mask: 1 << 63, Value: 0}, // the kernel lies in the upper half

	Instruction:     2,
	Syscall:         "__riscv_sys_",
	LateTrampolines: true,
	Macros:          words("__riscv __TARGET_ARCH_riscv"),
	Triplet:         "riscv64-linux-gnu",
	Library:         0x1003,
}
