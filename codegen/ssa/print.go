package ssa

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// The printed form, which Parse reads back. One program, one function:
//
//	program "tp"
//	map m0 "@" key=8 value=8
//	helper loop 181 writes scalar args=any,func,opaque,any reads=2 writes=2
//	func tp(v0:ctx) {
//		slot s0 8 align 8 "key"
//	b0:
//		v1 = load64 [v0+8]              ; args.id
//		br ult v1, 16 -> b1, b2(v1) cold
//	b1:
//		ret 0
//	b2(v2):
//		ret v2
//	}
//
// A value without a type is a scalar. Types are a kind, what kind-specific number
// it has, and ? before the null check: ctx, frame16, mapptr, mem8, mem8?, rec8?,
// btf123, btf123?, funcptr. An operation on memory carries its width in bits.
// The edge of a branch that is seldom taken is marked cold.

// String is the printed form of the program.
func (p *Program) String() string {
	var b strings.Builder
	p.Print(&b)
	return b.String()
}

// Print writes the printed form.
func (p *Program) Print(w io.Writer) {
	if p.Name != "" {
		fmt.Fprintf(w, "program %q\n", p.Name)
	}
	printHeader(w, p.Funcs)
	for i, f := range p.Funcs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		f.print(w)
	}
}

// String is the printed form of the function, with the maps and helpers it uses.
func (f *Func) String() string {
	var b strings.Builder
	printHeader(&b, []*Func{f})
	f.print(&b)
	return b.String()
}

// printHeader declares what the functions refer to by name: maps, and helpers
// that aren't in helpers.go.
func printHeader(w io.Writer, funcs []*Func) {
	maps := map[int]*Map{}
	callees := map[string]string{}
	for _, f := range funcs {
		for _, b := range f.Blocks {
			for _, v := range b.Values {
				switch aux := v.Aux.(type) {
				case *Map:
					maps[aux.Index] = aux
				case *Helper:
					if HelperByName(aux.Name) != aux {
						callees[aux.Name] = calleeText("helper", v.Callee())
					}
				case *Kfunc:
					callees[aux.Name] = calleeText("kfunc", v.Callee())
				}
			}
		}
	}
	for _, i := range sortedKeys(maps) {
		m := maps[i]
		fmt.Fprintf(w, "map m%d %q", m.Index, m.Name)
		if m.KeySize != 0 {
			fmt.Fprintf(w, " key=%d", m.KeySize)
		}
		if m.ValueSize != 0 {
			fmt.Fprintf(w, " value=%d", m.ValueSize)
		}
		fmt.Fprintln(w)
	}
	for _, name := range sortedKeys(callees) {
		fmt.Fprintln(w, callees[name])
	}
}

func sortedKeys[K int | string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func calleeText(what string, h *Helper) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d %s %s", what, h.Name, h.ID, h.Effect, h.Result)
	if h.Args != nil {
		names := make([]string, len(h.Args))
		for i, k := range h.Args {
			names[i] = k.String()
		}
		b.WriteString(" args=" + strings.Join(names, ","))
	}
	for _, set := range []struct {
		name string
		bits uint8
	}{{"reads", h.ReadsArg}, {"writes", h.WritesArg}, {"part", h.PartArg}} {
		if set.bits == 0 {
			continue
		}
		var args []string
		for i := range 8 {
			if set.bits>>i&1 != 0 {
				args = append(args, strconv.Itoa(i))
			}
		}
		b.WriteString(" " + set.name + "=" + strings.Join(args, ","))
	}
	return b.String()
}

func (f *Func) print(w io.Writer) {
	fmt.Fprintf(w, "func %s(", f.Name)
	if len(f.Blocks) > 0 {
		io.WriteString(w, paramText(f.Blocks[0].Params))
	}
	io.WriteString(w, ") {\n")
	for _, s := range f.Slots {
		fmt.Fprintf(w, "\tslot s%d %d align %d", s.ID, s.Size, s.Align)
		if s.Name != "" {
			fmt.Fprintf(w, " %q", s.Name)
		}
		fmt.Fprintln(w)
	}
	for i, b := range f.Blocks {
		if i > 0 && len(b.Params) > 0 {
			fmt.Fprintf(w, "%s(%s):\n", b, paramText(b.Params))
		} else {
			fmt.Fprintf(w, "%s:\n", b)
		}
		for _, v := range b.Values {
			line := v.LongString()
			if v.Comment != "" {
				line = fmt.Sprintf("%-40s ; %s", line, strings.ReplaceAll(v.Comment, "\n", " "))
			}
			fmt.Fprintf(w, "\t%s\n", line)
		}
		fmt.Fprintf(w, "\t%s\n", &b.Term)
	}
	io.WriteString(w, "}\n")
}

func paramText(params []*Value) string {
	parts := make([]string, len(params))
	for i, p := range params {
		parts[i] = p.String() + p.Type.suffix()
	}
	return strings.Join(parts, ", ")
}

func (v *Value) String() string { return "v" + strconv.Itoa(int(v.ID)) }

func (b *Block) String() string { return "b" + strconv.Itoa(int(b.ID)) }

var kindNames = [...]string{"void", "scalar", "ctx", "frame", "mapptr", "mem", "mem", "btf", "btf", "funcptr"}

func (t Type) String() string {
	name := kindNames[t.Kind]
	if t.Record {
		name = "rec"
	}
	switch t.Kind {
	case BTF, BTFOrNull:
		if t.BTFID != 0 {
			name += strconv.FormatUint(uint64(t.BTFID), 10)
		}
	default:
		if t.Size != 0 {
			name += strconv.Itoa(int(t.Size))
		}
	}
	if t.Kind == MemOrNull || t.Kind == BTFOrNull {
		name += "?"
	}
	return name
}

func (t Type) suffix() string {
	if t.Kind == Scalar {
		return ""
	}
	return ":" + t.String()
}

// LongString is the line of the printed form that makes the value.
func (v *Value) LongString() string {
	var b strings.Builder
	if v.Type.Kind != Void {
		b.WriteString(v.String() + v.Type.suffix() + " = ")
	}
	b.WriteString(v.Op.String())
	if v.Op.Info().sized {
		b.WriteString(strconv.Itoa(int(v.Width)))
	}
	if operands := v.operands(); operands != "" {
		b.WriteString(" " + operands)
	}
	return b.String()
}

func (v *Value) operands() string {
	switch v.Op.Info().form {
	case formConst:
		return strconv.FormatInt(v.Imm, 10)
	case formCond:
		return Cond(v.Imm).String() + " " + valueList(v.Args)
	case formAux:
		return auxName(v.Aux)
	case formAuxOff:
		return auxName(v.Aux) + offset(v.Imm)
	case formArgOff:
		return valueList(v.Args) + offset(v.Imm)
	case formMem:
		return v.address()
	case formMemArg:
		return v.address() + ", " + valueList(v.Args[1:])
	case formMemAux:
		return v.address() + ", " + auxName(v.Aux)
	case formCall:
		return auxName(v.Aux) + "(" + valueList(v.Args) + ")"
	}
	return valueList(v.Args)
}

func (v *Value) address() string { return "[" + v.Args[0].String() + offset(v.Imm) + "]" }

func offset(n int64) string { return fmt.Sprintf("%+d", n) }

func auxName(aux any) string {
	switch aux := aux.(type) {
	case *Slot:
		return "s" + strconv.Itoa(aux.ID)
	case *Map:
		return "m" + strconv.Itoa(aux.Index)
	case *Func:
		return aux.Name
	case *Helper:
		return aux.Name
	case *Kfunc:
		return aux.Name
	case int64:
		return strconv.FormatInt(aux, 10)
	}
	return "?"
}

func valueList(vs []*Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = v.String()
	}
	return strings.Join(parts, ", ")
}

func (e Edge) String() string {
	if len(e.Args) == 0 {
		return e.To.String()
	}
	return e.To.String() + "(" + valueList(e.Args) + ")"
}

func (t *Term) String() string {
	switch t.Kind {
	case Jump:
		return "jump " + t.Succs[0].String()
	case Return:
		if t.X == nil {
			return "ret"
		}
		return "ret " + t.X.String()
	case Branch:
		name, y := "br", strconv.FormatInt(t.Imm, 10)
		if t.Width == 32 {
			name = "br32"
		}
		if t.Y != nil {
			y = t.Y.String()
		}
		var cold [2]string
		switch t.Likely {
		case -1:
			cold[0] = " cold"
		case 1:
			cold[1] = " cold"
		}
		return fmt.Sprintf("%s %s %s, %s -> %s%s, %s%s", name, t.Cond, t.X, y, t.Succs[0], cold[0], t.Succs[1], cold[1])
	}
	return "unterminated"
}
