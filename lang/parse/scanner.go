package parse

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// maxNesting is how deep brackets and else-ifs may nest. The parser and every
// walk over the tree recurse, and a Go stack overflow cannot be recovered.
const maxNesting = 200

// scanner turns a script into tokens. It runs to the end before the parser
// starts, so it can go back and retag the first token of a statement when it
// meets the assignment sign. It never fails: what it cannot read becomes a
// complaint and a token, and the earliest complaint about an item wins over
// what the parser makes of it.
type scanner struct {
	file     *source.File
	src      string
	off      int
	line     int // of off, from 1
	lineOff  int // offset of that line's first byte
	isValue  func(string) bool
	toks     []lexer.Token
	items    []int // offset of every top-level item
	comments []*ast.Comment
	header   string
	diags    source.List
	open     []bracket
	stopped  bool // nested too deeply: the rest is not looked at
}

// bracket is an open bracket and what is known about the statement being
// scanned inside of it.
type bracket struct {
	kind  byte // ( [ {, or / for a predicate
	at    source.Span
	fresh bool // the next token begins a statement
	first int  // index of the token that began the statement, -1 when settled
	elses int  // length of the else-if chain so far
}

func newScanner(f *source.File, isValue func(string) bool) *scanner {
	if isValue == nil {
		isValue = func(string) bool { return false }
	}
	s := &scanner{file: f, src: f.Text, line: 1, isValue: isValue}
	s.toks = make([]lexer.Token, 0, len(f.Text)/3+8)
	return s
}

// definition is the scanner as participle sees it.
type definition struct{}

// Symbols implements lexer.Definition.
func (definition) Symbols() map[string]lexer.TokenType { return symbols }

// Lex implements lexer.Definition. It scans a whole script; complaints are
// lost, which is why Parse drives the scanner itself.
func (definition) Lex(name string, r io.Reader) (lexer.Lexer, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s := newScanner(source.NewFile(name, string(text)), nil)
	s.script()
	return &stream{s.toks}, nil
}

// stream hands out scanned tokens.
type stream struct{ toks []lexer.Token }

// Next implements lexer.Lexer.
func (l *stream) Next() (lexer.Token, error) {
	t := l.toks[0]
	if !t.EOF() {
		l.toks = l.toks[1:]
	}
	return t, nil
}

func (s *scanner) pos() lexer.Position {
	return lexer.Position{Filename: s.file.Name, Offset: s.off, Line: s.line, Column: s.off - s.lineOff + 1}
}

// peek returns the byte n after the current one, or 0.
func (s *scanner) peek(n int) byte {
	if s.off+n < len(s.src) {
		return s.src[s.off+n]
	}
	return 0
}

func (s *scanner) eof() bool { return s.off >= len(s.src) || s.stopped }

// advance moves to offset end.
func (s *scanner) advance(end int) {
	for {
		nl := strings.IndexByte(s.src[s.off:end], '\n')
		if nl < 0 {
			break
		}
		s.off += nl + 1
		s.line++
		s.lineOff = s.off
	}
	s.off = end
}

// emit makes a token of the bytes up to end.
func (s *scanner) emit(t lexer.TokenType, end int) {
	s.toks = append(s.toks, lexer.Token{Type: t, Value: s.src[s.off:end], Pos: s.pos()})
	s.advance(end)
}

func (s *scanner) errorf(start, end int, code source.Code, format string, args ...any) *source.Diagnostic {
	return s.diags.Add(source.Errorf(s.file.Span(start, end), code, format, args...))
}

// last returns the last token that is not space.
func (s *scanner) last() lexer.Token {
	for i := len(s.toks) - 1; i >= 0; i-- {
		if s.toks[i].Type != tokSpace {
			return s.toks[i]
		}
	}
	return lexer.EOFToken(lexer.Position{})
}

// space skips white space and comments, as one token.
func (s *scanner) space() {
	start := s.off
	end := s.layout(s.off, true)
	if end > start {
		s.emit(tokSpace, end)
	}
}

// layout returns the offset after white space and comments from off; with
// record set it notes the comments.
func (s *scanner) layout(off int, record bool) int {
	for off < len(s.src) {
		c := s.src[off]
		switch {
		case isSpace(c):
			off++
			continue
		case c != '/' || off+1 == len(s.src):
			return off
		}
		end := off
		switch s.src[off+1] {
		case '/':
			end = len(s.src)
			if nl := strings.IndexByte(s.src[off:], '\n'); nl >= 0 {
				end = off + nl
			}
		case '*':
			end = len(s.src)
			if n := strings.Index(s.src[off+2:], "*/"); n >= 0 {
				end = off + 2 + n + 2
			} else if record {
				s.errorf(off, off+2, CodeIncomplete, "unterminated comment").WithHint("close it with */")
			}
		default:
			return off
		}
		if record {
			at := s.file.Span(off, end)
			text := strings.ReplaceAll(s.src[off:end], "\r\n", "\n")
			if c := s.src[off+1]; c == '/' {
				text = strings.TrimRight(text, " \t\r")
			}
			s.comments = append(s.comments, &ast.Comment{At: ast.At{Pos: at.Start, EndPos: at.End}, Text: text})
		}
		off = end
	}
	return off
}

// wordEnd returns the offset after the letters and digits from off.
func (s *scanner) wordEnd(off int) int {
	for off < len(s.src) && isWord(s.src[off]) {
		off++
	}
	return off
}

// token scans one token of a body.
func (s *scanner) token() {
	c := s.peek(0)
	switch {
	case isWordStart(c):
		s.word()
	case isDigit(c):
		s.number()
	case c == '"':
		s.str()
	case c == '$':
		s.dollar()
	case c == '@':
		s.begin(tokMap, s.wordEndIfStart(s.off+1))
	case c == '(' || c == '[' || c == '{':
		s.openBracket(c)
	case c == ')' || c == ']' || c == '}':
		s.closeBracket(c)
	default:
		s.operator(c)
	}
}

// wordEndIfStart is wordEnd, but a digit does not begin a word.
func (s *scanner) wordEndIfStart(off int) int {
	if off < len(s.src) && isWordStart(s.src[off]) {
		return s.wordEnd(off)
	}
	return off
}

// begin emits a token that may be the first of a statement.
func (s *scanner) begin(t lexer.TokenType, end int) {
	if n := len(s.open); n > 0 {
		b := &s.open[n-1]
		if b.fresh {
			b.fresh = false
			b.first = len(s.toks)
			if s.src[s.off:end] != "else" {
				b.elses = 0
			} else if b.elses++; b.elses > maxNesting {
				s.tooDeep(s.off, end)
			}
		}
	}
	s.emit(t, end)
}

func (s *scanner) word() {
	end := s.wordEnd(s.off)
	text := s.src[s.off:end]
	prev := s.last()
	t := tokIdent
	switch {
	case prev.Type == tokOp && (prev.Value == "." || prev.Value == "->"):
	case keywords[text]:
		t = tokKeyword
	case text == "true" || text == "false":
		t = tokBool
	case text == "import" && len(s.open) > 0 && s.open[len(s.open)-1].fresh:
		t = tokKeyword
	case s.isValue(text):
		t = tokValue
	}
	s.begin(t, end)
}

func (s *scanner) dollar() {
	start := s.off
	switch c := s.peek(1); {
	case c == '#':
		s.begin(tokParam, s.off+2)
	case isDigit(c):
		end := s.off + 1
		for end < len(s.src) && isDigit(s.src[end]) {
			end++
		}
		if _, ok := paramNumber(s.src[start:end]); !ok {
			s.errorf(start, end, "bad-parameter", "parameter %s is out of range: the first is $1, the last $%d", s.src[start:end], maxParam)
		}
		s.begin(tokParam, end)
	case isWordStart(c):
		s.begin(tokVar, s.wordEnd(s.off+1))
	default:
		s.errorf(start, start+1, "bad-name", "expected a name after '$'").
			WithHint("variables are $name, parameters $1, their count $#")
		s.begin(tokBad, s.off+1)
	}
}

func (s *scanner) operator(c byte) {
	for _, op := range operators[c] {
		if !strings.HasPrefix(s.src[s.off:], op.text) {
			continue
		}
		end := s.off + len(op.text)
		if op.assigns {
			s.retag(op.text)
			s.begin(tokAssignOp, end)
			return
		}
		s.begin(tokOp, end)
		if n := len(s.open); c == ';' && n > 0 {
			s.open[n-1].fresh = true
		}
		return
	}
	s.badByte()
}

// retag marks the statement that an assignment sign has just been met in.
func (s *scanner) retag(op string) {
	if len(s.open) == 0 {
		return
	}
	b := &s.open[len(s.open)-1]
	if b.kind != '{' || b.first < 0 {
		return
	}
	first := &s.toks[b.first]
	switch {
	case first.Type == tokVar || first.Type == tokMap:
		first.Type = tokTarget
	case first.Value == "_" && op == "=" && s.last() == *first:
		first.Type = tokBlank
	}
	b.first = -1
}

func (s *scanner) badByte() {
	r, size := utf8.DecodeRuneInString(s.src[s.off:])
	d := s.errorf(s.off, s.off+size, "bad-character", "unexpected character '%s'", source.Escape(s.src[s.off:s.off+size]))
	if r == '\'' {
		d.WithHint("strings are written with double quotes, a character as its number: 65 for A")
	}
	s.begin(tokBad, s.off+size)
}

func (s *scanner) tooDeep(start, end int) {
	s.errorf(start, end, "too-deep", "nested more than %d levels deep", maxNesting)
	s.stopped = true
}
