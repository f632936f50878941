package parse

import "strings"

// preprocessor scans a line that begins with '#', and the lines that a
// backslash joins to it.
func (s *scanner) preprocessor() {
	end := s.lineEnd(s.off)
	for end < len(s.src) && strings.HasSuffix(strings.TrimRight(s.src[s.off:end], "\r"), "\\") {
		end = s.lineEnd(end + 1)
	}
	s.emit(tokCText, s.off+len(strings.TrimRight(s.src[s.off:end], " \t\r")))
}

// cBody tells where the '{' of the C definition stands whose keyword ends at
// off: names and attributes may come before it. It is -1 when this is no C
// definition but an attach point that begins with such a word.
func (s *scanner) cBody(off int) int {
	for off = s.layout(off, false); off < len(s.src); off = s.layout(off, false) {
		switch c := s.src[off]; {
		case c == '{':
			return off
		case isWordStart(c):
			off = s.wordEnd(off)
		case c == '(' || c == '[':
			if off = s.balanced(off); off < 0 {
				return -1
			}
		default:
			return -1
		}
	}
	return -1
}

// balanced returns the offset after the bracket that closes the one at off,
// comments and strings left alone, or -1 when there is none.
func (s *scanner) balanced(off int) int {
	open, closer := s.src[off], closers[s.src[off]]
	for depth := 0; off < len(s.src); {
		if after := s.layout(off, false); after > off {
			off = after
			continue
		}
		switch c := s.src[off]; c {
		case open:
			depth++
		case closer:
			if depth--; depth == 0 {
				return off + 1
			}
		case '"':
			if after := s.quoteEnd(off); after > 0 {
				off = after
				continue
			}
		}
		off++
	}
	return -1
}

// cDefinition scans struct X { … } with the attributes after it and its
// semicolon, which may be missing.
func (s *scanner) cDefinition(body int) {
	end := s.balanced(body)
	if end < 0 {
		s.emit(tokCText, len(strings.TrimRight(s.src, " \t\r\n")))
		s.space()
		s.incomplete("'}'").WithNote(s.file.Span(body, body+1), "to close this '{'")
		return
	}
	for {
		next := s.layout(end, false)
		if !strings.HasPrefix(s.src[next:], "__attribute__") {
			break
		}
		end = next + len("__attribute__")
		args := s.layout(end, false)
		if !strings.HasPrefix(s.src[args:], "((") {
			s.errorf(args, s.charEnd(args), "syntax", "expected '((' after __attribute__")
			break
		}
		after := s.balanced(args)
		if after < 0 {
			s.errorf(args, args+1, "unbalanced", "this '(' is not closed")
			break
		}
		end = after
	}
	if next := s.layout(end, false); next < len(s.src) && s.src[next] == ';' {
		end = next + 1
	}
	s.emit(tokCText, end)
}

// charEnd is the offset after the character at off, or off at the end.
func (s *scanner) charEnd(off int) int {
	if off >= len(s.src) {
		return off
	}
	return max(s.wordEnd(off), off+1)
}
