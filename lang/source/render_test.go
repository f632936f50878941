package source

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	span := func(f *File, text string) Span {
		i := strings.Index(f.Text, text)
		if i < 0 {
			t.Fatalf("%q is not in the script", text)
		}
		return f.Span(i, i+len(text))
	}
	tests := []struct {
		name, script, blame string
		want                string
	}{
		{"one line", "begin { print(cmm); }\n", "cmm", `
s.bt:1:15-18: ERROR: boom
begin { print(cmm); }
              ~~~
`},
		{"tabs are four columns", "begin {\n\tf(\tcmm\t);\n}", "cmm\t", `
s.bt:2:5-9: ERROR: boom
    f(    cmm    );
          ~~~~~~~
`},
		{"several lines", "begin {\n\tf(1);\n}", "{\n\tf(1);\n}", `
s.bt:1-3: ERROR: boom
begin {
    f(1);
}
`},
		{"the column is in bytes, the underline in characters", `begin { f("äö", cmm) }`, "cmm", `
s.bt:1:19-22: ERROR: boom
begin { f("äö", cmm) }
                ~~~
`},
		{"wide and combining characters", "f(\"日本e\u0301\", cmm)", "cmm", "\n" +
			"s.bt:1:16-19: ERROR: boom\n" +
			"f(\"日本e\u0301\", cmm)\n" +
			"           ~~~\n"},
		{"control characters and broken UTF-8", "f(\"\x1b[31m\xff\u202e\", cmm)", "cmm", `
s.bt:1:16-19: ERROR: boom
f("\x1b[31m\xff\u202e", cmm)
                        ~~~
`},
		{"a long line", strings.Repeat("x", 1000) + "cmm" + strings.Repeat("ä", 1000), "cmm", "\n" +
			"s.bt:1:1001-1004: ERROR: boom\n" +
			"..." + strings.Repeat("x", 100) + "cmm" + strings.Repeat("ä", 149) + "...\n" +
			strings.Repeat(" ", 103) + "~~~\n"},
		{"many lines", "{" + strings.Repeat("\n", 1000) + "}", "{" + strings.Repeat("\n", 1000) + "}", "\n" +
			"s.bt:1-1001: ERROR: boom\n{\n" + strings.Repeat("\n", 19) + "...\n"},
		{"carriage return at the line's end", "f(cmm)\r\ng()", "cmm", `
s.bt:1:3-6: ERROR: boom
f(cmm)
  ~~~
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := NewFile("s.bt", test.script)
			var b strings.Builder
			if err := Render(&b, Errorf(span(f, test.blame), "x", "boom"), []*File{f}, false); err != nil {
				t.Fatal(err)
			}
			if got, want := b.String(), test.want[1:]; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestRenderAtTheEnd(t *testing.T) {
	f := NewFile("s", "begin {")
	var b strings.Builder
	if err := Render(&b, Errorf(f.Span(7, 7), "x", "boom"), []*File{f}, false); err != nil {
		t.Fatal(err)
	}
	want := "s:1:8-8: ERROR: boom\nbegin {\n       ~\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// What is no UTF-8 has no beginnings of characters.
func TestRenderNoUTF8(t *testing.T) {
	f := NewFile("x", strings.Repeat("\x9e", 3000)+"pid"+strings.Repeat("\x9e", 3000))
	var got strings.Builder
	if err := Render(&got, Errorf(f.Span(3000, 3003), "x", "wrong"), []*File{f}, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "pid") || !strings.Contains(got.String(), "~~~\n") {
		t.Errorf("got %s", &got)
	}
}

func TestRenderParts(t *testing.T) {
	f := NewFile("s\x07", "begin { x }")
	list := List{
		Warningf(f.Span(8, 9), "w", "second\x1b"),
		Errorf(f.Span(8, 9), "e", "first").WithNote(f.Span(0, 5), "seen\nhere").WithHint("do %s", "this"),
		Errorf(Span{}, "e", "nowhere"),
	}
	var b strings.Builder
	if err := list.Render(&b, []*File{f}, true); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[31ms\\x07:1:9-10: ERROR: first\x1b[0m\nbegin { x }\n        ~\n" +
		"\x1b[31ms\\x07:1:1-6: ERROR: seen\nhere\x1b[0m\nbegin { x }\n~~~~~\n" +
		"HINT: do this\n" +
		"\x1b[31mERROR: nowhere\x1b[0m\n" +
		"\x1b[33ms\\x07:1:9-10: WARNING: second\\x1b\x1b[0m\nbegin { x }\n        ~\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}

func TestPositions(t *testing.T) {
	f := NewFile("s", "ab\r\n\nc")
	tests := []struct{ offset, line, column int }{
		{-1, 1, 1}, {0, 1, 1}, {2, 1, 3}, {3, 1, 4}, {4, 2, 1}, {5, 3, 1}, {6, 3, 2}, {99, 3, 2},
	}
	for _, test := range tests {
		if p := f.Pos(test.offset); p.Line != test.line || p.Column != test.column {
			t.Errorf("offset %d is %d:%d, want %d:%d", test.offset, p.Line, p.Column, test.line, test.column)
		}
	}
	for n, want := range []string{"", "ab", "", "c", ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d is %q, want %q", n, got, want)
		}
	}
}
