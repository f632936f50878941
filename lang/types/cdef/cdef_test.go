package cdef

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sonde/lang/types"
)

type nothing struct{}

func (nothing) Type(string, string) types.Type { return nil }
func (nothing) Constant(string) (int64, bool)  { return 0, false }

func read(t *testing.T, pieces ...string) *Definitions {
	t.Helper()
	d := New(nothing{}, "HAVE")
	for i, p := range pieces {
		if err := d.Read(i, p); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

// show gives a struct's layout, a line for each member.
func show(s *types.Struct, align int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s size %d align %d\n", s, s.Size(), align)
	for _, f := range s.Fields() {
		fmt.Fprintf(&b, "%s %s at %d", f.Name, f.Type, f.Offset)
		if f.BitSize > 0 {
			fmt.Fprintf(&b, " bits %d+%d", f.BitOffset, f.BitSize)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestLayout(t *testing.T) {
	cases := []struct{ text, want string }{
		{"struct s { char a; int b; char c[3]; long d; };",
			"struct s size 24 align 8\na int8 at 0\nb int32 at 4\nc string[3] at 8\nd int64 at 16\n"},
		{"struct s { char a; int b; } __attribute__((packed));",
			"struct s size 5 align 1\na int8 at 0\nb int32 at 1\n"},
		{"struct __attribute__((aligned(16))) s { char a; };",
			"struct s size 16 align 16\na int8 at 0\n"},
		{"struct s { unsigned a : 3, b : 30; int : 0; char c : 2; };",
			"struct s size 12 align 4\na uint32 at 0 bits 0+3\nb uint32 at 4 bits 0+30\nc int8 at 8 bits 0+2\n"},
		{"struct s { unsigned a : 3, b : 30; } __attribute__((packed));",
			"struct s size 5 align 1\na uint32 at 0 bits 0+3\nb uint64 at 0 bits 3+30\n"},
		{"struct s { struct s *next; int (*f)(void); int *a[2]; int (*p)[3]; const char * const name; };",
			"struct s size 48 align 8\nnext struct s* at 0\nf void* at 8\na int32*[2] at 16\np int32[3]* at 32\nname int8* at 40\n"},
		{"union s { char a[5]; short b; struct { int x, y[2][3]; } c; };",
			"union s size 28 align 4\na string[5] at 0\nb int16 at 0\nc struct <anonymous> at 0\n"},
		{"struct s { unsigned long long a; long double_; unsigned short int c; _Bool d; enum e { X = 5, Y } f; };",
			"struct s size 24 align 8\na uint64 at 0\ndouble_ int64 at 8\nc uint16 at 16\nd bool at 18\nf enum e at 20\n"},
	}
	for _, c := range cases {
		d := read(t, c.text)
		s, _ := d.find("struct", "s").(*types.Struct)
		if s == nil {
			s = d.find("union", "s").(*types.Struct)
		}
		if got := show(s, d.aligns[s]); got != c.want {
			t.Errorf("%s\ngot:\n%swant:\n%s", c.text, got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	d := read(t, "#ifdef HAVE", "#define A 1 /* one */", "#else", "#define A 2", "#endif",
		"#if A + 1 == 2 && !defined(B)", "#define C (A << 4)", "#endif",
		"#ifndef HAVE", "#if UNKNOWN", "#endif", "struct x { bad_t a; };", "#endif",
		"enum { LOW = -C, HIGH };")
	if got := d.Macros["A"].Text; got != "1" {
		t.Errorf("A is %q", got)
	}
	e := d.Enums["HIGH"]
	if e == nil || e.Values[0].Value != -16 || e.Values[1].Value != -15 || !e.Int.Signed {
		t.Errorf("enum is %+v", e)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"struct x { int a":          "expected ';' before the end",
		"struct x { int a : 40; };": "a bit field has between 1 bit and as many as its integer type",
		"#else":                     "#else without #if",
		"#if 1 / 0":                 "division by zero",
		"#nonsense":                 "unknown directive #nonsense",
		"/* open":                   "the comment is not closed",
		"int f(void);":              "functions can not be declared here",
		"struct x { int a[N]; };":   "unknown constant 'N'",
	} {
		err := New(nothing{}).Read(0, text)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// randomStruct makes a struct of random members.
func randomStruct(r *rand.Rand, depth int) string {
	var b strings.Builder
	if r.IntN(4) == 0 {
		b.WriteString("union ")
	} else {
		b.WriteString("struct ")
	}
	return b.String() + randomBody(r, depth)
}

func randomBody(r *rand.Rand, depth int) string {
	var b strings.Builder
	ints := []string{"char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long long"}
	sizes := []int{8, 8, 16, 16, 32, 32, 64, 64}
	attr := func() string {
		switch r.IntN(12) {
		case 0:
			return " __attribute__((packed))"
		case 1:
			return fmt.Sprintf(" __attribute__((aligned(%d)))", 1<<r.IntN(6))
		}
		return ""
	}
	b.WriteString("{ ")
	for i := range 1 + r.IntN(6) {
		n := r.IntN(len(ints))
		name := fmt.Sprintf("m%d_%d", depth, i)
		switch k := r.IntN(8); {
		case k < 3:
			fmt.Fprintf(&b, "%s %s%s; ", ints[n], name, attr())
		case k < 5:
			fmt.Fprintf(&b, "%s %s : %d; ", ints[n], name, 1+r.IntN(min(sizes[n], 56)))
		case k == 5:
			fmt.Fprintf(&b, "%s %s[%d]; ", ints[n], name, r.IntN(4))
		case k == 6 && depth < 3:
			fmt.Fprintf(&b, "%s %s; ", randomStruct(r, depth+1), name)
		default:
			fmt.Fprintf(&b, "void *%s; ", name)
		}
		if r.IntN(10) == 0 {
			fmt.Fprintf(&b, "%s : 0; ", ints[n])
		}
	}
	b.WriteString("}")
	if depth == 0 {
		b.WriteString(attr())
	}
	return b.String()
}

// TestCompilerAgrees compares layouts of random structs with the C compiler's,
// where there is one.
func TestCompilerAgrees(t *testing.T) {
	cc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc to compare with")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var c, ours strings.Builder
	c.WriteString("#include <stdio.h>\n#include <string.h>\n#include <stddef.h>\nint main() {\n")
	for i := range 100 {
		text := fmt.Sprintf("struct s%d %s;", i, randomBody(r, 0))
		d := read(t, text)
		s := d.Types[fmt.Sprintf("struct s%d", i)].(*types.Struct)
		fmt.Fprintf(&ours, "%s\n%d %d\n", text, s.Size(), d.aligns[s])
		fmt.Fprintf(&c, "{ %s printf(\"%%s\\n%%zu %%zu\\n\", %q, sizeof(struct s%d), _Alignof(struct s%d));\n", text, text, i, i)
		for _, f := range s.Fields() {
			bits := f.BitSize
			if bits == 0 {
				fmt.Fprintf(&ours, "%s %d\n", f.Name, f.Offset)
				fmt.Fprintf(&c, "printf(\"%s %%zu\\n\", offsetof(struct s%d, %s));\n", f.Name, i, f.Name)
				continue
			}
			// Set all bits of the field and look which bytes changed.
			image := make([]byte, s.Size())
			for k := range bits {
				at := f.Offset*8 + f.BitOffset + k
				image[at/8] |= 1 << (at % 8)
			}
			fmt.Fprintf(&ours, "%s %x\n", f.Name, image)
			fmt.Fprintf(&c, "{ struct s%d v; memset(&v, 0, sizeof v); v.%s = -1; printf(\"%s \"); for (int k = 0; k < (int)sizeof v; k++) printf(\"%%02x\", ((unsigned char*)&v)[k]); printf(\"\\n\"); }\n", i, f.Name, f.Name)
		}
		c.WriteString("}\n")
	}
	c.WriteString("}\n")
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
	if err := os.WriteFile(src, []byte(c.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-w", "-o", bin, src).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	out, err := exec.Command(bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	want, got := strings.Split(string(out), "\n"), strings.Split(ours.String(), "\n")
	text := ""
	for i := range want {
		if strings.HasPrefix(want[i], "struct") {
			text = want[i]
		}
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("%s\ngot  %s\nwant %s", text, got[i], want[i])
		}
	}
}
