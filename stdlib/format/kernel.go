package format

import (
	"fmt"
	"strconv"
	"strings"

	"sonde/lang/types"
)

// maxKernelArgs is how many values the kernel formats at once (MAX_BPRINTF_VARARGS).
const maxKernelArgs = 12

// Kernel gives a bound format as the kernel's own bpf_seq_printf takes it, with the
// types in which it takes the values: integers of 64 bits that hold what is to be
// shown, or strings. The error, what the kernel can't do, completes "the kernel
// can not format this: …".
func (f *Format) Kernel() (text string, args []types.Type, err error) {
	if len(f.specs) > maxKernelArgs {
		return "", nil, fmt.Errorf("it takes no more than %d values", maxKernelArgs)
	}
	var out strings.Builder
	for i, t := range f.text {
		for _, c := range []byte(t) {
			switch {
			case c == '%':
				out.WriteByte('%')
			case c < ' ' && !strings.ContainsRune("\t\n\v\f\r", rune(c)) || c > '~':
				return "", nil, fmt.Errorf("it takes plain ASCII text only")
			}
			out.WriteByte(c)
		}
		if i == len(f.specs) {
			break
		}
		arg, err := f.specs[i].kernel(&out)
		if err != nil {
			return "", nil, err
		}
		args = append(args, arg)
	}
	return out.String(), args, nil
}

// kernelVerbs are the specifiers for integers that the kernel knows, and whether
// they show a sign.
var kernelVerbs = map[string]struct {
	verb   string
	signed bool
}{
	"d": {"lld", true},
	"i": {"lld", true},
	"u": {"llu", false},
	"x": {"llx", false},
	"X": {"llX", false},
	"c": {"c", false},
}

// kernel writes the specifier, and gives the type for its value.
func (sp *spec) kernel(out *strings.Builder) (types.Type, error) {
	if sp.starWidth || sp.prec >= 0 || sp.starPrec || sp.sharp {
		return nil, fmt.Errorf("%%%s can have a width and the flags \"-\", \"+\", \"0\" and \" \" only", sp.verb)
	}
	verb, bits := sp.verb, sp.bits
	_, text := sp.arg.t.(types.String)
	if verb == "s" && !text {
		if verb, bits = plainVerb(sp.arg), 64; verb == "" {
			return nil, fmt.Errorf("%%s takes strings and integers only")
		}
	}
	if verb == "p" && sp.width > 0 {
		return nil, fmt.Errorf("%%p can not have a width")
	}
	if verb == "p" {
		out.WriteString("0x%llx")
		return types.Uint64, nil
	}
	k, ok := kernelVerbs[verb]
	if !ok && verb != "s" {
		return nil, fmt.Errorf("it does not know %%%s", sp.verb)
	}
	out.WriteByte('%')
	for _, flag := range []struct {
		set bool
		c   byte
	}{{sp.left, '-'}, {sp.plus, '+'}, {sp.space, ' '}, {sp.zero, '0'}} {
		if flag.set {
			out.WriteByte(flag.c)
		}
	}
	if sp.width > 0 {
		out.WriteString(strconv.Itoa(sp.width))
	}
	if verb == "s" {
		out.WriteByte('s')
		return sp.arg.t.(types.Type), nil
	}
	out.WriteString(k.verb)
	return types.Int{Bits: bits, Signed: k.signed}, nil
}

// plainVerb is the specifier that shows a number as print does, "" when none does.
func plainVerb(a argument) string {
	switch t := a.t.(type) {
	case types.Int:
		if t.Signed {
			return "d"
		}
		return "u"
	case types.Pointer:
		return "p"
	}
	return ""
}
