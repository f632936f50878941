package ssa

import (
	"fmt"
	"strings"
	"testing"
)

const twoLoops = `func f(v0) {
b0:
	v1 = const 0
	jump b1(v1)
b1(v2):
	br ult v2, 10 -> b2(v1), b6
b2(v3):
	v4 = add v2, v3
	br ult v4, 5 -> b2(v4), b3
b3:
	br eq v4, 7 -> b4, b5
b4:
	jump b5
b5:
	v5 = add v2, v4
	jump b1(v5)
b6:
	ret v0
}
`

func parsed(t *testing.T, text string) *Func {
	t.Helper()
	f, err := ParseFunc(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDominators(t *testing.T) {
	f := parsed(t, twoLoops)
	d := f.Dominators()
	var got []string
	for _, b := range d.Preorder() {
		if i := d.Idom(b); i != nil {
			got = append(got, fmt.Sprint(b, "<", i))
		}
	}
	if want := "b1<b0 b2<b1 b3<b2 b4<b3 b5<b3 b6<b1"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, a := range f.Blocks { // against the definition: without a, b is out of reach
		for _, b := range f.Blocks {
			if got, want := d.Dominates(a, b), a == b || !reaches(f.Entry(), b, a); got != want {
				t.Errorf("%s dominates %s: got %v", a, b, got)
			}
		}
	}
}

func reaches(from, to, avoiding *Block) bool {
	seen := map[*Block]bool{avoiding: true}
	var walk func(b *Block) bool
	walk = func(b *Block) bool {
		if seen[b] {
			return false
		}
		seen[b] = true
		for _, e := range b.Term.Succs {
			if walk(e.To) {
				return true
			}
		}
		return b == to
	}
	return walk(from)
}

func TestLoops(t *testing.T) {
	f := parsed(t, twoLoops)
	n := f.Loops(f.Dominators())
	var got []string
	for _, b := range f.Blocks {
		got = append(got, fmt.Sprint(b, ":", n.Depth(b)))
	}
	if want := "b0:0 b1:1 b2:2 b3:1 b4:1 b5:1 b6:0"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(n.Loops) != 2 || n.Loops[1].Parent != n.Loops[0] || !n.Contains(n.Loops[0], f.Blocks[2]) {
		t.Errorf("nesting is wrong: %v", n.Loops)
	}
}

func TestLiveness(t *testing.T) {
	f := parsed(t, twoLoops)
	l := f.Liveness()
	for _, c := range []struct {
		block   int
		in, out string
	}{
		{0, "", "v0 v1"},
		{1, "v0 v1", "v0 v1 v2"},
		{2, "v0 v1 v2", "v0 v1 v2 v4"},
		{4, "v0 v1 v2 v4", "v0 v1 v2 v4"},
		{6, "v0", ""},
	} {
		text := func(s Set) string {
			var names []string
			s.Each(func(i int) { names = append(names, fmt.Sprint("v", i)) })
			return strings.Join(names, " ")
		}
		if in, out := text(l.In[c.block]), text(l.Out[c.block]); in != c.in || out != c.out {
			t.Errorf("b%d: in %q, out %q; want %q, %q", c.block, in, out, c.in, c.out)
		}
	}
}

func TestSplitCriticalEdges(t *testing.T) {
	f := parsed(t, twoLoops)
	if !f.SplitCriticalEdges() || f.SplitCriticalEdges() {
		t.Error("splitting should do all at once")
	}
	for _, b := range f.Blocks {
		for _, e := range b.Term.Succs {
			if len(b.Term.Succs) > 1 && len(e.To.Preds) > 1 {
				t.Errorf("%s to %s is critical", b, e.To)
			}
		}
	}
	if err := VerifyFunc(f); err != nil {
		t.Error(err)
	}
}

func TestEvalALU(t *testing.T) {
	const low = 1 << 63
	for _, c := range []struct {
		op         Op
		width      uint8
		x, y, want uint64
	}{
		{OpUDiv, 0, 7, 0, 0},
		{OpSDiv, 0, 7, 0, 0},
		{OpUMod, 0, 7, 0, 7},
		{OpSMod, 0, 7, 0, 7},
		{OpSDiv, 0, low, ^uint64(0), low},
		{OpSMod, 0, low, ^uint64(0), 0},
		{OpSDiv, 0, ^uint64(6), 2, ^uint64(2)},
		{OpSMod, 0, ^uint64(6), 2, ^uint64(0)},
		{OpLsh, 0, 1, 65, 2},
		{OpArsh, 0, low, 63, ^uint64(0)},
		{OpSext, 8, 0x80, 0, ^uint64(0x7f)},
		{OpZext, 16, 0x12345, 0, 0x2345},
		{OpBswap, 16, 0xff1234, 0, 0x3412},
		{OpBswap, 64, 1, 0, 1 << 56},
	} {
		if got, ok := EvalALU(c.op, c.width, c.x, c.y); !ok || got != c.want {
			t.Errorf("%s%d of %#x, %#x is %#x, want %#x", c.op, c.width, c.x, c.y, got, c.want)
		}
	}
	if _, ok := EvalALU(OpLoad, 64, 0, 0); ok {
		t.Error("a load is no operation on numbers")
	}
}

func TestConditions(t *testing.T) {
	numbers := []uint64{0, 1, 2, 1 << 62, 1<<63 - 1, 1 << 63, ^uint64(0)}
	for c := EQ; c <= SET; c++ {
		for _, x := range numbers {
			for _, y := range numbers {
				if n, ok := c.Negate(); ok && n.Eval(x, y) == c.Eval(x, y) {
					t.Errorf("%s and its opposite %s hold for %#x, %#x", c, n, x, y)
				}
				if c.Swap().Eval(y, x) != c.Eval(x, y) {
					t.Errorf("%s swapped differs for %#x, %#x", c, x, y)
				}
			}
		}
	}
}
