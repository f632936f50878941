package lower

import (
	"strings"

	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
)

// registers says where a machine's registers lie in the context of programs that
// see them: the kernel's struct pt_regs (amd64), or its part that user space knows
// (arm64). Offsets are in bytes.
type registers struct {
	args   []int64
	retval int64
	names  map[string]int64
}

var machines = map[string]*registers{
	// arch/x86/include/asm/ptrace.h, System V calling convention.
	"amd64": {
		args:   []int64{112, 104, 96, 88, 72, 64},
		retval: 80,
		names: map[string]int64{
			"r15": 0, "r14": 8, "r13": 16, "r12": 24, "bp": 32, "bx": 40, "r11": 48, "r10": 56, "r9": 64, "r8": 72,
			"ax": 80, "cx": 88, "dx": 96, "si": 104, "di": 112, "orig_ax": 120, "ip": 128, "cs": 136, "flags": 144,
			"sp": 152, "ss": 160,
		},
	},
	// arch/arm64/include/uapi/asm/ptrace.h, AAPCS64.
	"arm64": {
		args:   []int64{0, 8, 16, 24, 32, 40, 48, 56},
		retval: 0,
		names: map[string]int64{
			"r0": 0, "r1": 8, "r2": 16, "r3": 24, "r4": 32, "r5": 40, "r6": 48, "r7": 56, "r8": 64, "r9": 72,
			"r10": 80, "r11": 88, "r12": 96, "r13": 104, "r14": 112, "r15": 120, "r16": 128, "r17": 136, "r18": 144,
			"r19": 152, "r20": 160, "r21": 168, "r22": 176, "r23": 184, "r24": 192, "r25": 200, "r26": 208,
			"r27": 216, "r28": 224, "r29": 232, "r30": 240, "sp": 248, "pc": 256, "pstate": 264,
		},
	},
}

// HasReg tells whether a machine has a register of that name.
func HasReg(arch, name string) bool {
	m := machines[arch]
	if m == nil {
		return false
	}
	_, ok := m.names[name]
	return ok
}

// Regs lists the names of a machine's registers for messages, in the order in
// which they are stored.
func Regs(arch string) string {
	m := machines[arch]
	if m == nil {
		return ""
	}
	at := make([]string, len(m.names))
	for name, off := range m.names {
		at[off/8] = name
	}
	return strings.Join(at, ", ")
}

// Reg reads a register; it must exist (HasReg).
func (b *Builder) Reg(name string) *ssa.Value {
	return b.Load(64, b.Ctx(), machines[b.Host().Arch()].names[name])
}

// Arg is argument i of the traced function or tracepoint, as 64 bits: from its
// slot in the context, or by the calling convention.
func (b *Builder) Arg(i int) *ssa.Value {
	ctx := b.Context()
	if !ctx.Regs {
		if f, ok := argField(ctx, i); ok && ctx.Layout == check.ArgsSlots {
			x := Operand{Type: ctx.Args, Layout: check.ArgsSlots}
			x.Place.Ptr = b.Ctx()
			return b.scalar(b.slotArg(x, f, f.Type))
		}
		return b.Load(64, b.Ctx(), int64(8*i))
	}
	m := machines[b.Host().Arch()]
	if m == nil || i >= len(m.args) {
		b.fail(b.Span, "this machine passes no argument %d in a register", i)
		return b.Const(0)
	}
	return b.Load(64, b.Ctx(), m.args[i])
}

// argField is argument i of a context whose arguments have types.
func argField(ctx *check.Context, i int) (f types.Field, ok bool) {
	if ctx.Args == nil || ctx.Program == check.ProgRawTracepoint {
		return f, false
	}
	for _, f := range ctx.Args.Fields() {
		if f.Offset == 8*i {
			return f, true
		}
	}
	return f, false
}

// Retval is the traced function's result, in the normal form of its type.
func (b *Builder) Retval() *ssa.Value {
	ctx := b.Context()
	off := int64(8 * ctx.NumArgs)
	if ctx.Regs {
		m := machines[b.Host().Arch()]
		if m == nil {
			b.fail(b.Span, "the calling convention of this machine is not known")
			return b.Const(0)
		}
		off = m.retval
	}
	v := b.Load(64, b.Ctx(), off)
	if !ctx.Regs {
		v.Type = b.pointee(ctx.Retval, ssa.BTFOrNull)
	}
	if i, ok := types.AsInt(ctx.Retval); ok && v.Type.Kind == ssa.Scalar {
		return b.extend(v, i)
	}
	return v
}
