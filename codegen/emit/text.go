package emit

import (
	"fmt"
	"io"
	"strings"

	"github.com/cilium/ebpf/asm"

	"sonde/lang/source"
)

// Print writes the code in the form of the kernel's own disassembly, functions
// and jump targets named, and the script's line above what was made of it. text
// gives a line of the script, or nothing.
func (c *Code) Print(w io.Writer, text func(source.Pos) string) {
	names := map[int]string{}
	for _, f := range c.Funcs {
		names[f.Offset] = f.Name
	}
	targets := c.targets()
	var line source.Pos
	pos := 0
	for i, in := range c.Instructions {
		if name, ok := names[pos]; ok {
			fmt.Fprintf(w, "%s:\n", name)
		}
		if at := c.Spans[i].Start; at.IsValid() && (at.Line != line.Line || at.Filename != line.Filename) && text != nil {
			line = at
			fmt.Fprintf(w, "; %s:%d: %s\n", at.Filename, at.Line, strings.TrimSpace(text(at)))
		}
		mark := "   "
		if targets[pos] {
			mark = "-> "
		}
		fmt.Fprintf(w, "%s%4d: %s%s\n", mark, pos, Text(in), c.goesTo(pos, in, names))
		pos += units(in)
	}
}

// Count is the length of the code in 8-byte units, as the kernel counts it.
func (c *Code) Count() int {
	n := 0
	for _, in := range c.Instructions {
		n += units(in)
	}
	return n
}

func units(in asm.Instruction) int { return int(in.Size() / asm.InstructionSize) }

func jumpsTo(pos int, in asm.Instruction) (int, bool) {
	op := in.OpCode.JumpOp()
	switch {
	case !in.OpCode.Class().IsJump() || op == asm.Call || op == asm.Exit:
		return 0, false
	case op == asm.Ja && in.OpCode.Class() == asm.Jump32Class:
		return pos + 1 + int(in.Constant), true
	}
	return pos + 1 + int(in.Offset), true
}

func (c *Code) targets() map[int]bool {
	targets := map[int]bool{}
	pos := 0
	for _, in := range c.Instructions {
		if to, ok := jumpsTo(pos, in); ok {
			targets[to] = true
		}
		pos += units(in)
	}
	return targets
}

// goesTo is the target of a jump, or the function that is referred to.
func (c *Code) goesTo(pos int, in asm.Instruction, names map[int]string) string {
	if to, ok := jumpsTo(pos, in); ok {
		return fmt.Sprintf(" %d", to)
	}
	if in.IsFunctionReference() {
		return " " + names[pos+1+int(int32(in.Constant))]
	}
	return ""
}

var aluText = map[asm.ALUOp]string{
	asm.Add: "+=", asm.Sub: "-=", asm.Mul: "*=", asm.Div: "/=", asm.Mod: "%=", asm.SDiv: "s/=", asm.SMod: "s%=",
	asm.And: "&=", asm.Or: "|=", asm.Xor: "^=", asm.LSh: "<<=", asm.RSh: ">>=", asm.ArSh: "s>>=", asm.Mov: "=",
}

var jumpText = map[asm.JumpOp]string{
	asm.JEq: "==", asm.JNE: "!=", asm.JLT: "<", asm.JLE: "<=", asm.JGT: ">", asm.JGE: ">=",
	asm.JSLT: "s<", asm.JSLE: "s<=", asm.JSGT: "s>", asm.JSGE: "s>=", asm.JSet: "&",
}

var atomicText = map[asm.AtomicOp]string{
	asm.AddAtomic: "lock *%s += %s", asm.OrAtomic: "lock *%s |= %s",
	asm.FetchAdd: "%[2]s = atomic_fetch_add(%[1]s, %[2]s)", asm.Xchg: "%[2]s = xchg(%[1]s, %[2]s)",
}

// Text is one instruction as the verifier's log prints it; jumps end in "goto".
func Text(in asm.Instruction) string {
	class := in.OpCode.Class()
	switch {
	case in.OpCode.IsDWordLoad():
		return wideText(in)
	case class.IsALU():
		return arithmeticText(in)
	case class.IsJump():
		return controlText(in)
	}
	size := fmt.Sprintf("(u%d *)", in.OpCode.Size().Sizeof()*8)
	switch {
	case class == asm.LdXClass:
		return fmt.Sprintf("%s = *%s(%s %+d)", name(in.Dst), size, name(in.Src), in.Offset)
	case class == asm.StClass:
		return fmt.Sprintf("*%s(%s %+d) = %d", size, name(in.Dst), in.Offset, in.Constant)
	case in.OpCode.Mode() == asm.AtomicMode:
		return fmt.Sprintf(atomicText[in.OpCode.AtomicOp()], fmt.Sprintf("%s(%s %+d)", size, name(in.Dst), in.Offset), name(in.Src))
	}
	return fmt.Sprintf("*%s(%s %+d) = %s", size, name(in.Dst), in.Offset, name(in.Src))
}

func wideText(in asm.Instruction) string {
	switch in.Src {
	case asm.PseudoMapFD:
		return fmt.Sprintf("%s = map[%s]", name(in.Dst), in.Reference())
	case asm.PseudoMapValue:
		return fmt.Sprintf("%s = map_value[%s]%+d", name(in.Dst), in.Reference(), uint64(in.Constant)>>32)
	case asm.PseudoFunc:
		return fmt.Sprintf("%s = func", name(in.Dst))
	}
	return fmt.Sprintf("%s = %#x ll", name(in.Dst), uint64(in.Constant))
}

func arithmeticText(in asm.Instruction) string {
	op := in.OpCode.ALUOp()
	dst, src := name(in.Dst), name(in.Src)
	if in.OpCode.Class() == asm.ALUClass && op != asm.Swap {
		dst, src = "w"+dst[1:], "w"+src[1:]
	}
	if in.OpCode.Source() == asm.ImmSource {
		src = fmt.Sprint(in.Constant)
	}
	switch op {
	case asm.Swap:
		order := "le"
		if in.OpCode.Endianness() == asm.BE {
			order = "be"
		}
		return fmt.Sprintf("%s = %s%d %[1]s", dst, order, in.Constant)
	case asm.Neg:
		return fmt.Sprintf("%s = -%[1]s", dst)
	case asm.MovSX8:
		return fmt.Sprintf("%s = (s8)%s", dst, src)
	case asm.MovSX16:
		return fmt.Sprintf("%s = (s16)%s", dst, src)
	case asm.MovSX32:
		return fmt.Sprintf("%s = (s32)%s", dst, src)
	}
	return fmt.Sprintf("%s %s %s", dst, aluText[op], src)
}

func controlText(in asm.Instruction) string {
	switch op := in.OpCode.JumpOp(); op {
	case asm.Exit:
		return "exit"
	case asm.Ja:
		return "goto"
	case asm.Call:
		switch in.Src {
		case asm.PseudoCall:
			return "call"
		case asm.PseudoKfuncCall:
			return fmt.Sprintf("call kernel-function#%d", in.Constant)
		}
		return "call " + helperName(asm.BuiltinFunc(in.Constant))
	default:
		dst, src := name(in.Dst), name(in.Src)
		if in.OpCode.Class() == asm.Jump32Class {
			dst, src = "w"+dst[1:], "w"+src[1:]
		}
		if in.OpCode.Source() == asm.ImmSource {
			src = fmt.Sprint(in.Constant)
		}
		return fmt.Sprintf("if %s %s %s goto", dst, jumpText[op], src)
	}
}

// name is a register's name: the package asm calls r10 rfp.
func name(r asm.Register) string { return fmt.Sprintf("r%d", r) }

// helperName turns FnMapLookupElem into map_lookup_elem#1.
func helperName(fn asm.BuiltinFunc) string {
	var b strings.Builder
	for i, c := range strings.TrimPrefix(fn.String(), "Fn") {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return fmt.Sprintf("%s#%d", b.String(), int(fn))
}
