package sys

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PerfEvent is an event for OpenPerfEvent, on one process or CPU.
type PerfEvent struct {
	Type   uint32
	Config uint64
	// Sample is a period, or with Freq a rate per second.
	Sample uint64
	Freq   bool
	// Path and Number are config1 and config2 of uprobes and kprobes: file or function
	// (at address 0), and offset or address.
	Path   string
	Number uint64
	// Breakpoint, of the bits HW_BREAKPOINT_*, and Address are for breakpoints; Number
	// is the length there, bytes.
	Breakpoint uint32
	Address    uint64
	// Inherit: what the thread starts has the event, too.
	Inherit bool
	PID     int // -1: all
	CPU     int // -1: all, which needs a PID
}

// OpenPerfEvent is perf_event_open(2).
func OpenPerfEvent(e *PerfEvent) (int, error) {
	attr := unix.PerfEventAttr{
		Type: e.Type, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Config: e.Config,
		Sample: e.Sample, Bp_type: e.Breakpoint, Ext1: e.Address, Ext2: e.Number,
	}
	if e.Inherit {
		attr.Bits |= unix.PerfBitInherit
	}
	if e.Freq {
		attr.Bits |= unix.PerfBitFreq
	}
	if e.Type == unix.PERF_TYPE_TRACEPOINT {
		attr.Sample_type, attr.Wakeup = unix.PERF_SAMPLE_RAW, 1
	}
	if e.Path != "" {
		// The address travels as a number, which keeps nothing alive.
		var pin runtime.Pinner
		defer pin.Unpin()
		path := append([]byte(e.Path), 0)
		pin.Pin(&path[0])
		attr.Ext1 = uint64(uintptr(first(path)))
	}
	return unix.PerfEventOpen(&attr, e.PID, e.CPU, -1, unix.PERF_FLAG_FD_CLOEXEC)
}

// DisablePerfEvent stops an event, and those that threads inherited from it.
func DisablePerfEvent(fd int) error {
	return unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_DISABLE, 0)
}

// EnablePerfEvent starts an event; those attached by SetPerfEventProgram need it.
func EnablePerfEvent(fd int) error {
	return unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0)
}
