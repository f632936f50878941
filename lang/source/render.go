package source

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tabWidth is how many columns a tab of the script is shown as.
const tabWidth = 4

// terminal colours of the message line.
const (
	colourError   = "\033[31m"
	colourWarning = "\033[33m"
	colourReset   = "\033[0m"
)

// Render writes a diagnostic as users see it:
//
//	script.bt:3:9-14: ERROR: unknown name cmm
//	  print(cmm);
//	        ~~~
//	HINT: did you mean comm?
//
// then its notes in the same form. The script's lines are found in files by
// name; without them the text is left out. A span of several lines shows all
// of them and underlines nothing. Nothing that a script contains reaches the
// terminal as a control character.
func Render(w io.Writer, d *Diagnostic, files []*File, color bool) error {
	out := &renderer{w: bufio.NewWriter(w), files: files}
	if color {
		out.colour = colourError
		if d.Severity == Warning {
			out.colour = colourWarning
		}
	}
	out.message(d.Severity.String(), d.Span, d.Msg)
	for _, n := range d.Notes {
		out.message(d.Severity.String(), n.Span, n.Text)
	}
	if d.Hint != "" {
		out.line("HINT: " + escapeText(d.Hint))
	}
	return out.w.Flush()
}

// Render writes the whole list: errors, then warnings, each in script order.
func (l List) Render(w io.Writer, files []*File, color bool) error {
	for _, s := range []Severity{Error, Warning} {
		for _, d := range l {
			if d.Severity != s {
				continue
			}
			if err := Render(w, d, files, color); err != nil {
				return err
			}
		}
	}
	return nil
}

type renderer struct {
	w      *bufio.Writer
	files  []*File
	colour string
}

// line writes a line; errors stay in the writer until it is flushed.
func (r *renderer) line(s string) {
	_, _ = r.w.WriteString(s)
	_ = r.w.WriteByte('\n')
}

// message writes where, what and the script's text there.
func (r *renderer) message(severity string, at Span, text string) {
	head := severity + ": " + escapeText(text)
	if at.IsValid() {
		head = Escape(at.String()) + ": " + head
	}
	if r.colour != "" {
		head = r.colour + head + colourReset
	}
	r.line(head)
	if f := r.file(at); f != nil {
		r.excerpt(f, at)
	}
}

func (r *renderer) file(at Span) *File {
	if !at.IsValid() {
		return nil
	}
	for _, f := range r.files {
		if f.Name == at.Start.Filename {
			return f
		}
	}
	return nil
}

func (r *renderer) excerpt(f *File, at Span) {
	if at.End.Line > at.Start.Line {
		for n := at.Start.Line; n <= at.End.Line; n++ {
			if n-at.Start.Line == maxLines {
				r.line("...")
				return
			}
			line, _, _ := window(f.Line(n), 0, 0)
			shown, _ := expand(line)
			r.line(shown)
		}
		return
	}
	line := f.Line(at.Start.Line)
	if line == "" {
		return
	}
	from := min(max(at.Start.Column-1, 0), len(line))
	to := min(max(at.End.Column-1, from), len(line))
	line, from, to = window(line, from, to)
	shown, _ := expand(line)
	r.line(shown)
	_, before := expand(line[:from])
	_, under := expand(line[from:to])
	r.line(strings.Repeat(" ", before) + strings.Repeat("~", max(under, 1)))
}

// What is shown of scripts that were not written by hand: so many bytes of a line, those
// before the place among them, and so many lines.
const (
	maxLine   = 400
	maxBefore = 100
	maxLines  = 20
)

// window cuts a long line to what is around the bytes from … to, and gives where they are
// then.
func window(line string, from, to int) (string, int, int) {
	if len(line) <= maxLine {
		return line, from, to
	}
	// No character is cut in two; what is no UTF-8 has none, and no beginnings to look for.
	lo := max(0, from-maxBefore)
	for i := 1; i < utf8.UTFMax && lo > 0 && !utf8.RuneStart(line[lo]); i++ {
		lo--
	}
	hi := min(len(line), lo+maxLine)
	for i := 1; i < utf8.UTFMax && hi < len(line) && !utf8.RuneStart(line[hi]); i++ {
		hi++
	}
	to = min(to, hi)
	head, tail := "", ""
	if lo > 0 {
		head = "..."
	}
	if hi < len(line) {
		tail = "..."
	}
	return head + line[lo:hi] + tail, from - lo + len(head), to - lo + len(head)
}

// expand gives a script's line as it is shown, and how many columns it takes.
func expand(line string) (string, int) {
	shown := strings.ReplaceAll(escape(line, "\t"), "\t", strings.Repeat(" ", tabWidth))
	return shown, columns(shown)
}

// columns counts the terminal columns of printable text.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide tells whether terminals give the character two columns: the scripts and
// symbols of East Asian width W and F, to the accuracy that an underline needs.
func wide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || // Hangul Jamo
		0x2e80 <= r && r <= 0xa4cf && r != 0x303f || // CJK, Yi
		0xac00 <= r && r <= 0xd7a3 || // Hangul
		0xf900 <= r && r <= 0xfaff || 0xfe30 <= r && r <= 0xfe6f || // compatibility forms
		0xff00 <= r && r <= 0xff60 || 0xffe0 <= r && r <= 0xffe6 || // full width
		0x1f300 <= r && r <= 0x1f64f || 0x1f900 <= r && r <= 0x1f9ff || // pictographs
		0x20000 <= r && r <= 0x3fffd)
}
