package arch

import "strconv"

// arm64 has struct user_pt_regs of arch/arm64/include/uapi/asm/ptrace.h and the
// calling convention of AAPCS64.
var arm64 = &Arch{
	Name: "arm64",
	Registers: words("r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23" +
		" r24 r25 r26 r27 r28 r29 r30 sp pc pstate"),
	Aliases:  arm64Aliases(),
	Args:     words("r0 r1 r2 r3 r4 r5 r6 r7"),
	Retval:   "r0",
	Counter:  "pc",
	Stack:    "sp",
	UserMode: Mode{Register: "pstate", Mask: 0xf, Value: 0}, // exception level 0

	Instruction:     4,
	Syscall:         "__arm64_sys_",
	LateTrampolines: true,
	Macros:          words("__aarch64__ __TARGET_ARCH_arm64"),
	// Unlike others, these watch any bytes of a word (arch/arm64/kernel/hw_breakpoint.c).
	Breakpoints: &Breakpoints{Modes: words("r rw w x"), Field: 8, Before: true},
	Triplet:     "aarch64-linux-gnu",
	Library:     0x0a03,
}

// arm64Aliases names the general registers as the processor's manual and C do, and
// those that have a purpose by it.
func arm64Aliases() map[string]string {
	names := map[string]string{
		"ip": "pc", "fp": "r29", "lr": "r30",
		"compat_fp": "r11", "compat_sp": "r13", "compat_lr": "r14", // of 32-bit processes
	}
	for i := range 31 {
		n := strconv.Itoa(i)
		names["x"+n], names["regs["+n+"]"] = "r"+n, "r"+n
	}
	return names
}
