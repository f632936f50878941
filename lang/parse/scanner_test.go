package parse

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/source"
)

// tokens renders what the scanner makes of a script: Type:text, space left out.
func tokens(text string) string {
	names := lexer.SymbolsByRune(definition{})
	s := newScanner(source.NewFile("s", text), testOptions.IsValue)
	s.script()
	var list []string
	for _, t := range s.toks {
		switch t.Type {
		case tokSpace, tokEOF:
		case tokOp:
			list = append(list, t.Value)
		case tokEnd:
			list = append(list, "End")
		default:
			list = append(list, fmt.Sprintf("%s:%s", names[t.Type], t.Value))
		}
	}
	return strings.Join(list, " ")
}

func TestScanner(t *testing.T) {
	tests := []struct{ script, want string }{
		{"begin{}", "Point:begin { End }"},
		{"kprobe:f,kprobe:g{}", "Point:kprobe:f , Point:kprobe:g { End }"},
		{"kprobe:f,{}", "Point:kprobe:f Trailing:, { End }"},
		{"uprobe:/a/*b*/c:d{}", "Point:uprobe:/a/*b*/c:d { End }"},
		{"begin//x\n{}", "Point:begin { End }"},
		{"begin/*x*/{}", "Point:begin { End }"},
		{"begin/1/{}", "Point:begin PredOpen:/ Int:1 PredClose:/ { End }"},
		{"k:f /1/2/{}", "Point:k:f PredOpen:/ Int:1 / Int:2 PredClose:/ { End }"},
		{"k:f /(1/{2})/{}", "Point:k:f PredOpen:/ ( Int:1 / { Int:2 End } ) PredClose:/ { End }"},
		{"k:f /1/ /*x*/ {}", "Point:k:f PredOpen:/ Int:1 PredClose:/ { End }"},
		{"k:f /1 {}", "Point:k:f PredOpen:/ Int:1 { End }"},
		{"k:f /{1}/ {}", "Point:k:f PredOpen:/ { Int:1 End } PredClose:/ { End }"},
		{`u:"a{b,c d\"e":f{}`, `Point:u:"a{b,c d\"e":f { End }`},
		{"begin{$x=1;@x[$y]=2;@+=1}",
			"Point:begin { Target:$x AssignOp:= Int:1 ; Target:@x [ Var:$y ] AssignOp:= Int:2 ; Target:@ AssignOp:+= Int:1 End }"},
		{"begin{f($x=1)}", "Point:begin { Ident:f ( Var:$x AssignOp:= Int:1 ) End }"},
		{"begin{_=1;_==1;a._=1}",
			"Point:begin { Blank:_ AssignOp:= Int:1 ; Ident:_ == Int:1 ; Ident:a . Ident:_ AssignOp:= Int:1 End }"},
		{"begin{if($x){$y=1}}", "Point:begin { Keyword:if ( Var:$x ) { Target:$y AssignOp:= Int:1 End } End }"},
		{"begin{$x.if->for}", "Point:begin { Var:$x . Ident:if -> Ident:for End }"},
		{"begin{pid+pidx}", "Point:begin { Value:pid + Ident:pidx End }"},
		{"begin{1.2.3}", "Point:begin { Int:1 . Int:2 . Int:3 End }"},
		{"begin{0..5}", "Point:begin { Int:0 .. Int:5 End }"},
		{"begin{$t.0.1e3}", "Point:begin { Var:$t . Int:0 . Int:1 Ident:e3 End }"},
		{"begin{$1+$#+$12}", "Point:begin { Param:$1 + Param:$# + Param:$12 End }"},
		{"begin{a<<=b>>c>=d->e---f}",
			"Point:begin { Ident:a AssignOp:<<= Ident:b >> Ident:c >= Ident:d -> Ident:e -- - Ident:f End }"},
		{"begin{a?:b!=!c&&&$d}", "Point:begin { Ident:a ? : Ident:b != ! Ident:c && & Var:$d End }"},
		{`begin{"a\"}"}`, `Point:begin { String:"a\"}" End }`},
		{"begin{import \"x\";import}", "Point:begin { Keyword:import String:\"x\" ; Keyword:import End }"},
		{"begin{f(import)}", "Point:begin { Ident:f ( Ident:import ) End }"},
		{"begin{true;false;truth}", "Point:begin { Bool:true ; Bool:false ; Ident:truth End }"},
		{"#define X {\nbegin{}", "CText:#define X { Point:begin { End }"},
		{"#define X \\\n 1  \nbegin{}", "CText:#define X \\\n 1 Point:begin { End }"},
		{"struct x{int a;};begin{}", "CText:struct x{int a;}; Point:begin { End }"},
		{"struct x{/*}*/}\n;begin{}", "CText:struct x{/*}*/}\n; Point:begin { End }"},
		{"struct:x{}", "Point:struct:x { End }"},
		{"config={a=1}begin{}", "Keyword:config AssignOp:= { Ident:a AssignOp:= Int:1 End } Point:begin { End }"},
		{"let @a=hash(1)begin{}", "Keyword:let Map:@a AssignOp:= Ident:hash ( Int:1 ) Point:begin { End }"},
		{"import\"x\"begin{}", "Keyword:import String:\"x\" Point:begin { End }"},
		{"macro m($a){}", "Keyword:macro Ident:m ( Var:$a ) { End }"},
		{"#!/bin/x\nbegin{}", "Point:begin { End }"},
		{"\ufeffbegin{}", "Point:begin { End }"},
		{"begin{\r\n\v\f}\r\n", "Point:begin { End }"},
	}
	for _, test := range tests {
		if got := tokens(test.script); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.script, got, test.want)
		}
	}
}

// TestTokensCoverTheScript: no byte is lost and no token overlaps another.
func TestTokensCoverTheScript(t *testing.T) {
	const script = "#!x\n// c\nstruct a {};\nk:f, /* x */ k:g /1/ { $x = \"a\"; if (1) { } } ; }"
	s := newScanner(source.NewFile("s", script), nil)
	s.script()
	offset := 0
	for _, tok := range s.toks[:len(s.toks)-1] {
		if tok.Pos.Offset != offset {
			t.Errorf("%q is at %d, want %d", tok.Value, tok.Pos.Offset, offset)
		}
		if want := s.file.Pos(offset); source.Pos(tok.Pos) != want {
			t.Errorf("%q is at %v, want %v", tok.Value, tok.Pos, want)
		}
		offset += len(tok.Value)
	}
	if offset != len(script) {
		t.Errorf("the tokens end at %d of %d", offset, len(script))
	}
}

func TestLexerDefinition(t *testing.T) {
	l, err := definition{}.Lex("s", strings.NewReader("begin { }"))
	if err != nil {
		t.Fatal(err)
	}
	toks, err := lexer.ConsumeAll(l)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tok := range toks {
		got = append(got, tok.Value)
	}
	if want := []string{"begin", " ", "{", "", " ", "}", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumber(t *testing.T) {
	tests := []struct {
		text string
		want uint64
		err  string
	}{
		{"0", 0, ""}, {"42", 42, ""}, {"1_000", 1000, ""}, {"017", 15, ""}, {"0_7", 7, ""},
		{"0xfF", 255, ""}, {"0X1_0", 16, ""}, {"18446744073709551615", 1<<64 - 1, ""},
		{"5e3", 5000, ""}, {"1E1_0", 1e10, ""}, {"3e0", 3, ""}, {"1e19", 1e19, ""},
		{"7u", 7, ""}, {"7ULL", 7, ""}, {"4294967295u", 1<<32 - 1, ""},
		{"1ns", 1, ""}, {"1us", 1e3, ""}, {"1ms", 1e6, ""}, {"1s", 1e9, ""},
		{"1m", 60e9, ""}, {"1h", 3600e9, ""}, {"1d", 86400e9, ""}, {"2e3s", 2000e9, ""},
		{"2e19", 0, "integer too large, the largest here is 18446744073709551615: 2e19"},
		{"1e99999", 0, "integer too large, the largest here is 18446744073709551615: 1e99999"},
		{"9223372036854775808l", 0, "integer too large, the largest here is 9223372036854775807: 9223372036854775808l"},
		{"0x", 0, "expected digits after 0x: 0x"},
		{"0_", 0, "an underscore must have a digit on both sides: 0_"},
		{"08", 0, "'8' is no octal digit, and a leading 0 makes the number octal: 08"},
		{"1e_1", 0, "an underscore must have a digit on both sides: 1e_1"},
		{"1b", 0, "invalid suffix 'b' of an integer: 1b"},
		{"nan", 0, "expected digits: nan"},
		{"", 0, "expected digits: "},
		{"_1", 0, "an underscore must have a digit on both sides: _1"},
	}
	for _, test := range tests {
		got, err := Number(test.text)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if got != test.want || msg != test.err {
			t.Errorf("Number(%q) = %d, %q; want %d, %q", test.text, got, msg, test.want, test.err)
		}
	}
}

func TestNesting(t *testing.T) {
	deep := func(n int, before, after string) string {
		return strings.Repeat(before, n) + "1" + strings.Repeat(after, n)
	}
	const many = 20_000
	scripts := map[string]string{
		"parentheses":  "begin { _ = " + deep(many, "(", ")") + "; }",
		"blocks":       "begin { " + deep(many, "{", "}") + " }",
		"ifs":          "begin { " + deep(many, "if (1) {", "}") + " }",
		"else ifs":     "begin { if (1) { } " + strings.Repeat("else if (1) { } ", many) + " }",
		"indexes":      "begin { _ = " + deep(many, "@x[", "]") + "; }",
		"calls":        "begin { _ = " + deep(many, "f(", ")") + "; }",
		"prefixes":     "begin { _ = " + deep(many, "!", "") + "; }",
		"casts":        "begin { _ = " + deep(many, "(int8)", "") + "; }",
		"conditionals": "begin { _ = " + deep(many, "1 ? 1 : ", "") + "; }",
		"operators":    "begin { _ = " + deep(many, "1 + ", "") + "; }",
		"postfixes":    "begin { _ = $x" + strings.Repeat(".a", many) + "; }",
		"typeofs":      "begin { let $x: " + strings.Repeat("typeof(", many) + "1" + strings.Repeat(")", many) + "; }",
		"predicate":    "begin /" + deep(many, "(", ")") + "/ { }",
		"open":         "begin { " + strings.Repeat("(", many),
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			_, list := Parse(source.NewFile("s", script), Options{})
			if len(list) != 1 || list[0].Code != "too-deep" {
				t.Errorf("got %v", list)
			}
		})
	}
	for _, script := range []string{
		"begin { _ = " + deep(150, "(", ")") + "; }",
		"begin { if (1) { } " + strings.Repeat("else if (1) { } ", 150) + " }",
		"begin { " + strings.Repeat("if (1) { } else { } ", 1000) + " }",
		"begin { _ = " + deep(1000, "1 + ", "") + "; }",
	} {
		if _, list := Parse(source.NewFile("s", script), Options{}); len(list) > 0 {
			t.Errorf("%.40s…: %v", script, list)
		}
	}
}
