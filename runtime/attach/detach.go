package attach

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// closers bounds how many links are closed at the same time. Each close waits
// for a grace period (20 to 30 ms) in a thread of its own, and the kernel lets all that
// wait at the same time share one.
const closers = 128

// Detach stops all programs and waits until none runs any more. It takes as
// long as a grace period or two of the kernel, about 30 ms, for any number of
// attachments; where the kernel has no io_uring, up to 70 ms more for each perf tracepoint
// and perf uprobe.
func (s *Set) Detach() {
	s.detach.Lock()
	defer s.detach.Unlock()
	begin := time.Now()
	h := s.take()
	s.readMeters(h.meters)
	s.countOverlooked(h.kprobes)
	if h.shut() {
		sys.Quiesce()
	}
	closeAtOnce(h.stops)
	s.countMissed(h.gates)
	// No program hangs on these any more. What closing them waits for concerns nobody.
	h.drop(append(h.gated, h.events...))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cost.Detach += time.Since(begin)
}

// Abandon leaves the detaching to the kernel and returns at once, for a process that
// is about to exit: programs may still run for a while. When Detach is at work
// already, it waits for that.
func (s *Set) Abandon() {
	s.detach.Lock()
	defer s.detach.Unlock()
	h := s.take()
	s.readMeters(h.meters)
	h.shut()
	h.drop(slices.Concat(h.gated, h.stops, h.events))
}

// drop closes fds, without waiting if it can, and what else there is.
func (h *held) drop(fds []int) {
	if !sys.HandOver(fds) {
		closeAtOnce(fds)
	}
	if h.ring > 0 {
		unix.Close(h.ring)
	}
	for _, g := range h.gates {
		g.close()
	}
}

// countMissed remembers what gates will no longer be there to tell.
func (s *Set) countMissed(gates []*gate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range gates {
		n, _ := sys.Misses(g.prog) // 0 where the kernel does not count
		s.missed[g.index] += n
	}
}

func (s *Set) take() held {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held
	s.held, s.attached = held{}, 0
	s.gates = map[int]*gate{}
	s.watched = map[uint64][]int{}
	return h
}

func closeAtOnce(fds []int) {
	queue := make(chan int, len(fds))
	for _, fd := range fds {
		queue <- fd
	}
	close(queue)
	var wg sync.WaitGroup
	for range min(closers, len(fds)) {
		wg.Go(func() {
			for fd := range queue {
				unix.Close(fd)
			}
		})
	}
	wg.Wait()
}
