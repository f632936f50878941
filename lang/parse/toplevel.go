package parse

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// script scans a whole file.
func (s *scanner) script() {
	if strings.HasPrefix(s.src, "\ufeff") {
		s.emit(tokSpace, len("\ufeff"))
	}
	s.space()
	if strings.HasPrefix(s.src[s.off:], "#!") {
		end := s.lineEnd(s.off)
		s.header = strings.TrimRight(s.src[s.off:end], " \t\r")
		s.emit(tokSpace, end)
	}
	for s.space(); !s.eof(); s.space() {
		s.items = append(s.items, s.off)
		s.item()
		s.unclosed()
	}
	s.finish()
}

// finish adds the token that ends the script, right after the last other one.
func (s *scanner) finish() {
	eof := lexer.EOFToken(s.pos())
	if n := len(s.toks); n > 0 && s.toks[n-1].Type == tokSpace {
		eof.Pos = s.toks[n-1].Pos
	}
	s.toks = append(s.toks, eof)
}

// expression scans a lone expression.
func (s *scanner) expression() {
	for s.space(); !s.eof(); s.space() {
		s.token()
	}
	s.unclosed()
	s.finish()
}

func (s *scanner) lineEnd(off int) int {
	if nl := strings.IndexByte(s.src[off:], '\n'); nl >= 0 {
		return off + nl
	}
	return len(s.src)
}

// item scans one declaration. Every branch consumes something.
func (s *scanner) item() {
	if s.peek(0) == '#' {
		if s.peek(1) == '!' {
			s.errorf(s.off, s.lineEnd(s.off), "misplaced", "a #! line can only be the first of a script")
		}
		s.preprocessor()
		return
	}
	switch c := s.peek(0); c {
	case ')', ']', '}':
		s.errorf(s.off, s.off+1, "unbalanced", "'%c' closes nothing", c)
		fallthrough
	case ';':
		s.emit(tokSpace, s.off+1)
		s.items = s.items[:len(s.items)-1]
		return
	}
	end := s.wordEnd(s.off)
	switch s.src[s.off:end] {
	case "struct", "union", "enum":
		if body := s.cBody(end); body >= 0 {
			s.cDefinition(body)
			return
		}
		s.probe()
	case "config", "macro":
		s.emit(tokKeyword, end)
		s.untilBlock()
		s.semicolon()
	case "import":
		s.emit(tokKeyword, end)
		s.untilSemicolon(func(t lexer.Token) bool { return t.Type == tokString })
	case "let":
		s.emit(tokKeyword, end)
		s.untilSemicolon(func(t lexer.Token) bool { return t.Value == ")" && len(s.open) == 0 })
	default:
		s.probe()
	}
}

// untilBlock scans up to the end of the first block.
func (s *scanner) untilBlock() {
	for s.space(); !s.eof(); s.space() {
		s.token()
		if t := s.last(); len(s.open) == 0 && t.Type == tokOp && t.Value == "}" {
			return
		}
	}
}

// untilSemicolon scans up to and with a semicolon, or without one after a
// token that done accepts or at the end of a line that cannot go on.
func (s *scanner) untilSemicolon(done func(lexer.Token) bool) {
	line := s.line
	for s.space(); !s.eof(); s.space() {
		if len(s.open) == 0 && s.line != line && s.last().Type != tokKeyword {
			return
		}
		line = s.line
		s.token()
		t := s.last()
		if t.Value == ";" && len(s.open) == 0 {
			return
		}
		if done(t) {
			s.semicolon()
			return
		}
	}
}

// semicolon takes the optional semicolon after a declaration.
func (s *scanner) semicolon() {
	end := s.layout(s.off, false)
	if end < len(s.src) && s.src[end] == ';' {
		s.space()
		s.token()
	}
}

// probe scans attach points, predicate and body.
func (s *scanner) probe() {
	if !s.points() {
		s.junk()
	}
	if s.peek(0) == '/' {
		s.predicate()
	}
	if s.peek(0) == '{' && !s.eof() {
		s.untilBlock()
	}
}

// junk passes over words where a block should be, up to it: the parser
// complains about the first of them, and the block is no probe's.
func (s *scanner) junk() {
	for ; !s.eof() && s.peek(0) != '{'; s.space() {
		end := s.off + 1
		for end < len(s.src) && s.src[end] != '{' && !isSpace(s.src[end]) {
			end++
		}
		s.emit(tokBad, end)
	}
}

// points scans a list of attach points and reports whether a predicate or a
// body follows.
func (s *scanner) points() bool {
	for {
		s.point()
		s.space()
		switch s.peek(0) {
		case '{', '/':
			return true
		case ',':
		case 0:
			if s.eof() && s.last().Type == tokPoint {
				s.incomplete("'{'")
			}
			return false
		default:
			return false
		}
		after := s.layout(s.off+1, false)
		if after < len(s.src) && (s.src[after] == '{' || s.src[after] == '/') {
			s.emit(tokTrailing, s.off+1)
			s.space()
			return true
		}
		s.emit(tokOp, s.off+1)
		s.space()
		if s.eof() {
			s.incomplete("an attach point")
			return false
		}
	}
}

// point scans one attach point. Once a colon has been seen a slash belongs to a
// path, even before a star; without one it can only begin a predicate or a
// comment.
func (s *scanner) point() {
	end, colon := s.off, false
	for end < len(s.src) {
		c := s.src[end]
		if c == '{' || c == ',' || isSpace(c) || c == '/' && !colon {
			break
		}
		colon = colon || c == ':'
		if c != '"' {
			end++
			continue
		}
		quote := end
		end = s.quoteEnd(end)
		if end < 0 {
			end = s.lineEnd(quote)
			s.errorf(quote, end, "unterminated-string", "unterminated string")
			break
		}
	}
	if end == s.off {
		s.errorf(s.off, s.off+1, "syntax", "expected an attach point")
		if end < len(s.src) && s.src[end] != '{' {
			s.emit(tokBad, end+1)
			return
		}
	}
	s.emit(tokPoint, end)
}

// quoteEnd returns the offset after the string that begins at off, or -1 when
// its line ends first.
func (s *scanner) quoteEnd(off int) int {
	for off++; off < len(s.src); off++ {
		switch s.src[off] {
		case '\\':
			off++
		case '"':
			return off + 1
		case '\n':
			return -1
		}
	}
	return -1
}

// predicate scans /expression/. A slash closes it when a block follows: nothing
// can be divided by a block without parentheses round it.
func (s *scanner) predicate() {
	at := s.file.Span(s.off, s.off+1)
	s.emit(tokPredOpen, s.off+1)
	s.open = append(s.open, bracket{kind: '/', at: at, first: -1})
	for s.space(); !s.eof(); s.space() {
		outer := len(s.open) == 1
		c := s.peek(0)
		if outer && c == '/' {
			if after := s.layout(s.off+1, false); after < len(s.src) && s.src[after] == '{' {
				s.emit(tokPredClose, s.off+1)
				s.open = s.open[:0]
				s.space()
				return
			}
		}
		if outer && c == '{' && s.afterOperand() {
			s.open = s.open[:0]
			return
		}
		s.token()
		if len(s.open) == 0 {
			return
		}
	}
}

// afterOperand tells whether the last token can end an expression.
func (s *scanner) afterOperand() bool {
	switch t := s.last(); t.Type {
	case tokOp:
		return t.Value == ")" || t.Value == "]" || t.Value == "}" || t.Value == "++" || t.Value == "--"
	case tokPredOpen, tokAssignOp, tokKeyword:
		return false
	default:
		return true
	}
}
