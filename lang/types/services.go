package types

import "time"

// The services below are what rendering may ask of the world through Env. Each
// is looked up by the address of a nil value of the interface:
//
//	if s := ServiceOf[Symbols](env); s != nil { … }
//
// A nil Env, or one without the service, is legal: types then print the raw
// value (an address in hexadecimal, a uid as a number).

// ServiceOf gives the service of type S of env, or nil.
func ServiceOf[S any](env Env) (s S) {
	if env != nil {
		s, _ = env.Service((*S)(nil)).(S)
	}
	return s
}

// Frame is an address turned into words.
type Frame struct {
	// Addr is the address that was asked for.
	Addr uint64
	// Name is the function, demangled if the run wants that; never "".
	Name string
	// Offset is the distance of Addr from the function's start, bytes.
	Offset uint64
	// Module is the kernel module ("" for the kernel proper), or the path of the
	// binary or library as the process sees it.
	Module string
	// File and Line are the place in the source, "" and 0 when not known.
	File string
	Line int
}

// Symbols turns addresses into names.
type Symbols interface {
	// Kernel looks up an address of the kernel; false when it lies in no symbol.
	Kernel(addr uint64) (Frame, bool)
	// User looks up an address in the process pid. When no symbol covers it the
	// result is false, and Module is set if the mapping at least is known.
	User(pid uint32, addr uint64) (Frame, bool)
	// Preload finds out now what User must know of the process pid, which may have
	// ended by the time it is asked.
	Preload(pid uint32)
}

// Stacks gives the stack traces that programs kept.
type Stacks interface {
	// Stack gives what was kept of the trace with that id, innermost frame first, among
	// those with room for so many words; false when there is none. How many of the
	// words are the trace's is for the caller to know. The result is valid until the next call.
	Stack(words int, id uint64) ([]uint64, bool)
}

// Clock relates the kernel's clocks to wall-clock time.
type Clock interface {
	// WallTime turns a boot-clock time stamp (ns) into wall-clock time.
	WallTime(bootNS uint64) time.Time
}

// Users names users and groups.
type Users interface {
	// User gives the name of a uid, Group that of a gid; "" when there is none.
	User(uid uint32) string
	Group(gid uint32) string
}

// Cgroups names cgroups.
type Cgroups interface {
	// Cgroup gives the path below the cgroup v2 mount point of a cgroup id, "/"
	// for the root; "" when there is none.
	Cgroup(id uint64) string
}

// Terminal tells what the output is written to.
type Terminal interface {
	// Escape tells that the output is a terminal: control characters in traced
	// data are then written as \xNN, so that a traced program can't steer it.
	Escape() bool
}

// Strings is how strings of the script are shown.
type Strings interface {
	// Trailer is what follows a string that was cut off for want of room. Without
	// this service it is "..".
	Trailer() string
}
