// Package source holds the text of scripts, positions in it, and diagnostics
// about it.
//
// Comes in: the bytes of a script and its name. Goes out: positions, spans and
// rendered messages with the blamed line underlined. It depends on nothing else
// in the project, and every other layer speaks of places in a script only in
// its terms.
package source

import (
	"fmt"
	"sort"
	"strings"
)

// Pos is a place in a script. Its fields are those of participle's
// lexer.Position, so that the parser can fill it in; Line and Column count
// from 1 (Column in bytes), Offset from 0 (bytes). The zero Pos is "nowhere".
type Pos struct {
	Filename string
	Offset   int
	Line     int
	Column   int
}

// IsValid tells whether p is a place at all.
func (p Pos) IsValid() bool { return p.Line > 0 }

// String gives file:line:column, or "-" for nowhere.
func (p Pos) String() string {
	if !p.IsValid() {
		return "-"
	}
	return fmt.Sprintf("%s:%d:%d", p.Filename, p.Line, p.Column)
}

// Span is a piece of a script, from Start up to but not including End.
type Span struct{ Start, End Pos }

// IsValid tells whether s is a place at all.
func (s Span) IsValid() bool { return s.Start.IsValid() }

// String gives file:line:column-column, the form that diagnostics begin with,
// or file:line-line when s goes on over several lines.
func (s Span) String() string {
	switch {
	case !s.IsValid():
		return "-"
	case s.End.Line > s.Start.Line:
		return fmt.Sprintf("%s:%d-%d", s.Start.Filename, s.Start.Line, s.End.Line)
	case s.End.Line == s.Start.Line && s.End.Column >= s.Start.Column:
		return fmt.Sprintf("%s:%d:%d-%d", s.Start.Filename, s.Start.Line, s.Start.Column, s.End.Column)
	default:
		return s.Start.String()
	}
}

// File is one script: its name as the user knows it ("stdin" for inline text)
// and its bytes.
type File struct {
	Name  string
	Text  string
	lines []int // offset of each line's first byte
}

// NewFile indexes text by lines.
func NewFile(name, text string) *File {
	f := &File{Name: name, Text: text, lines: []int{0}}
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	return f
}

// Line returns line n (from 1) without its line end, or "" when there is none.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	start, end := f.lines[n-1], len(f.Text)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return strings.TrimSuffix(f.Text[start:end], "\r")
}

// Pos turns a byte offset into a position.
func (f *File) Pos(offset int) Pos {
	offset = max(0, min(offset, len(f.Text)))
	line := sort.SearchInts(f.lines, offset+1)
	return Pos{Filename: f.Name, Offset: offset, Line: line, Column: offset - f.lines[line-1] + 1}
}

// Span turns two byte offsets into a span.
func (f *File) Span(start, end int) Span { return Span{f.Pos(start), f.Pos(end)} }
