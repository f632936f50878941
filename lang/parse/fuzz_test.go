package parse

import (
	"strings"
	"testing"

	"sonde/lang/ast"
	"sonde/lang/source"
)

func seed(f *testing.F) {
	for _, script := range corpus(f) {
		f.Add(script)
	}
}

// FuzzScan: the scanner never panics, loses no byte and places every token
// right.
func FuzzScan(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, script string) {
		file := source.NewFile("s", script)
		s := newScanner(file, testOptions.IsValue)
		s.script()
		offset := 0
		for _, tok := range s.toks[:len(s.toks)-1] {
			if tok.Pos.Offset != offset || source.Pos(tok.Pos) != file.Pos(offset) {
				t.Fatalf("%q is at %v, want %v", tok.Value, tok.Pos, file.Pos(offset))
			}
			offset += len(tok.Value)
		}
		if offset != len(script) && !s.stopped {
			t.Fatalf("the tokens end at %d of %d", offset, len(script))
		}
		if !s.toks[len(s.toks)-1].EOF() {
			t.Fatal("no end")
		}
	})
}

// FuzzParse: the parser never panics; errors have places and can be shown; what
// it accepts, formatted, is accepted as the same tree, and formatting that
// changes nothing.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, script string) {
		file := source.NewFile("s", script)
		s, list := Parse(file, testOptions)
		if len(list) > 0 {
			for _, d := range list {
				if !d.Span.IsValid() || d.Span.End.Offset > len(script) || strings.Contains(d.Msg, "something else") {
					t.Fatalf("%q: %v", script, d)
				}
			}
			if err := list.Render(&strings.Builder{}, []*source.File{file}, true); err != nil {
				t.Fatal(err)
			}
			return
		}
		text := ast.Format(s)
		again, list := Parse(source.NewFile("s", text), testOptions)
		if len(list) > 0 {
			t.Fatalf("%q is formatted as %q: %v", script, text, list)
		}
		if one, two := ast.Dump(s, false), ast.Dump(again, false); one != two {
			t.Fatalf("%q is formatted as %q:\n%s\nbecomes\n%s", script, text, one, two)
		}
		if twice := ast.Format(again); twice != text {
			t.Fatalf("%q is formatted as %q, and that as %q", script, text, twice)
		}
	})
}

// FuzzExpr: a lone expression never makes the parser panic, and is printed as
// itself.
func FuzzExpr(f *testing.F) {
	f.Add("1 + (a ? b : c).d[2] - (struct x*)$p->y")
	f.Add("sizeof((a[1])) && -(-1) || { f(); @x[1, 2]++ }")
	f.Fuzz(func(t *testing.T, text string) {
		x, list := Expr(source.NewFile("s", text), testOptions)
		if len(list) > 0 {
			return
		}
		again, list := Expr(source.NewFile("s", ast.ExprString(x)), testOptions)
		if len(list) > 0 {
			t.Fatalf("%q is printed as %q: %v", text, ast.ExprString(x), list)
		}
		if one, two := ast.Dump(x, false), ast.Dump(again, false); one != two {
			t.Fatalf("%q is printed as %q:\n%s\nbecomes\n%s", text, ast.ExprString(x), one, two)
		}
	})
}
