package render

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNoReader is the error of a write that nobody takes: a pipe whose reader stands
// still, a stopped terminal.
var ErrNoReader = errors.New("nobody reads the output: what was left of it is dropped")

// Patient writes to what may hold a writer up for ever, and does not let itself be held
// up once it is told to hurry. Until then a slow reader slows writers down, as
// everywhere. Its methods may be called by several goroutines.
type Patient struct {
	w     io.Writer
	hurry context.Context

	mu      sync.Mutex // held by Write
	pending chan []byte
	written chan result
	given   bool // nobody takes anything any more

	// part guards what the writing goroutine takes next; dropped: nothing.
	part    sync.Mutex
	dropped bool
	parts   atomic.Int64
}

type result struct {
	n   int
	err error
}

const (
	// noProgress is how long a hurried writer bears with a reader that takes nothing.
	// It is long for a tool that ends and short for a network that hangs.
	noProgress = 2 * time.Second
	// partSize is what is written at a time, bytes: the size of a pipe.
	partSize = 64 << 10
)

// NewPatient makes a writer to w that hurries once the context is done.
func NewPatient(hurry context.Context, w io.Writer) *Patient {
	p := &Patient{w: w, hurry: hurry, pending: make(chan []byte), written: make(chan result, 1)}
	go p.run()
	return p
}

// run writes what Write hands over. It never ends: there is one for each output of
// the process, and it may hang.
func (p *Patient) run() {
	own := make([]byte, partSize)
	for b := range p.pending {
		var r result
		for r.err == nil && r.n < len(b) {
			// What comes from Write is its caller's again once it has given up.
			p.part.Lock()
			if p.dropped {
				p.part.Unlock()
				return
			}
			n := copy(own, b[r.n:])
			p.part.Unlock()
			n, r.err = p.w.Write(own[:n])
			r.n += n
			p.parts.Add(1)
		}
		p.written <- r
	}
}

// Write implements io.Writer. It fails with ErrNoReader when it was told to hurry and
// has made no progress for a while, and from then on at once.
func (p *Patient) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given {
		return 0, ErrNoReader
	}
	p.pending <- b
	select {
	case r := <-p.written:
		return r.n, r.err
	case <-p.hurry.Done():
	}
	for parts := p.parts.Load(); ; parts = p.parts.Load() {
		select {
		case r := <-p.written:
			return r.n, r.err
		case <-time.After(noProgress):
		}
		if p.parts.Load() == parts {
			p.given = true
			p.part.Lock()
			p.dropped = true
			p.part.Unlock()
			return 0, ErrNoReader
		}
	}
}
