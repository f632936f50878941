package source

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes text safe to show on a terminal: what cannot be printed, and
// what would move the cursor or change the order of the text, becomes an
// escape. Printable text of any script stays.
func Escape(text string) string {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return escape(text)
		}
	}
	return text
}

func escape(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, text[0])
		} else {
			b.WriteString(escapeRune(r))
		}
		text = text[size:]
	}
	return b.String()
}

// escapeRune gives the shown form of a character.
func escapeRune(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case unicode.IsPrint(r):
		return string(r)
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// Quote names a character of a script in a message: as itself in quotes, or by
// its code.
func Quote(r rune, size int) string {
	if unicode.IsPrint(r) && r != utf8.RuneError {
		return "'" + string(r) + "'"
	}
	if r == utf8.RuneError && size <= 1 {
		return "(not UTF-8)"
	}
	return fmt.Sprintf("U+%04X", r)
}
