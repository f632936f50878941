package repl

import (
	"strconv"
	"strings"
)

// screen is as much of a terminal as the line editor makes use of: endless lines of a fixed
// width, the cursor's movements, and erasing.
type screen struct {
	width    int
	rows     [][]rune
	row, col int
	// escape holds the beginning of a control sequence, rest of a character.
	escape string
	rest   []byte
}

func newScreen(width int) *screen { return &screen{width: width, rows: [][]rune{{}}} }

// Write shows what a program writes.
func (s *screen) Write(b []byte) (int, error) {
	text := append(s.rest, b...)
	s.rest = nil
	for _, r := range string(text) {
		s.rune(r)
	}
	return len(b), nil
}

func (s *screen) rune(r rune) {
	if s.escape != "" {
		s.escape += string(r)
		s.control()
		return
	}
	switch r {
	case '\x1b':
		s.escape = "\x1b"
	case '\r':
		s.col = 0
	case '\n':
		s.row++
		s.fill()
	case '\b':
		s.col = max(0, s.col-1)
	case '\a':
	default:
		s.put(r)
	}
}

func (s *screen) put(r rune) {
	if s.col >= s.width {
		s.row, s.col = s.row+1, 0
	}
	s.fill()
	line := s.rows[s.row]
	for len(line) <= s.col {
		line = append(line, ' ')
	}
	line[s.col] = r
	s.rows[s.row] = line
	s.col++
}

func (s *screen) fill() {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
}

// control carries a control sequence out, once it is complete.
func (s *screen) control() {
	body, ok := strings.CutPrefix(s.escape, "\x1b[")
	if !ok {
		if len(s.escape) > 1 {
			s.escape = ""
		}
		return
	}
	if body == "" || strings.IndexByte("0123456789;?", body[len(body)-1]) >= 0 {
		return
	}
	s.escape = ""
	n, err := strconv.Atoi(body[:len(body)-1])
	if err != nil {
		n = 1
	}
	line := s.rows[s.row]
	switch body[len(body)-1] {
	case 'A':
		s.row = max(0, s.row-n)
	case 'B':
		s.row += n
		s.fill()
	case 'C':
		s.col = min(s.width-1, s.col+n)
	case 'D':
		s.col = max(0, s.col-n)
	case 'K':
		if n == 2 {
			line = nil
		}
		s.rows[s.row] = line[:min(len(line), s.col)]
	case 'J':
		s.rows[s.row] = line[:min(len(line), s.col)]
		s.rows = s.rows[:s.row+1]
	}
}

// String gives the lines without blanks at their ends, and without empty ones at the end.
func (s *screen) String() string {
	var out strings.Builder
	for _, row := range s.rows {
		out.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// beforeCursor gives what stands before the cursor in its line, and the line's number.
func (s *screen) beforeCursor() (string, int) {
	line := s.rows[s.row]
	return string(line[:min(s.col, len(line))]), s.row
}
