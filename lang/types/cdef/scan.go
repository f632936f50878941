package cdef

import "strings"

type kind uint8

const (
	end kind = iota
	word
	number
	str
	sign
)

type token struct {
	kind kind
	text string
	off  int
}

// twoSigns are the signs of more than one character that expressions use.
var twoSigns = []string{"<<", ">>", "<=", ">=", "==", "!=", "&&", "||"}

// scan cuts C text into tokens; comments and joined line ends are blank.
func scan(text string) ([]token, error) {
	var out []token
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
		case strings.HasPrefix(rest, "\\\n"):
			i += 2
		case strings.HasPrefix(rest, "\\\r\n"):
			i += 3
		case strings.HasPrefix(rest, "//"):
			if n := strings.IndexByte(rest, '\n'); n >= 0 {
				i += n
			} else {
				i = len(text)
			}
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest, "*/")
			if n < 0 {
				return nil, &Error{i, "the comment is not closed"}
			}
			i += n + 2
		case isLetter(c):
			n := 1
			for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
				n++
			}
			out = append(out, token{word, rest[:n], i})
			i += n
		case isDigit(c):
			n := 1
			for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
				n++
			}
			out = append(out, token{number, rest[:n], i})
			i += n
		case c == '"' || c == '\'':
			n := 1
			for n < len(rest) && rest[n] != c && rest[n] != '\n' {
				if rest[n] == '\\' {
					n++
				}
				n++
			}
			if n >= len(rest) || rest[n] != c {
				return nil, &Error{i, "the quote is not closed"}
			}
			out = append(out, token{str, rest[:n+1], i})
			i += n + 1
		default:
			n := 1
			for _, two := range twoSigns {
				if strings.HasPrefix(rest, two) {
					n = 2
				}
			}
			if strings.HasPrefix(rest, "...") {
				n = 3
			}
			out = append(out, token{sign, rest[:n], i})
			i += n
		}
	}
	return append(out, token{end, "", len(text)}), nil
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// parser reads tokens.
type parser struct {
	d    *Definitions
	toks []token
	text string
	// expanding are the macros whose text is being evaluated.
	expanding []string
}

func (p *parser) peek() token { return p.toks[0] }

func (p *parser) next() token {
	t := p.toks[0]
	if t.kind != end {
		p.toks = p.toks[1:]
	}
	return t
}

// accept takes the next token if it has that text.
func (p *parser) accept(text string) bool {
	if t := p.peek(); t.kind != str && t.text == text && t.kind != end {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail(p.peek(), "expected '%s'%s", text, found(p.peek()))
	}
}

func found(t token) string {
	if t.kind == end {
		return " before the end"
	}
	return ", not '" + t.text + "'"
}

func (p *parser) name(what string) token {
	t := p.next()
	if t.kind != word {
		p.fail(t, "expected %s%s", what, found(t))
	}
	return t
}

// balanced skips what stands between an opening sign, already taken, and the one
// that closes it.
func (p *parser) balanced(open, closer string) {
	for depth := 1; depth > 0; {
		t := p.next()
		switch {
		case t.kind == end:
			p.fail(t, "expected '%s' before the end", closer)
		case t.kind == sign && t.text == open:
			depth++
		case t.kind == sign && t.text == closer:
			depth--
		}
	}
}
