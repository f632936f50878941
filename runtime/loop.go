package runtime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/event"
	"sonde/runtime/ring"
)

// The reader looks at the ring buffer by itself, because waking it costs the traced
// program 1.4 µs each time: after shortPause while much is coming in, then
// less and less often. A full speed producer (100 MB/s per CPU) fills the smallest buffer in
// 40 ms; longPause leaves room for two of them out of the blue.
const (
	shortPause = time.Millisecond
	longPause  = 16 * time.Millisecond
	// writeInterval is how long output waits at most for what else there is to handle.
	writeInterval = 50 * time.Millisecond
	// lossInterval is how often lost events are looked for, while there are events.
	lossInterval = time.Second
)

// loop is the goroutine that handles what programs report.
type loop struct {
	session *Session
	reader  *ring.Reader // nil: the plan has no events
	// events, handlers and unpackers (nil for records that need none) are indexed by
	// event number.
	events    []*plan.Event
	handlers  []event.Handler
	unpackers []*unpacker
	// timed tells that there are events that wake nobody.
	timed bool
	pause time.Duration
	// exit is nil when no program asks to exit; exited tells that one did through it.
	exit   *exitWords
	exited bool

	// held: what is there waits until the probes are attached, unless it gets much.
	held bool

	epoll, wake, pidfd int

	mu    sync.Mutex
	calls []func()
	ended bool // no more calls
	// called tells that there are calls.
	called atomic.Bool
	quit   bool
	over   chan struct{}
	// checked is when losses were last looked for, written when output was written, handled
	// how many records were since the loop began.
	checked, written time.Time
	handled          uint64
}

func newLoop(s *Session) (_ *loop, err error) {
	l := &loop{session: s, epoll: -1, wake: -1, pidfd: -1, pause: shortPause, held: true, over: make(chan struct{}), checked: time.Now()}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, ev := range s.kernel.plan.Events {
		h := s.opts.Handlers[ev.Action]
		if h == nil {
			return nil, fmt.Errorf("nothing handles events of %q", ev.Action)
		}
		l.events, l.handlers = append(l.events, ev), append(l.handlers, h)
		l.unpackers = append(l.unpackers, newUnpacker(ev))
		l.timed = l.timed || !ev.Urgent
	}
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if l.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, err
	}
	if err = l.watch(l.wake, unix.EPOLLIN); err != nil {
		return nil, err
	}
	if i := s.kernel.kindOf(plan.Events); i >= 0 && len(l.events) > 0 {
		if err := l.openRing(i); err != nil {
			return nil, err
		}
	}
	if pid := s.opts.PID; pid != 0 {
		if l.pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
			return nil, source.Errorf(source.Span{}, "no-process", "can not watch process %d: %v", pid, err)
		}
		if err = l.watch(l.pidfd, unix.EPOLLIN); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *loop) openRing(i int) error {
	fd := l.session.kernel.maps[i]
	size := int(l.session.kernel.plan.Maps[i].MaxEntries)
	if size == 0 {
		size = int(l.session.kernel.ringSize())
	}
	reader, err := ring.New(fd, size)
	if err != nil {
		return err
	}
	l.reader = reader
	if l.exit, err = l.session.kernel.mapExitWords(); err != nil {
		return err
	}
	// Edge-triggered: only a wake-up counts, not that there is something to read.
	return l.watch(fd, unix.EPOLLIN|unix.EPOLLET)
}

func (l *loop) watch(fd int, events uint32) error {
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (l *loop) start() { go l.run() }

// close lets go of what the ended loop held.
func (l *loop) close() {
	l.exit.close()
	if l.reader != nil {
		_ = l.reader.Close() // fails only for addresses that it did not map
	}
	for _, fd := range []int{l.epoll, l.wake, l.pidfd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// call runs f on the loop's goroutine and waits for it. When the loop has ended
// it does nothing.
func (l *loop) call(f func()) {
	ran := make(chan struct{})
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return
	}
	l.calls = append(l.calls, func() { f(); close(ran) })
	l.called.Store(true)
	l.mu.Unlock()
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(l.wake, one[:]) // fails only when it counts to 2^64
	<-ran
}

// finish handles what is there and ends the loop.
func (l *loop) finish() {
	l.call(func() { l.quit = true })
	<-l.over
}

func (l *loop) run() {
	defer close(l.over)
	events := make([]unix.EpollEvent, 4)
	for {
		called := l.round()
		if l.quit {
			return
		}
		if called {
			continue // calls may have cut reading short, or begun it
		}
		n, err := unix.EpollWait(l.epoll, events, l.timeout())
		if err != nil && !errors.Is(err, unix.EINTR) {
			// Not for the descriptors above; without them the session is blind.
			l.session.err = err
			l.session.Stop()
			time.Sleep(longPause)
		}
		for _, ev := range events[:max(n, 0)] {
			switch int(ev.Fd) {
			case l.wake:
				var count [8]byte
				_, _ = unix.Read(l.wake, count[:])
			case l.pidfd:
				_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, l.pidfd, nil)
				l.session.Stop()
			}
		}
	}
}

// timeout is how long to wait for a wake-up, ms.
func (l *loop) timeout() int {
	if l.reader == nil || !l.timed {
		return -1
	}
	return int(l.pause / time.Millisecond)
}

// round handles what is there: events, then calls, for which it leaves events to the
// next round. It tells whether there were calls.
func (l *loop) round() bool {
	l.session.output.Lock()
	defer l.session.output.Unlock()
	read := 0
	if !l.held || l.reader != nil && l.reader.Pending() > l.reader.Size()/2 {
		read = l.read(func(record []byte) bool { return l.handle(record) && !l.called.Load() })
	}
	l.pace(read)
	if read > 0 && time.Since(l.checked) >= lossInterval {
		l.checked = time.Now()
		l.session.reportLostEvents()
	}
	calls := l.take(false)
	for _, f := range calls {
		f()
	}
	if l.quit {
		l.drain()
		for _, f := range l.take(true) {
			f()
		}
	}
	if read > 0 || len(calls) > 0 {
		l.idle()
	}
	return len(calls) > 0
}

// take gives the calls that wait; after the last time there are no more.
func (l *loop) take(last bool) []func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls, l.ended = nil, last
	l.called.Store(false)
	return calls
}

// pace chooses the next pause by how full the buffer was: below 1/64 the pause grows, above 1/16
// it shrinks, above 1/4 there is none.
func (l *loop) pace(read int) {
	if l.reader == nil {
		return
	}
	size := l.reader.Size()
	switch {
	case read > size/4:
		l.pause = 0
	case read > size/16:
		l.pause = max(l.pause/2, shortPause)
	case read < size/64:
		l.pause = min(max(l.pause*2, shortPause), longPause)
	}
}

// drain handles the records that are there, a bufferful at most.
func (l *loop) drain() { l.read(l.handle) }

// read hands records to f until it returns false, a bufferful at most, and gives how
// many bytes they took.
func (l *loop) read(f func(record []byte) bool) int {
	if l.reader == nil {
		return 0
	}
	read, _ := l.reader.Drain(f)
	l.checkExit()
	return read
}

// checkExit ends the session when a program asked for it before what comes next in
// the ring buffer.
func (l *loop) checkExit() {
	if code, yes := l.exit.asked(l.reader.Position()); yes && !l.exited {
		l.exited = true
		l.session.Exit(code)
	}
}

// idle writes the output, and ends the session when that fails.
func (l *loop) idle() {
	l.written = time.Now()
	if err := l.session.opts.Output.Idle(); err != nil && l.session.err == nil {
		l.session.err = err
		l.session.exiting = true
		l.session.Stop()
	}
}

// handle hands a record to its handler.
func (l *loop) handle(record []byte) bool {
	s := l.session
	l.checkExit()
	if s.exiting || s.haste.skips() {
		return true
	}
	if len(record) >= plan.HeaderSize {
		if n := binary.NativeEndian.Uint32(record); int(n) < len(l.events) {
			payload := record[plan.HeaderSize:]
			if u := l.unpackers[n]; u != nil {
				payload = u.unpack(payload)
			}
			if payload != nil {
				l.handlers[n](s, l.events[n], payload)
				// Handlers may be slow, and there may be thousands of records.
				if l.handled++; l.handled%16 == 0 && time.Since(l.written) > writeInterval {
					l.idle()
				}
				return true
			}
		}
	}
	s.warn(source.Warningf(source.Span{}, "event", "internal error: a record of %d bytes that is of no kind", len(record)))
	return true
}
