package parse

import (
	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/source"
)

var closers = map[byte]byte{'(': ')', '[': ']', '{': '}'}

func (s *scanner) openBracket(c byte) {
	if len(s.open) >= maxNesting {
		s.tooDeep(s.off, s.off+1)
		return
	}
	s.begin(tokOp, s.off+1)
	s.open = append(s.open, bracket{
		kind: c, at: s.file.Span(s.off-1, s.off), fresh: c == '{', first: -1,
	})
}

// closeBracket emits a closing bracket and complains when it is not the one
// that is due.
func (s *scanner) closeBracket(c byte) {
	match := len(s.open) - 1
	for match >= 0 && closers[s.open[match].kind] != c {
		match--
	}
	if match < 0 {
		s.errorf(s.off, s.off+1, "unbalanced", "'%c' closes nothing", c)
		s.begin(tokOp, s.off+1)
		return
	}
	if inner := s.open[len(s.open)-1]; match < len(s.open)-1 && inner.kind != '/' {
		s.errorf(s.off, s.off+1, "unbalanced", "expected '%c' before '%c'", closers[inner.kind], c).
			WithNote(inner.at, "to close this '%c'", inner.kind)
	}
	s.open = s.open[:match+1]
	if c == '}' {
		s.endMark()
	}
	s.emit(tokOp, s.off+1)
	s.open = s.open[:match]
	if n := len(s.open); c == '}' && n > 0 {
		s.open[n-1].fresh = true
	}
}

// endMark puts an empty token right after the last real one. It ends the last
// statement of a block when no semicolon does.
func (s *scanner) endMark() {
	n := len(s.toks)
	end := lexer.Token{Type: tokEnd, Pos: s.pos()}
	if n > 0 && s.toks[n-1].Type == tokSpace {
		end.Pos = s.toks[n-1].Pos
		s.toks = append(s.toks, s.toks[n-1])
		s.toks[n-1] = end
		return
	}
	s.toks = append(s.toks, end)
}

// unclosed complains about the innermost bracket that the script's end left
// open.
func (s *scanner) unclosed() {
	if len(s.open) == 0 || s.stopped {
		return
	}
	b := s.open[len(s.open)-1]
	what := closers[b.kind]
	if b.kind == '/' {
		what = '/'
	}
	s.incomplete("'"+string(what)+"'").WithNote(b.at, "to close this '%c'", b.kind)
	s.open = s.open[:0]
}

// incomplete complains that the script ends before something, after its last
// token.
func (s *scanner) incomplete(what string) *source.Diagnostic {
	last := len(s.src)
	if n := len(s.toks); n > 0 && s.toks[n-1].Type == tokSpace {
		last = s.toks[n-1].Pos.Offset
	}
	return s.errorf(last, last, CodeIncomplete, "expected %s before the end of the script", what)
}
