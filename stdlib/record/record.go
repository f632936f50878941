// Package record is the form of the standard library's entries. The folders
// builtin, aggr and probe hold the entries, one file each; package stdlib lists
// them.
package record

import (
	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// Builtin is a builtin value, function or aggregation: all there is to know
// about it.
type Builtin struct {
	check.Func
	lower.Lowering
	// Indexed, when not "", makes the record a family: this prefix with any number
	// from 0 to 255 behind it names it too, and Check and the lowering find the
	// number (an int) in Call.Data.
	Indexed string
	// Handle acts on the events that the lowering emits under the record's name.
	Handle event.Handler
	// Doc is the reference text, Markdown, first sentence first on its own line.
	Doc string
	// Examples are scripts that compile, each with what it prints where that is
	// certain.
	Examples []Example
	// Types are the types that the record defines, by the names they are written as.
	Types []types.Type
}

// Example is a runnable example.
type Example struct {
	Script string
	// Output is what it prints; "" when that depends on the machine.
	Output string
}

// Probe is a probe type.
type Probe struct {
	check.Provider
	// Attach chooses how a target is attached to.
	Attach func(t *check.Target, ctx *check.Context) (plan.Mechanism, error)
	// Cheaper, when not nil, gives a cheaper way to do for a target what a body of that
	// use wants, nil when there is none; see lower.Way.
	Cheaper func(t *check.Target, ctx *check.Context, use *lower.Use, host check.Host) *lower.Way
	// List lists what can be probed, for -l: names that match the parts of the
	// pattern; with a pid what of it concerns that process (-p).
	List func(host check.Host, parts []string, pid int) ([]string, error)
	// Syntax shows the forms of an attach point.
	Syntax   []string
	Doc      string
	Examples []Example
}
