// Package render writes what a script puts out, as text or as JSON, one record
// after another.
//
// Comes in: rendered text, values with their types, maps. Goes out: bytes on the
// script's output, messages on standard error. Guaranteed: records come out whole
// and in order; the same calls give the same bytes, maps included, in whatever
// order the kernel lists their elements.
//
// Both forms are those of bpftrace 0.27, which scripts that read them expect.
package render

import (
	"fmt"
	"io"

	"sonde/lang/types"
)

// Buffering is when output is written.
type Buffering uint8

const (
	// Line: when all that was queued is handled, so that no line waits for another.
	Line Buffering = iota
	// Full: when the buffer is full, and at the end.
	Full
	// None: after each record.
	None
)

// ParseBuffering reads the name of a mode: line, full or none; "" is line.
func ParseBuffering(name string) (Buffering, error) {
	if name == "" {
		return Line, nil
	}
	for i, n := range [...]string{Line: "line", Full: "full", None: "none"} {
		if n == name {
			return Buffering(i), nil
		}
	}
	return 0, fmt.Errorf("invalid buffer mode %q: one of line, full and none is wanted", name)
}

// Options say how to write.
type Options struct {
	// Out is where the script's output goes, Err where messages go.
	Out, Err  io.Writer
	Buffering Buffering
	Env       types.Env
}

// bufferSize is how much output is collected at most, bytes.
const bufferSize = 256 << 10

// writer collects records.
type writer struct {
	Options
	buf     []byte
	scratch []byte
	err     error
}

// scratchSize is more than most records take, bytes.
const scratchSize = 16 << 10

// Scratch implements event.Output.
func (w *writer) Scratch() []byte {
	if w.scratch == nil {
		w.scratch = make([]byte, 0, scratchSize)
	}
	return w.scratch
}

// done ends a record that was appended to buf.
func (w *writer) done() {
	if len(w.buf) >= bufferSize || w.Buffering == None {
		w.write()
	}
}

func (w *writer) write() {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.Out.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// Idle implements event.Output.
func (w *writer) Idle() error {
	if w.Buffering != Full {
		w.write()
	}
	return w.err
}

// Flush implements event.Output.
func (w *writer) Flush() error {
	w.write()
	return w.err
}
