package runtime

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
)

// exitWords are the words of the Globals map by which a program asks to exit when the
// ring buffer is full.
type exitWords struct {
	mapping           []byte
	request, position *uint64
}

// mapExitWords maps them; nil when no program has them.
func (k *kernel) mapExitWords() (*exitWords, error) {
	var request, position *plan.Global
	for i := range k.plan.Globals {
		switch g := &k.plan.Globals[i]; g.Name {
		case plan.ExitRequest:
			request = g
		case plan.ExitPosition:
			position = g
		}
	}
	if request == nil || position == nil {
		return nil, nil
	}
	i := k.kindOf(plan.Globals)
	page := os.Getpagesize()
	size := (int(k.plan.Maps[i].ValueSize) + page - 1) &^ (page - 1)
	mapping, err := unix.Mmap(k.maps[i], 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the session's variables: %w", err)
	}
	word := func(g *plan.Global) *uint64 { return (*uint64)(unsafe.Pointer(&mapping[g.Offset])) }
	return &exitWords{mapping, word(request), word(position)}, nil
}

// asked tells whether a program asked to exit before the event at that position of
// the ring buffer, and with which code. It is asked for every event.
func (w *exitWords) asked(position uint64) (code int, yes bool) {
	if w == nil {
		return 0, false
	}
	request := atomic.LoadUint64(w.request)
	if request == 0 || position < atomic.LoadUint64(w.position) {
		return 0, false
	}
	return int(int32(request)), true
}

func (w *exitWords) close() {
	if w != nil {
		_ = unix.Munmap(w.mapping) // fails only for addresses that it did not map
	}
}
