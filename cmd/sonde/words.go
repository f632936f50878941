package main

// words splits a command line at blanks, as a shell does with plain words and
// quotes; nothing else is special.
func words(line string) []string {
	var list []string
	var word []byte
	inWord, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			word, inWord = append(word, line[i]), true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if inWord {
				list = append(list, string(word))
			}
			word, inWord = word[:0], false
		default:
			word, inWord = append(word, c), true
		}
	}
	if inWord {
		list = append(list, string(word))
	}
	return list
}
