package attach

import (
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
)

// An event that comes more often than kernel.perf_event_max_sample_rate allows is stopped by
// the kernel until the next tick of the timer (__perf_event_account_interrupt), and what
// happens meanwhile is not counted anywhere. All it does is to write a record into the
// event's ring buffer, if there is one. So such events get one, of a single page
// that is overwritten and never read: the position behind the last record tells how many
// there were. Samples are not written to it, as the programs return 0; so it must not be
// there before the program is.

// throttleRecord is the length in bytes of PERF_RECORD_THROTTLE and PERF_RECORD_UNTHROTTLE:
// a header, time, id and stream id.
const throttleRecord = 32

// steadyRate is up to how many samples a second nothing is throttled.
const steadyRate = 1000

// meter is the ring buffer of an event.
type meter struct {
	at   *plan.Attach
	ring []byte
}

// throttles tells whether the kernel might throttle an event.
func throttles(how plan.PerfEvent) bool {
	clock := how.Type == unix.PERF_TYPE_SOFTWARE &&
		(how.Config == unix.PERF_COUNT_SW_CPU_CLOCK || how.Config == unix.PERF_COUNT_SW_TASK_CLOCK)
	switch {
	case how.Freq:
		return how.Period > steadyRate
	case clock:
		return how.Period < 1e9/steadyRate
	}
	return how.Type != unix.PERF_TYPE_SOFTWARE // others that software counts are not
}

// meter watches an event for being throttled. That it can not is no error.
func (s *Set) meter(a *plan.Attach, event int) {
	ring, err := unix.Mmap(event, 0, 2*os.Getpagesize(), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held.meters = append(s.held.meters, meter{a, ring})
}

// Throttled is how often the kernel stopped an attachment's event until its next tick, since
// it was detached.
func (s *Set) Throttled(a *plan.Attach) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.throttled[a]
}

// readMeters remembers what they say. Their memory holds the events, which can only go after it.
func (s *Set) readMeters(meters []meter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range meters {
		page := (*unix.PerfEventMmapPage)(unsafe.Pointer(&m.ring[0]))
		// Each time is two records, the last of which may be to come.
		if n := (atomic.LoadUint64(&page.Data_head)/throttleRecord + 1) / 2; n > 0 {
			s.throttled[m.at] += n
		}
		_ = unix.Munmap(m.ring) // fails only for addresses that it did not map
	}
}
