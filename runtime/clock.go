package runtime

import (
	"time"

	"golang.org/x/sys/unix"
)

// Clock relates the boot clock, which programs read, to wall-clock time.
type Clock struct {
	// Start is the boot clock when the clock was made, ns.
	Start uint64
	// offset is wall-clock time minus boot clock, ns.
	offset int64
}

// NewClock samples both clocks. The error is at most half the time between two
// readings of the boot clock, the shortest of a few: below a microsecond.
func NewClock() *Clock {
	c := &Clock{Start: uint64(clockNow(unix.CLOCK_BOOTTIME))}
	best := int64(1<<63 - 1)
	for range 5 {
		before := clockNow(unix.CLOCK_BOOTTIME)
		wall := clockNow(unix.CLOCK_REALTIME)
		after := clockNow(unix.CLOCK_BOOTTIME)
		if gap := after - before; gap < best {
			best, c.offset = gap, wall-(before+gap/2)
		}
	}
	return c
}

// WallTime implements types.Clock. A wall clock that is set later is not followed.
func (c *Clock) WallTime(bootNS uint64) time.Time {
	return time.Unix(0, int64(bootNS)+c.offset)
}

// taiOffset is international atomic time minus wall-clock time, ns: whole seconds, 0 where
// nobody told the kernel.
func taiOffset() int64 {
	between := clockNow(unix.CLOCK_TAI) - clockNow(unix.CLOCK_REALTIME)
	return int64(time.Duration(between).Round(time.Second))
}

func clockNow(id int32) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0 // not for these clocks: Linux 3.10
	}
	return t.Nano()
}
