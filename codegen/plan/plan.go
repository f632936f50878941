// Package plan is what compiling a script gives: programs, maps, events and
// attach points, as plain data.
//
// Comes in: nothing; package lower fills a Plan, emit its instructions. Goes
// out: all that the runtime needs to load, attach and print, so that the runtime
// knows neither syntax tree nor SSA. Guaranteed: the same script, options and
// host answers give the same plan, to the byte.
package plan

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"sonde/lang/config"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Plan is a compiled script.
type Plan struct {
	Config   config.Config
	Programs []*Program
	Maps     []*Map
	Events   []*Event
	Attach   []*Attach
	// Globals are the words of the Globals map that the runtime fills in before
	// anything runs.
	Globals []Global
	// Vars are the script's maps in order of first mention, for printing at
	// exit; each names the kernel map that holds it.
	Vars []*Var
	// Losses describes the counters from FirstFree on, in order.
	Losses []Loss
	// BTF is the raw BTF of the types and strings that all programs' FuncInfo and
	// LineInfo refer to; nil: none. A kernel that refuses it runs the programs
	// without.
	BTF []byte
	// Plainly compiles the script with each probe on its own mechanism, for a kernel
	// that refuses the cheaper one that some are on; nil when none is.
	Plainly func() (*Plan, error)
}

// Program is one BPF program.
type Program struct {
	// Name is at most 15 bytes: what the kernel shows.
	Name       string
	Type       ebpf.ProgramType
	AttachType ebpf.AttachType
	// AttachTo is the BTF name or the traced function that the program is bound to
	// when loaded, and AttachBTFID its id when known, in the BTF of the kernel, of
	// AttachModule ("": the kernel proper), or of the BPF program with the id
	// AttachProg (0: none).
	AttachTo     string
	AttachModule string
	AttachProg   uint32
	AttachBTFID  uint32
	// Instructions refer to maps by symbol: their Reference is the map's Name.
	Instructions asm.Instructions
	// Spans gives the script's place of each instruction.
	Spans []source.Span
	// FuncInfo and LineInfo are the kernel's bpf_func_info (8 bytes) and
	// bpf_line_info (16 bytes) records, in the machine's byte order, into Plan.BTF.
	FuncInfo, LineInfo []byte
	// Probe is how the program is called in messages.
	Probe string
}

// MapKind says what a kernel map is to the runtime.
type MapKind uint8

const (
	// Data holds a map of the script.
	Data MapKind = iota
	// Events is the ring buffer that events go through.
	Events
	// Scratch is per-CPU memory for what does not fit the stack.
	Scratch
	// Counters is a per-CPU array of uint64 by Counter index: what was lost and
	// why.
	Counters
	// Stacks holds stack traces by id.
	Stacks
	// Constants is an array that programs only read, of what its Contents say.
	Constants
	// Globals is a mmap-able array of one: words that the runtime writes before the
	// start, and some that programs write for it (see Global).
	Globals
)

// Counter is an index into the Counters map.
type Counter uint32

// The counters.
const (
	// LostEvents: no room in the ring buffer.
	LostEvents Counter = iota
	// LostStacks: a stack trace could not be kept.
	LostStacks
	// FirstFree is where counters for single maps and helpers begin.
	FirstFree
)

// Loss is something that can go wrong while programs run, and is counted.
type Loss struct {
	Counter Counter
	// What says it as a sentence.
	What string
	// Helper is the kernel's function that failed, and Code what it then gives: a
	// negative errno, or 0 (NULL). "" when the failure is not a helper's.
	Helper string
	Code   int
	// Span is where in the script.
	Span source.Span
	// Calls are the calls of macros that the place stands for, innermost first.
	Calls []source.Span
}

// Map is a kernel map to create.
type Map struct {
	Name       string
	Kind       MapKind
	Type       ebpf.MapType
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	Flags      uint32
	// Contents are the initial values of a Constants or Globals map, one after the
	// other.
	Contents []byte
}

// Global is a named 8-byte word of the Globals map. The runtime knows how to
// fill in: "start_boot_ns" (boot clock when the session started, ns),
// "wall_minus_boot_ns" and "tai_minus_boot_ns" (how far these clocks are ahead of the
// boot clock), "tracer_pid". It watches ExitRequest, and sets Started.
type Global struct {
	Name   string
	Offset uint32
}

// The words by which a program ends the session when it can not say so in the ring
// buffer, which is full.
const (
	// ExitRequest is not 0 when a program asks to exit: ExitAsked, and the exit code
	// in the low 32 bits. It is stored after ExitPosition.
	ExitRequest = "exit_request"
	// ExitPosition is the position in the ring buffer, bytes since the beginning, of
	// the first event that was too late.
	ExitPosition = "exit_position"
	// ExitAsked tells an exit with code 0 from none.
	ExitAsked = 1 << 32
)

// Started is the word that is 0 until the programs of BeforeAttach have run. What is
// attached before them (Attach.First) does nothing as long.
const Started = "started"

// Var is a map of the script, for the runtime.
type Var struct {
	Name  string // with @
	Map   int    // index in Plan.Maps
	Key   types.Type
	Value types.Type
	// PerCPU: slots must be merged.
	PerCPU bool
	// Scalar: no key; the element at 0.
	Scalar bool
	// Present is the offset of a byte behind the value, within the map's ValueSize, that
	// is not 0 in slots that exist; ≤ 0: there is none. (The value is at 0.) For arrays,
	// whose slots are there from the beginning.
	Present int
	// FullCounter counts failed insertions.
	FullCounter Counter
	// Span is where the map was first used.
	Span source.Span
}

// Event is a kind of record in the ring buffer. Its number is its index in
// Plan.Events; records begin with Header.
type Event struct {
	// Action names the record of the standard library that handles it.
	Action string
	// Data is what the record's lowering hands to its handler (a parsed format, the
	// variable to clear).
	Data any
	// Payload is the layout of what handlers get, and, unless Packed, of what follows
	// the header.
	Payload *types.Tuple
	// Packed: what follows the header is the payload as Pack lays it out.
	Packed bool
	// Urgent: the reader is woken at once.
	Urgent bool
	Span   source.Span
	// Calls are the calls of macros that the place stands for, innermost first.
	Calls []source.Span
}

// HeaderSize is the length in bytes of what each ring buffer record begins with:
// uint32 event number, uint32 zero.
const HeaderSize = 8

// Attach is one attachment of a program.
type Attach struct {
	Program int
	// Name is the probe's full name, as the probe builtin gives it, and Func what the
	// func builtin gives.
	Name, Func string
	// Cookie is handed to the program when it is not 0: one of several targets is
	// told from the others by it.
	Cookie uint64
	// How is a mechanism: one of the types in attach.go.
	How Mechanism
	// Found by a wildcard: that it can not be attached to is no error.
	Found bool
	// First: on a mechanism that the kernel may refuse here, where Plan.Plainly has another.
	// It is attached before programs of BeforeAttach run, so that those run once.
	First bool
	Span  source.Span
}
