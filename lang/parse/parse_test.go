package parse

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/lang/ast"
	"sonde/lang/source"
	"sonde/lang/source/golden"
)

func TestExpr(t *testing.T) {
	tests := []struct{ text, want string }{
		{" sizeof(struct task_struct) ", "sizeof(struct task_struct)"},
		{"1 << 20 // a megabyte", "1 << 20"},
		{"@m[1]", "@m[1]"},
		{"{ $x = 1; $x }", "{\n\t$x = 1;\n\t$x\n}"},
		{"if (1) { 2 } else { 3 }", "if (1) { 2 } else { 3 }"},
	}
	for _, test := range tests {
		x, list := Expr(source.NewFile("s", test.text), Options{})
		if len(list) > 0 {
			t.Errorf("%q: %v", test.text, list)
		} else if got := ast.ExprString(x); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestExprErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "s:1:1-1: ERROR: expected an expression before the end of the script"},
		{"1 2", "s:1:3-4: ERROR: expected the end of the expression"},
		{"1 +", "s:1:4-4: ERROR: expected an expression before the end of the script"},
		{"$x = 1", "s:1:4-5: ERROR: expected the end of the expression"},
		{"kprobe:f { }", "s:1:7-8: ERROR: expected the end of the expression"},
		{"f(1))", "s:1:5-6: ERROR: ')' closes nothing"},
		{"\"a", "s:1:1-3: ERROR: unterminated string"},
	}
	for _, test := range tests {
		x, list := Expr(source.NewFile("s", test.text), Options{})
		if x != nil || len(list) != 1 || list[0].Error() != test.want {
			t.Errorf("%q: got %v, want %q", test.text, list, test.want)
		}
	}
}

func TestIncomplete(t *testing.T) {
	tests := []struct {
		script string
		want   bool
	}{
		{"", false},
		{"begin { }", false},
		{"begin {", true},
		{"begin { print(1);", true},
		{"begin { print(", true},
		{"begin { print(1,\n", true},
		{"begin { $x = ", true},
		{"begin { if (1) { } else", true},
		{"kprobe:f", true},
		{"kprobe:f,", true},
		{"kprobe:f /pid == 1", true},
		{"kprobe:f /pid == 1/", true},
		{"struct x { int a;", true},
		{"config = { a = 1", true},
		{"macro m(", true},
		{"let @x =", true},
		{"import", true},
		{"begin { } /* more", true},
		{"begin { print(1)) }", false},
		{"begin { print(; ", false},
		{"begin { \"a", false},
		{"begin { } end { $x = ", true},
	}
	for _, test := range tests {
		_, list := Parse(source.NewFile("s", test.script), Options{})
		if got := Incomplete(list); got != test.want {
			t.Errorf("%q: incomplete %v, want %v: %v", test.script, got, test.want, list)
		}
	}
}

// TestGoodItemsSurvive: what is right is in the tree, whatever else is wrong.
func TestGoodItemsSurvive(t *testing.T) {
	s, list := Parse(source.NewFile("s", "begin { $x = ; }\nkprobe:f { exit(); }\nend { print( }"), Options{})
	if len(list) != 2 || len(s.Items) != 1 || s.Items[0].(*ast.Probe).Points[0].Text != "kprobe:f" {
		t.Errorf("got %d errors, %s", len(list), ast.Dump(s, false))
	}
}

func TestClone(t *testing.T) {
	for name, script := range corpus(t) {
		s, list := Parse(source.NewFile("s", script), testOptions)
		if len(list) > 0 {
			continue
		}
		before := ast.Dump(s, true)
		c := ast.Clone(s)
		if got := ast.Dump(c, true); got != before {
			t.Errorf("%s: the copy differs:\n%s\n%s", name, before, got)
		}
		nodes := map[ast.Node]bool{}
		ast.Walk(s, func(n ast.Node) bool { nodes[n] = true; return true })
		ast.Walk(c, func(n ast.Node) bool {
			if nodes[n] {
				t.Errorf("%s: %T is shared", name, n)
			}
			return true
		})
	}
}

// TestSpans: a node lies within its parent, and siblings follow each other.
func TestSpans(t *testing.T) {
	for name, script := range corpus(t) {
		s, list := Parse(source.NewFile("s", script), testOptions)
		if len(list) > 0 {
			continue
		}
		ast.Walk(s, func(n ast.Node) bool {
			at := n.Span()
			for _, c := range ast.Children(n) {
				if in := c.Span(); in.Start.Offset < at.Start.Offset || in.End.Offset > at.End.Offset {
					t.Errorf("%s: %T at %s is not within %T at %s", name, c, in, n, n.Span())
				}
				at.Start = c.Span().End
			}
			return true
		})
	}
}

// TestWalkVisitsEverything: Walk and Dump, which goes by the fields, see the
// same nodes.
func TestWalkVisitsEverything(t *testing.T) {
	for name, script := range corpus(t) {
		s, _ := Parse(source.NewFile("s", script), testOptions)
		walked := 0
		ast.Walk(s, func(ast.Node) bool { walked++; return true })
		dumped := 0
		for line := range strings.Lines(ast.Dump(s, false)) {
			switch line = strings.TrimSpace(line); {
			case line == "*" || line == "[]" || strings.HasPrefix(line, "Comment "):
			default:
				dumped++
			}
		}
		if walked != dumped {
			t.Errorf("%s: %d nodes walked, %d dumped", name, walked, dumped)
		}
	}
}

// TestLineEnds: a script with CR LF means what it means without the CR.
func TestLineEnds(t *testing.T) {
	const script = "#!x\n/* a\n b */\nstruct x {\n int y;\n};\n// c\nbegin {\n print(1); // d\n}\n"
	unix, list := Parse(source.NewFile("s", script), testOptions)
	if len(list) > 0 {
		t.Fatal(list)
	}
	dos, list := Parse(source.NewFile("s", strings.ReplaceAll(script, "\n", "\r\n")), testOptions)
	if len(list) > 0 {
		t.Fatal(list)
	}
	if one, two := ast.Dump(unix, false), ast.Dump(dos, false); one != two {
		t.Errorf("%s\n%s", one, two)
	}
	if one, two := ast.Format(unix), ast.Format(dos); one != two {
		t.Errorf("%s\n%s", one, two)
	}
}

func TestGrammar(t *testing.T) {
	const path = "../../testdata/parse/grammar.ebnf"
	got := Grammar() + "\n"
	if golden.Update() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// corpus returns every script of the golden archives, by name.
func corpus(tb testing.TB) map[string]string {
	tb.Helper()
	paths, err := filepath.Glob("../../testdata/parse/*.txtar")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no archives: %v", err)
	}
	scripts := map[string]string{}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range a.Files {
			if !strings.Contains(f.Name, ": ") {
				scripts[filepath.Base(path)+" "+f.Name] = string(f.Data)
			}
		}
	}
	return scripts
}
