package repl

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

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

// lines hands on whole lines. What is left can't be told from the line that is being
// edited: it is made a line of its own when nothing follows for a while, or it gets long.
type lines struct {
	w io.Writer

	mu    sync.Mutex
	rest  []byte
	timer *time.Timer
}

const (
	unfinishedDelay = 300 * time.Millisecond
	unfinishedLimit = 16 << 10
)

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, b...)
	end := bytes.LastIndexByte(l.rest, '\n') + 1
	if len(l.rest)-end > unfinishedLimit {
		l.rest = append(l.rest, '\n')
		end = len(l.rest)
	}
	if end > 0 {
		if _, err := l.w.Write(l.rest[:end]); err != nil {
			return 0, err
		}
		l.rest = append(l.rest[:0], l.rest[end:]...)
	}
	switch {
	case len(l.rest) == 0:
	case l.timer == nil:
		l.timer = time.AfterFunc(unfinishedDelay, l.finish)
	default:
		l.timer.Reset(unfinishedDelay)
	}
	return len(b), nil
}

// finish makes what is left a line.
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
