package ast

import (
	"strings"
	"unicode/utf8"

	"sonde/lang/source"
)

// Pos is a place in a script.
type Pos = source.Pos

const (
	lineWidth = 100 // columns after which a line is broken, if it can be
	tabWidth  = 8   // columns that an indentation counts as
)

// printer collects a line at a time, so that it can be broken when it turns out
// too long, and takes comments along as it passes their places.
type printer struct {
	out      strings.Builder
	line     []byte     // the line being made, without indentation
	breaks   []softness // where it may be broken
	code     int        // where the comments at its end begin, or -1
	closed   bool       // its last comment goes on to its end
	open     bool       // there is a line
	hang     bool       // it continues a statement
	blank    bool       // an empty line goes before the next
	first    bool       // except that the next is a block's first
	indent   int
	tabs     int // of the line being made
	depth    int // of brackets in the expression being printed
	comments []*Comment
	end      Pos // of what was printed last
}

// softness is a place where a line may be broken; the lower its level, the
// better.
type softness struct{ at, level int }

// text adds to the line.
func (p *printer) text(s string) { p.line = append(p.line, s...) }

// breakHere allows the line to be broken. Operators that bind tighter are worse
// places, and so is the inside of brackets.
func (p *printer) breakHere(precedence int) {
	p.breaks = append(p.breaks, softness{len(p.line), p.depth*16 + precedence})
}

// startLine ends the line and begins another.
func (p *printer) startLine() {
	p.flush()
	if p.blank && !p.first && p.out.Len() > 0 {
		p.out.WriteByte('\n')
	}
	p.blank, p.first = false, false
	p.open, p.code, p.tabs = true, -1, p.indent
}

// flush writes the line out, in pieces if it is too long.
func (p *printer) flush() {
	if !p.open {
		return
	}
	from, hang := 0, p.hang
	for {
		to := p.split(from, hang)
		p.out.WriteString(strings.Repeat("\t", p.tabs))
		if hang {
			p.out.WriteByte('\t')
		}
		p.out.WriteString(strings.TrimRight(string(p.line[from:to]), " "))
		p.out.WriteByte('\n')
		if to == len(p.line) {
			break
		}
		from, hang = to, true
	}
	p.line, p.breaks = p.line[:0], p.breaks[:0]
	p.open, p.hang, p.closed = false, false, false
}

// split returns where the piece of the line from an offset on must end: at the
// best place that keeps it short enough, else at the first there is.
func (p *printer) split(from int, hang bool) int {
	width := p.tabs * tabWidth
	if hang {
		width += tabWidth
	}
	code := len(p.line)
	if p.code >= 0 {
		code = p.code
	}
	if from > code || width+utf8.RuneCount(p.line[from:code]) <= lineWidth {
		return len(p.line)
	}
	best, found := softness{at: len(p.line)}, false
	for _, b := range p.breaks {
		if b.at <= from {
			continue
		}
		fits := width+utf8.RuneCount(p.line[from:b.at]) <= lineWidth+1 // the space at its end goes
		if !fits && found {
			break
		}
		if !found || b.level <= best.level {
			best, found = b, true
		}
		if !fits {
			break
		}
	}
	return best.at
}

// pending tells whether a comment comes before the place.
func (p *printer) pending(pos Pos) bool {
	return len(p.comments) > 0 && p.comments[0].Pos.Offset < pos.Offset
}

// take removes the next comment and adds it to the line.
func (p *printer) take() {
	c := p.comments[0]
	p.comments = p.comments[1:]
	p.end = c.EndPos
	p.text(c.Text)
	p.closed = strings.HasPrefix(c.Text, "//")
}

// inline prints the comments before a place within an expression.
func (p *printer) inline(pos Pos) {
	for p.pending(pos) {
		p.take()
		if !p.closed {
			p.text(" ")
			continue
		}
		p.flush()
		p.open, p.hang, p.code, p.tabs = true, true, -1, p.indent
	}
}

// before prints the comments before a place: at the end of the current line
// those that stand there in the source, the others on lines of their own. It
// decides whether an empty line goes before what follows; apart asks for one.
func (p *printer) before(pos Pos, apart bool) {
	p.trailing(Pos{}, pos)
	p.blank = apart
	for p.pending(pos) {
		p.gap(p.comments[0].Pos)
		p.startLine()
		p.take()
		p.trailing(Pos{}, pos)
	}
	p.gap(pos)
}

// gap asks for an empty line if the source has one between what was printed
// last and the place.
func (p *printer) gap(pos Pos) {
	if p.end.Line > 0 && pos.Line > p.end.Line+1 {
		p.blank = true
	}
}

// after ends a node, with the comments within it that have found no better
// place.
func (p *printer) after(n Node) {
	end := n.Span().End
	p.trailing(end, end)
	if end.Offset > p.end.Offset {
		p.end = end
	}
}

// trailing adds to the line the comments before one place, and those before
// another that stand on the line in the source where what was printed last
// ends.
func (p *printer) trailing(all, same Pos) {
	for len(p.comments) > 0 && p.open && !p.closed {
		c := p.comments[0]
		if c.Pos.Offset >= all.Offset && (c.Pos.Offset >= same.Offset || c.Pos.Line != p.end.Line) {
			return
		}
		if p.code < 0 {
			p.code = len(p.line)
		}
		p.text(" ")
		p.take()
	}
}
