package repl

import "strings"

// position is what kind of place the end of an unfinished text is.
type position struct {
	quoted, comment bool
	// closers are what closes the brackets that are open, innermost first.
	closers []byte
}

// scan finds out where the end of a text is. It knows strings, comments and
// brackets, and takes everything else as it comes.
func scan(text string) position {
	var p position
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i = stringEnd(text, i)
			p.quoted = i >= len(text)
		case strings.HasPrefix(text[i:], "//"):
			if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
				i += n
			} else {
				p.comment = true
				return p
			}
		case strings.HasPrefix(text[i:], "/*") && (i == 0 || strings.IndexByte(" \t\n;{}", text[i-1]) >= 0):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				p.comment = true
				return p
			}
			i += n + 3
		default:
			p.bracket(c)
		}
	}
	return p
}

// stringEnd gives the offset of the quote that ends the string at i, or the text's
// length.
func stringEnd(text string, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

func (p *position) bracket(c byte) {
	switch c {
	case '{', '(', '[':
		p.closers = append([]byte{map[byte]byte{'{': '}', '(': ')', '[': ']'}[c]}, p.closers...)
	case '}', ')', ']':
		if len(p.closers) > 0 && p.closers[0] == c {
			p.closers = p.closers[1:]
		}
	}
}

// wordStart gives where the last word of a text begins: a name with its @ or $.
func wordStart(text string) int {
	i := len(text)
	for i > 0 && isWord(text[i-1]) {
		i--
	}
	if i > 0 && (text[i-1] == '@' || text[i-1] == '$') {
		i--
	}
	return i
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// memberOf tells that a member is named behind the text, and gives the text without
// the dot or arrow.
func memberOf(text string) (base string, ok bool) {
	if base, ok = strings.CutSuffix(text, "->"); !ok {
		base, ok = strings.CutSuffix(text, ".")
	}
	if !ok || base == "" || !isWord(base[len(base)-1]) && base[len(base)-1] != ')' && base[len(base)-1] != ']' {
		return "", false
	}
	// The dot behind a number is no member's, unless the number is one.
	word := wordStart(base)
	number := word < len(base) && '0' <= base[word] && base[word] <= '9'
	return base, !number || strings.HasSuffix(base[:word], ".")
}

// sigils gives the names in a text that begin with @ or $.
func sigils(text string, sigil byte) []string {
	var names []string
	for i := 0; i < len(text); i++ {
		if text[i] != sigil {
			continue
		}
		end := i + 1
		for end < len(text) && isWord(text[end]) {
			end++
		}
		if end > i+1 {
			names = append(names, text[i:end])
		}
	}
	return names
}
