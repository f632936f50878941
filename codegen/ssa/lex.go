package ssa

import (
	"strconv"
	"strings"
)

// lexer gives the words of one line of the printed form: names, numbers with
// their sign, quoted strings and single punctuation marks.
type lexer struct {
	line    int
	text    string // what follows tok
	tok     string // "" at the end
	comment string
}

// setLine starts a line, whose comment is kept apart.
func (l *lexer) setLine(line string) {
	l.text, l.comment = line, ""
	if !strings.Contains(line, `"`) || strings.Index(line, ";") > strings.LastIndex(line, `"`) || isOperation(line) {
		if code, comment, ok := strings.Cut(line, ";"); ok {
			l.text, l.comment = code, strings.TrimPrefix(comment, " ")
		}
	}
	l.next()
}

// isOperation tells lines that can hold a quotation mark only in their comment.
func isOperation(line string) bool {
	word := strings.TrimSpace(line)
	return !strings.HasPrefix(word, "program ") && !strings.HasPrefix(word, "map m") && !strings.HasPrefix(word, "slot s")
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '$'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (l *lexer) next() {
	l.text = strings.TrimLeft(l.text, " \t\r")
	n := 1
	switch {
	case l.text == "":
		n = 0
	case l.text[0] == '"':
		if q, err := strconv.QuotedPrefix(l.text); err == nil {
			n = len(q)
		}
	case strings.HasPrefix(l.text, "->"):
		n = 2
	case isWord(l.text[0]), (l.text[0] == '-' || l.text[0] == '+') && len(l.text) > 1 && isDigit(l.text[1]):
		for n < len(l.text) && isWord(l.text[n]) {
			n++
		}
	}
	l.tok, l.text = l.text[:n], l.text[n:]
}

// peek gives the first character after the current token.
func (l *lexer) peek() string {
	if rest := strings.TrimLeft(l.text, " \t"); rest != "" {
		return rest[:1]
	}
	return ""
}

func (l *lexer) end() bool { return l.tok == "" }

func (l *lexer) take() string {
	t := l.tok
	l.next()
	return t
}

func (l *lexer) accept(tok string) bool {
	if l.tok != tok {
		return false
	}
	l.next()
	return true
}

func (p *parser) want(tok string) {
	if !p.accept(tok) {
		p.fail("%q where %q is wanted", p.tok, tok)
	}
}

func (p *parser) wantEnd() {
	if !p.end() {
		p.fail("%q follows the end of the statement", p.tok)
	}
}

func (p *parser) number() int64 {
	word := p.take()
	n, err := strconv.ParseInt(strings.TrimPrefix(word, "+"), 0, 64)
	if err != nil {
		p.fail("%q where a number is wanted", word)
	}
	return n
}

func (p *parser) quoted() string {
	word := p.take()
	s, err := strconv.Unquote(word)
	if err != nil {
		p.fail("%q where a quoted string is wanted", word)
	}
	return s
}

// isName tells names such as v12.
func isName(word string, letter byte) bool {
	if len(word) < 2 || word[0] != letter {
		return false
	}
	for i := 1; i < len(word); i++ {
		if !isDigit(word[i]) {
			return false
		}
	}
	return true
}

// numbered gives the number in a name such as v12.
func (p *parser) numbered(word string, letter byte) ID {
	if isName(word, letter) {
		if n, err := strconv.ParseInt(word[1:], 10, 32); err == nil && n < 1<<20 {
			return ID(n)
		}
	}
	p.fail("%q where %c and a number is wanted", word, letter)
	return 0
}
