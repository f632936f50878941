package alloc

import (
	"fmt"
	"io"
	"strings"

	"sonde/codegen/ssa"
)

// String is the printed form, for tests and -d alloc: C-like, as the kernel's own
// disassembly is, with frame addresses as fp-8.
func (r *Result) String() string {
	var b strings.Builder
	r.Print(&b)
	return b.String()
}

// Print writes the printed form.
func (r *Result) Print(w io.Writer) {
	fmt.Fprintf(w, "func %s: frame %d", r.Func.Name, r.Frame)
	if r.Spills > 0 {
		fmt.Fprintf(w, ", spills %d", r.Spills)
	}
	fmt.Fprintln(w)
	for _, s := range r.Slots {
		fmt.Fprintf(w, "\tfp%d: %d %s\n", s.Off, s.Size, s.Name)
	}
	for _, b := range r.Blocks {
		cold := ""
		if b.Cold {
			cold = " cold"
		}
		fmt.Fprintf(w, "b%d:%s\n", b.ID, cold)
		for i := range b.Insts {
			in := &b.Insts[i]
			line := in.String()
			if in.Comment != "" {
				line = fmt.Sprintf("%-32s ; %s", line, strings.ReplaceAll(in.Comment, "\n", " "))
			}
			fmt.Fprintf(w, "\t%s\n", line)
		}
		fmt.Fprintf(w, "\t%s\n", &b.Term)
	}
}

func (o Operand) String() string {
	switch o.Mode {
	case InReg:
		return o.Reg.String()
	case Imm:
		return fmt.Sprint(o.Imm)
	case InSlot:
		return fmt.Sprintf("fp%+d", o.Slot.Off)
	}
	return "-"
}

// memory prints an access at A plus Imm.
func (in *Inst) memory(width uint8) string {
	if in.A.Mode == InSlot {
		return fmt.Sprintf("u%d [fp%+d]", width, int64(in.A.Slot.Off)+in.Imm)
	}
	return fmt.Sprintf("u%d [%s%+d]", width, in.A, in.Imm)
}

var symbols = map[ssa.Op]string{
	ssa.OpAdd: "+", ssa.OpSub: "-", ssa.OpMul: "*", ssa.OpUDiv: "/", ssa.OpSDiv: "s/", ssa.OpUMod: "%",
	ssa.OpSMod: "s%", ssa.OpAnd: "&", ssa.OpOr: "|", ssa.OpXor: "^", ssa.OpLsh: "<<", ssa.OpRsh: ">>",
	ssa.OpArsh: "s>>", ssa.OpAddPtrVar: "+",
}

// String prints the instruction.
func (in *Inst) String() string {
	text := in.text()
	if in.Dst != NoReg {
		return in.Dst.String() + " = " + text
	}
	return text
}

func (in *Inst) text() string {
	if s, ok := symbols[in.Op]; ok {
		return fmt.Sprintf("%s %s %s", in.A, s, in.B)
	}
	switch in.Op {
	case Copy:
		return in.A.String()
	case ssa.OpConst:
		return fmt.Sprint(in.Imm)
	case ssa.OpFrameAddr:
		return fmt.Sprintf("fp%+d", int64(in.Aux.(*Slot).Off)+in.Imm)
	case ssa.OpMapPtr:
		return "map " + in.Aux.(*ssa.Map).Name
	case ssa.OpMapValue:
		return fmt.Sprintf("value of %s%+d", in.Aux.(*ssa.Map).Name, in.Imm)
	case ssa.OpFuncAddr:
		return "func " + in.Aux.(*ssa.Func).Name
	case ssa.OpAddPtr:
		return fmt.Sprintf("%s + %d", in.A, in.Imm)
	case ssa.OpSetCond:
		return fmt.Sprintf("%s %s %s", in.A, ssa.Cond(in.Imm), in.B)
	case ssa.OpLoad:
		return in.memory(in.Width)
	case ssa.OpStore:
		return fmt.Sprintf("%s = %s", in.memory(in.Width), in.B)
	case ssa.OpZero:
		return fmt.Sprintf("zero %s, %d", strings.TrimPrefix(in.memory(8), "u8 "), in.Aux)
	case ssa.OpAtomicAdd, ssa.OpAtomicOr, ssa.OpAtomicFetchAdd, ssa.OpAtomicXchg:
		return fmt.Sprintf("%s %s, %s", in.Op, in.memory(in.Width), in.B)
	case ssa.OpCall:
		return "call " + in.Aux.(*ssa.Helper).Name
	case ssa.OpKfunc:
		return "call kfunc " + in.Aux.(*ssa.Kfunc).Name
	case ssa.OpSubcall:
		return "call " + in.Aux.(*ssa.Func).Name
	}
	name := in.Op.String()
	if in.Width != 0 {
		name += fmt.Sprint(in.Width)
	}
	return name + " " + in.A.String()
}

// String prints the end of a block.
func (t *Term) String() string {
	switch t.Kind {
	case ssa.Jump:
		return fmt.Sprintf("goto b%d", t.Succs[0].To.ID)
	case ssa.Return:
		return "return " + t.A.String()
	}
	width := ""
	if t.Width == 32 {
		width = "32"
	}
	return fmt.Sprintf("if%s %s %s %s goto b%d else b%d", width, t.A, t.Cond, t.B, t.Succs[0].To.ID, t.Succs[1].To.ID)
}
