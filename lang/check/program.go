package check

import (
	"sonde/lang/ast"
	"sonde/lang/config"
	"sonde/lang/types"
)

// Options are what the command line says.
type Options struct {
	// Params are the positional parameters, $1 first.
	Params []string
	// Named are the named parameters behind --, by name.
	Named map[string]string
	// Includes are the C headers of --include.
	Includes []string
	// PID is -p, 0 for none. Command is -c, and ChildPID what it runs as.
	PID      int
	Command  string
	ChildPID int
	Unsafe   bool
	// Traceable: the user says which of the kernel's functions can be traced, so that
	// Host.Functions is the last word.
	Traceable bool
	// Offline: nothing will be attached, so missing targets are no error.
	Offline bool
	// Config by environment and command line wins over the script's; it is
	// applied by config.Load.
	Config config.Config
	// KernelWarnings is -k: report failing reads of memory.
	KernelWarnings bool
	// NoWarnings: what the script reports as a warning is left out.
	NoWarnings bool
	// Mode selects the probes that run; others are checked all the same.
	Mode Mode
	// Maps are maps that exist already, of an interactive session; their types
	// are fixed.
	Maps []*Map
	// DisabledFeatures are --no-feature's, for choosing attach mechanisms.
	DisabledFeatures []string
}

// Program is a checked script.
type Program struct {
	Script  *ast.Script
	Config  config.Config
	Options *Options
	// Instances are the bodies to compile, in script order.
	Instances []*Instance
	// Maps in order of first mention.
	Maps []*Map
	// AutoExit: the script has only edge probes (begin, end), so the session ends
	// by itself.
	AutoExit bool
}

// Instance is one probe body checked in one context, for all the targets that
// share it.
type Instance struct {
	Probe   *ast.Probe
	Context *Context
	Targets []Target
	Info    *Info
	// Vars in order of declaration.
	Vars []*Var
	// UsesName tells that the body asks which target ran it (probe, func): with more
	// than one target the name travels by attach cookie, or there is an instance
	// for each.
	UsesName bool
}

// Info is what checking found out about the nodes of one instance.
//
// Where a value goes to a place of another type (a variable, a map's key or
// value, an element of a tuple, the branches of ?:, an operand), types.Join of
// the two is the place's type or the place was declared: lowering converts, by
// sign or zero extension, by truncation, by padding of strings, element by
// element in tuples and by name in records.
type Info struct {
	// Types of all expressions that have a value. A read of a map whose value is
	// an aggregate has an integer type where the aggregate is wanted as a number,
	// and the aggregate's where it is wanted whole.
	Types map[ast.Expr]types.Type
	// Ops gives, for a *ast.Binary or compound *ast.Assign, the type in which the
	// operator works: both operands are converted to it first, and its sign chooses
	// the instruction. For pointer arithmetic it is the pointer's, and the other
	// operand counts elements; for == of strings and other values in memory it is
	// the wider type. Shifts convert only the left operand. && and || have none.
	Ops map[ast.Node]types.Type
	// Consts of those known when compiling: int64 (uint64 beyond its range),
	// string, bool or Elements. Nothing below such an expression needs code.
	Consts map[ast.Expr]any
	// Vars and Maps bind names.
	Vars map[*ast.Var]*Var
	Maps map[*ast.Map]*Map
	// Calls binds *ast.Call and *ast.Ident to records.
	Calls map[ast.Expr]*Call
	// Fields resolves member accesses: the field, and whether X is a pointer to be
	// followed.
	Fields map[*ast.Field]*FieldRef
	// Inlined gives what a call of a macro or library function stands for, already
	// checked.
	Inlined map[ast.Expr]*ast.BlockExpr
	// TypeExprs resolves types as written.
	TypeExprs map[*ast.TypeExpr]types.Type
}

// Elements is the value of a tuple or record that is known when compiling: the
// values of its elements, in the order of the type.
type Elements []any

// FieldRef is a resolved member access.
type FieldRef struct {
	// Deref: X is a pointer.
	Deref bool
	// Elem is the index for tuples and records, -1 for struct members.
	Elem  int
	Field types.Field
}

// Var is a scratch variable.
type Var struct {
	Name string // with $
	Type types.Type
	Decl ast.Node
	// Addressed: & was taken, so it must live in memory.
	Addressed bool
}

// Map is a map of the script.
type Map struct {
	Name string // with @
	// Key is nil for maps without keys.
	Key types.Type
	// Value is the type of values; an Aggregate for those that aggregations made.
	Value types.Type
	// MaxEntries is 1 for maps without keys.
	MaxEntries int
	Kind       MapKind
	Decl       ast.Node
	// First is where it was first used.
	First ast.Node
	// Iterated: walked with for; Counted: len() is asked.
	Iterated bool
	Counted  bool
}

// MapKind is a kind of map as declared; AutoMap lets code generation choose.
type MapKind uint8

// The kinds that scripts can declare.
const (
	AutoMap MapKind = iota
	HashMap
	LRUHashMap
	PerCPUHashMap
	LRUPerCPUHashMap
)
