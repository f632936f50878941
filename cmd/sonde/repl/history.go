package repl

import (
	"os"
	"path/filepath"
	"strings"
)

// historyLimit is how many inputs are kept.
const historyLimit = 2000

// historyFile gives the file that inputs are kept in, as the XDG base directory
// specification has it, and makes it. Others may not read it: scripts can name what is
// private.
func historyFile() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification wants such ones ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "sonde")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", cause("make", dir, err)
	}
	name := filepath.Join(dir, "history")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", cause("write", name, err)
	}
	return name, f.Close()
}

// entries gives what of an input goes to the history, whose entries are lines: the
// input on one line, or each line where joining them would change what they mean.
func entries(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if strings.Contains(text, "//") || strings.Contains(text, "#") {
		return lines
	}
	if len(lines) == 0 {
		return nil
	}
	return []string{strings.Join(lines, " ")}
}
