package runtime

import (
	"context"
	"sync/atomic"
	"time"
)

// drainTime is how long an interrupted session works on what programs have reported:
// enough for what a reader that keeps up has not seen yet, and short for a person who
// waits. What is left then is lost.
const drainTime = 100 * time.Millisecond

// haste is about ending soon: what was reported by probes is then not waited for. End
// programs and maps are, as there is an end to them.
type haste struct {
	// ctx is done when what is queued is no longer worked on; late says the same
	// faster.
	ctx  context.Context
	stop func()
	late atomic.Bool
	// Owned by the loop: drained tells that the probes' reports are through, unhandled
	// counts those that were skipped.
	drained   bool
	unhandled uint64
}

func newHaste() *haste {
	h := &haste{}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// interrupt ends the session soon, however much there is to do.
func (s *Session) interrupt() {
	time.AfterFunc(drainTime, func() {
		s.haste.late.Store(true)
		s.haste.stop()
	})
	s.Stop()
}

// skips tells that a record is left alone because the session is in a hurry.
func (h *haste) skips() bool {
	if h.drained || !h.late.Load() {
		return false
	}
	h.unhandled++
	return true
}

// Context implements event.Session.
func (s *Session) Context() context.Context {
	if s.haste.drained {
		return context.Background()
	}
	return s.haste.ctx
}
