package repl

import (
	"bytes"
	"io"
)

// Bracketed paste: the terminal marks what is pasted, so that lines of a script are
// not taken for one input each, and its tabs not for requests to complete.
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"

	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"

	// pasteMark ends a pasted line that more of the same paste follows. It has no
	// width on the terminal.
	pasteMark = "\u2063"
)

// pasteReader takes the terminal's marks out of what is typed and pasted.
type pasteReader struct {
	r io.Reader
	// ready is what can be handed on, held what may be part of a mark or a paste that has
	// not ended.
	ready, held []byte
	pasting     bool
}

// Read implements io.Reader.
func (p *pasteReader) Read(b []byte) (int, error) {
	for len(p.ready) == 0 {
		var buf [4096]byte
		n, err := p.r.Read(buf[:])
		p.take(buf[:n])
		if err != nil && len(p.ready) == 0 {
			return 0, err
		}
	}
	n := copy(b, p.ready)
	p.ready = p.ready[n:]
	return n, nil
}

// take sorts what was read.
func (p *pasteReader) take(b []byte) {
	p.held = append(p.held, b...)
	for len(p.held) > 0 {
		mark := pasteBegin
		if p.pasting {
			mark = pasteEnd
		}
		i := bytes.Index(p.held, []byte(mark))
		switch {
		case i >= 0 && p.pasting:
			p.ready = append(p.ready, pasted(p.held[:i])...)
		case i >= 0:
			p.ready = append(p.ready, p.held[:i]...)
		case p.pasting:
			return
		default:
			keep := partial(p.held, mark)
			p.ready = append(p.ready, p.held[:len(p.held)-keep]...)
			p.held = p.held[len(p.held)-keep:]
			return
		}
		p.held = p.held[i+len(mark):]
		p.pasting = !p.pasting
	}
}

// partial gives how many bytes at the end of b begin a mark. A lone escape is the key.
func partial(b []byte, mark string) int {
	for n := min(len(mark)-1, len(b)); n > 1; n-- {
		if bytes.HasSuffix(b, []byte(mark[:n])) {
			return n
		}
	}
	return 0
}

// pasted turns pasted text into what the line editor can take: each line but the last
// ends with the mark and Enter, tabs are blanks, other control characters go.
func pasted(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	var out []byte
	for i, c := range text {
		switch {
		case c == '\n' && i < len(text)-1:
			out = append(out, pasteMark+"\r"...)
		case c == '\n':
			out = append(out, '\r')
		case c == '\t':
			out = append(out, "    "...)
		case c >= ' ' && c != 0x7f:
			out = append(out, c)
		}
	}
	return out
}
