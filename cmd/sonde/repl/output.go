package repl

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"sonde/runtime/event"
)

// output is what all that writes at the prompt shares. Whole lines go through.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(b)
}

// printf writes text that ends with a line end, or nothing.
func (o *output) printf(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != "" {
		_, _ = io.WriteString(o, text) // there is no other place to complain
	}
}

// lines hands on whole lines and keeps what is left, so that it can't be taken for
// part of the line that is being edited.
type lines struct {
	w io.Writer

	mu   sync.Mutex
	rest []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := bytes.LastIndexByte(b, '\n') + 1
	if end > 0 {
		whole := b[:end]
		if len(l.rest) > 0 {
			whole = append(l.rest, whole...)
		}
		l.rest = nil
		if _, err := l.w.Write(whole); err != nil {
			return 0, err
		}
	}
	l.rest = append(l.rest, b[end:]...)
	return len(b), nil
}

// finish completes the last line.
func (l *lines) finish() {
	l.mu.Lock()
	unfinished := len(l.rest) > 0
	l.mu.Unlock()
	if unfinished {
		_, _ = l.Write([]byte{'\n'}) // as for printf
	}
}

// scriptOutput is a script's output at the prompt, where no maps follow the probes'
// output, so that nothing sets them apart.
type scriptOutput struct{ event.Output }

// End implements event.Output.
func (scriptOutput) End() {}
