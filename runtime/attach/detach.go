package attach

import (
	"sync"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// closers bounds how many links are closed at the same time. Each close waits
// for a grace period (20 to 30 ms) in a thread of its own, and the kernel lets all that
// wait at the same time share one: with 4 threads, 360 links take 2.4 s, with 360 0.1 s.
const closers = 512

// Detach stops all programs and waits until none runs any more. It takes as
// long as a grace period or two of the kernel, about 30 ms, for any number of
// attachments, if the kernel has BPF links (5.15) and io_uring (5.1), else up to 70 ms for
// each perf tracepoint and perf uprobe.
func (s *Set) Detach() {
	s.detach.Lock()
	defer s.detach.Unlock()
	links, events := s.take()
	closeAtOnce(links)
	// No program hangs on these any more. What closing them waits for concerns nobody.
	if len(links) == 0 || !sys.HandOver(events) {
		closeAtOnce(events)
	}
}

// Abandon leaves the detaching to the kernel and returns at once, for a process
// that is about to exit: programs may still run for a while.
func (s *Set) Abandon() {
	links, events := s.take()
	if !sys.HandOver(append(links, events...)) {
		closeAtOnce(links)
	}
}

func (s *Set) take() (links, events []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	links, events = s.links, s.events
	for _, fd := range s.reloaded {
		unix.Close(fd)
	}
	s.links, s.events, s.attached, s.reloaded = nil, nil, 0, map[int]int{}
	return links, events
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
