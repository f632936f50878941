// Package event is what handlers of ring buffer records see of the runtime.
//
// Comes in: a record's payload. Goes out: text and JSON on the script's output,
// or an order to the session (stop, clear a map). A handler runs on the event
// loop's goroutine, one at a time, in the order in which the programs wrote the
// records; it must not keep the payload.
package event

import (
	"context"
	"time"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Handler acts on one record.
type Handler func(s Session, ev *plan.Event, payload []byte)

// Session is the running script, to a handler.
type Session interface {
	// Out is where output goes, in the format asked for.
	Out() Output
	// Env gives the services that rendering needs.
	Env() types.Env
	// Plan is what runs.
	Plan() *plan.Plan
	// Map gives access to a map of the script.
	Map(v *plan.Var) Map
	// Failed tells that something went wrong that counts: a test then fails.
	Failed()
	// Exit stops the session with that status after what is queued was handled.
	Exit(code int)
	// Warn reports on standard error (or as a JSON record), at a place in the script.
	Warn(at source.Span, format string, args ...any)
	// Context is done when the session ends without waiting for what is queued: a handler
	// that waits for something then gives up.
	Context() context.Context
	// WallTime turns a boot-clock time stamp (ns) into wall-clock time.
	WallTime(bootNS uint64) time.Time
	// Resolve gives a service by the address of a nil interface value, as Env does.
	Resolve(key any) any
}

// Watchpoints is the service that ends watchpoints while the session runs; see
// Session.Resolve.
type Watchpoints interface {
	// Unset ends those at an address; false: there are none.
	Unset(address uint64) bool
}

// Map is a map of the script: read and changed from outside.
type Map interface {
	// Each calls f with each element, per-CPU slots merged, in the kernel's
	// order. The slices are valid during the call only.
	Each(f func(key, value []byte) error) error
	// Lookup finds one element; ok is false when there is none.
	Lookup(key []byte) (value []byte, ok bool, err error)
	// Clear removes all elements; Zero sets all values to zero.
	Clear() error
	Zero() error
}

// Output is a way of writing results: text or JSON. Each method writes one whole
// record.
type Output interface {
	// Scratch gives an empty slice with room to render in, valid until the next call
	// of any method.
	Scratch() []byte
	// Text writes what a formatted output produced, as it is; kind names its JSON
	// record. Line ends it with a line end, which the JSON record has not.
	Text(kind string, text []byte)
	Line(kind string, text []byte)
	// Value writes one printed value.
	Value(t types.Renderer, raw []byte)
	// Map writes a map, sorted, and nothing if it is empty; top 0 means all, div
	// scales values (0: not).
	Map(v *plan.Var, m Map, top, div uint64) error
	// Element writes one element of a map.
	Element(v *plan.Var, key, value []byte)
	// Message writes a record that is not the script's (attached_probes,
	// lost_events): in JSON the fields, in that order, behind its type; else text
	// and a line end to standard error.
	Message(kind string, fields []Field, text string)
	// Result writes a record that is not the script's but what was asked for: as Message
	// does, but text goes, as it is, where the script's output goes.
	Result(kind string, fields []Field, text string)
	// End tells that the probes have run; what follows are the maps.
	End()
	// Idle tells that all that was queued is handled: what is buffered is written
	// now, unless buffering was asked for. It gives the first error of writing there
	// was (a closed pipe), after which nothing is written any more.
	Idle() error
	// Flush writes what is buffered in any case.
	Flush() error
}

// Field is one member of a message.
type Field struct {
	Name string
	// Value is a string, bool, int, int64, uint64 or []Field.
	Value any
}
