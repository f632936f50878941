package ssa

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

func archive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("../../testdata/ssa", name))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestRoundTrip(t *testing.T) {
	for _, f := range archive(t, "text.txt").Files {
		p, err := Parse(string(f.Data))
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if got := p.String(); got != string(f.Data) {
			t.Errorf("%s: printed\n%s\nwant\n%s", f.Name, got, f.Data)
		}
		if err := Verify(p); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

func TestVerify(t *testing.T) {
	for _, f := range archive(t, "verify.txt").Files {
		t.Run(f.Name, func(t *testing.T) {
			first, _, _ := strings.Cut(string(f.Data), "\n")
			want := strings.TrimSpace(strings.TrimPrefix(first, "; want:"))
			p, err := Parse(string(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			err = Verify(p)
			switch {
			case want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case want != "" && err == nil:
				t.Errorf("accepted, want %q", want)
			case want != "" && !strings.Contains(err.Error(), want):
				t.Errorf("got %q, want %q", err, want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"func f() {\nb0:\n\tret v1\n}", "v1 is used in func f and defined nowhere"},
		{"func f(v0) {\nb0:\n\tjump b1\n}", "b1 is a target in func f and stands nowhere"},
		{"func f(v0) {\nb0:\n\tv1 = frob v0\n\tret v0\n}", `line 3: there is no operation "frob"`},
		{"func f(v0) {\nb0:\n\tv1 = load [v0+0]\n\tret v0\n}", `there is no operation "load"`},
		{"func f(v0) {\nb0:\n\tv1:frame8 = frame s0+0\n\tret v0\n}", `"s0" is not declared`},
		{"func f(v0) {\nb0:\n\tv0 = const 1\n\tret v0\n}", "v0 is defined twice"},
		{"func f(v0) {\nb0:\n\tret v0\n\tret v0\n}", "follows the end of its block"},
		{"func f(v0) {\nb0:\n\tret v0 v0\n}", "follows the end of the statement"},
		{"func f(v0) {\nb0:\n\tret v0\n", "func f has no closing brace"},
		{"func f(v0) {\n}", "func f has no block"},
		{"func f(v0) {\nb0:\n\tret v0\n}\nfunc f(v0) {\n", "func f stands here twice"},
		{"map x", `"x" where m and a number is wanted`},
		{"hello", `"hello" where program, map`},
	} {
		_, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"text.txt", "verify.txt"} {
		for _, file := range archive(f, name).Files {
			f.Add(string(file.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil {
			t.Fatalf("printed form does not parse: %v\n%s", err, p)
		}
		if p.String() != again.String() {
			t.Fatalf("printed\n%s\nthen\n%s", p, again)
		}
		_ = Verify(p)
	})
}
