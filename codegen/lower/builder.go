package lower

import (
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// Builder lowers one program. Records use it to make their code; the files of
// this package add the methods: expr.go evaluates, memory.go moves bytes,
// kernel.go reads kernel structs, maps.go reaches maps, event.go writes records,
// flow.go branches.
type Builder struct {
	// Builder appends operations to the function being made: the program's entry,
	// or a loop's callback.
	*ssa.Builder
	Instance *check.Instance
}

// Host answers about the machine the script is compiled for.
func (b *Builder) Host() check.Host { panic("soon") }

// Has tells whether the kernel has a feature.
func (b *Builder) Has(f *feature.Feature) bool { panic("soon") }

// Config is what the script runs by.
func (b *Builder) Config() *config.Config { panic("soon") }

// Options are what the command line said.
func (b *Builder) Options() *check.Options { panic("soon") }

// Ctx is the program's context pointer, also inside callbacks.
func (b *Builder) Ctx() *ssa.Value { panic("soon") }

// --- expressions (expr.go)

// TypeOf gives the type of an expression.
func (b *Builder) TypeOf(e ast.Expr) types.Type { panic("soon") }

// ConstInt gives an integer that was known when checking.
func (b *Builder) ConstInt(e ast.Expr) (int64, bool) { panic("soon") }

// ConstString gives a string that was known when checking.
func (b *Builder) ConstString(e ast.Expr) (string, bool) { panic("soon") }

// Expr evaluates an expression to whatever is cheapest.
func (b *Builder) Expr(e ast.Expr) Operand { panic("soon") }

// Scalar evaluates an expression to a number, in the normal form of its type:
// sign or zero extended to 64 bits. An array or struct gives its address.
func (b *Builder) Scalar(e ast.Expr) *ssa.Value { panic("soon") }

// Int evaluates an expression and converts it to t.
func (b *Builder) Int(e ast.Expr, t types.Int) *ssa.Value { panic("soon") }

// Address evaluates an expression to an address and the memory it points into,
// never NoSpace.
func (b *Builder) Address(e ast.Expr) (*ssa.Value, types.Space) { panic("soon") }

// ExprInto evaluates an expression to dst, converting it to dst.Type.
func (b *Builder) ExprInto(e ast.Expr, dst Place) { panic("soon") }

// Memory evaluates an expression that lives in memory, and gives where its bytes
// are; they must not be changed, and stand until the end of the statement.
func (b *Builder) Memory(e ast.Expr) Place { panic("soon") }

// Convert brings a number in the normal form of one type into that of another.
func (b *Builder) Convert(v *ssa.Value, from, to types.Type) *ssa.Value { panic("soon") }

// Fetch brings memory of the kernel or a process into ours, or a register.
func (b *Builder) Fetch(op Operand) Operand { panic("soon") }

// --- memory (memory.go)

// Temp gives memory for a value of type t until the end of the statement: in the
// frame if it is small, else in per-CPU scratch.
func (b *Builder) Temp(t types.Type) Place { panic("soon") }

// Addr gives the address of a place's first byte.
func (b *Builder) Addr(p Place) *ssa.Value { panic("soon") }

// Get loads a scalar from a place, in its type's normal form.
func (b *Builder) Get(p Place) *ssa.Value { panic("soon") }

// Set stores a scalar, which is in the normal form of p.Type or wider.
func (b *Builder) Set(p Place, v *ssa.Value) { panic("soon") }

// Store writes an operand to a place, converting it to p.Type: strings are cut
// or padded, integers extended or cut.
func (b *Builder) Assign(p Place, op Operand) { panic("soon") }

// Literal writes a string constant, cut to the place's size less one.
func (b *Builder) Literal(p Place, s string) { panic("soon") }

// Clear zeroes all bytes of a place.
func (b *Builder) Clear(p Place) { panic("soon") }

// Read copies p.Type.Size() bytes from an address of the kernel or the current
// process. It gives 0, or a negative error, and then p is all zero.
func (b *Builder) Read(space types.Space, p Place, addr *ssa.Value) *ssa.Value { panic("soon") }

// ReadN copies n bytes, which must be bounded to at most p's size; the rest of p
// is left alone.
func (b *Builder) ReadN(space types.Space, p Place, addr, n *ssa.Value) *ssa.Value { panic("soon") }

// ReadStr copies a NUL-terminated string to p, a String; bytes behind the NUL
// are zero unless p.Loose. max, when not nil, is how many bytes to read at most,
// NUL included. It gives the length, NUL included, or a negative error with an
// empty string.
func (b *Builder) ReadStr(space types.Space, p Place, addr, max *ssa.Value) *ssa.Value { panic("soon") }

// --- the kernel's memory (kernel.go)

// CurrentTask is the current task_struct: a BTF pointer where the kernel has
// one to give, and its type.
func (b *Builder) CurrentTask() Operand { panic("soon") }

// Member follows the named fields from a struct, or pointer to one, as
// x.f1.f2 in a script does.
func (b *Builder) Member(x Operand, fields ...string) Operand { panic("soon") }

// Deref gives what a pointer points to, unread.
func (b *Builder) Deref(ptr Operand) Operand { panic("soon") }

// Arg is argument i of the traced function by the calling convention, and Retval
// its result, of contexts that hold registers.
func (b *Builder) Arg(i int) *ssa.Value { panic("soon") }

// Retval is the traced function's result.
func (b *Builder) Retval() *ssa.Value { panic("soon") }

// Reg reads a register by name, as the machine's manuals call it; nil if there is
// no such register.
func (b *Builder) Reg(name string) *ssa.Value { panic("soon") }

// --- maps (maps.go)

// Key builds a map's key and gives its address.
func (b *Builder) Key(m *check.Map, keys []ast.Expr) *ssa.Value { panic("soon") }

// Lookup runs found with an element's value (of per-CPU maps, this CPU's slot),
// or missing, which may be nil.
func (b *Builder) Lookup(m *check.Map, keys []ast.Expr, found func(slot Place), missing func()) {
	panic("soon")
}

// Slot runs use with an element's value, made if there is none; when there is no
// room the failure is counted and use does not run.
func (b *Builder) Slot(m *check.Map, keys []ast.Expr, use func(slot Place)) { panic("soon") }

// HasKey gives 1 when the element exists, else 0.
func (b *Builder) HasKey(m *check.Map, keys []ast.Expr) *ssa.Value { panic("soon") }

// Delete removes an element, and gives 1 when there was one, else 0.
func (b *Builder) Delete(m *check.Map, keys []ast.Expr) *ssa.Value { panic("soon") }

// Len counts a map's elements.
func (b *Builder) Len(m *check.Map) *ssa.Value { panic("soon") }

// Var is a map's index in plan.Vars, for the data of events.
func (b *Builder) Var(m *check.Map) int { panic("soon") }

// KernelMap adds a map that a record needs for itself (stack traces); maps of one
// name are one, and must be the same.
func (b *Builder) KernelMap(m plan.Map) *ssa.Map { panic("soon") }

// Global loads a word of the Globals map; see plan.Global for the names.
func (b *Builder) Global(name string) *ssa.Value { panic("soon") }

// Target is the index in plan.Attach of the target that runs the program.
func (b *Builder) Target() *ssa.Value { panic("soon") }

// --- events (event.go)

// Arg is one part of an event's payload.
type Arg struct {
	Type types.Type
	expr ast.Expr
	val  *ssa.Value
	into func(dst Place)
}

// ArgExpr is an expression's value, converted to t, or in its own type when t is
// nil.
func (b *Builder) ArgExpr(e ast.Expr, t types.Type) Arg { panic("soon") }

// ArgValue is a number.
func ArgValue(v *ssa.Value, t types.Type) Arg { return Arg{Type: t, val: v} }

// ArgInto is a value that into writes to its place in the record. It must not
// leave the program (Exit).
func ArgInto(t types.Type, into func(dst Place)) Arg { return Arg{Type: t, into: into} }

// Emit writes an event for the record that action names: the arguments, in
// order, laid out as a tuple. data goes to the record's handler unseen. Urgent
// events wake the reader at once. What finds no room is counted.
func (b *Builder) Emit(action string, data any, urgent bool, args ...Arg) { panic("soon") }

// --- control flow and losses (flow.go)

// If runs then where x cond y holds, and els, which may be nil, where not.
func (b *Builder) If(c ssa.Cond, x, y *ssa.Value, then, els func()) { panic("soon") }

// Choose is If for a value.
func (b *Builder) Choose(c ssa.Cond, x, y *ssa.Value, then, els func() *ssa.Value) *ssa.Value {
	panic("soon")
}

// Repeat runs body for i = 0 … n-1, n constant, as a loop.
func (b *Builder) Repeat(n int64, body func(i *ssa.Value)) { panic("soon") }

// Exit ends the program now.
func (b *Builder) Exit() { panic("soon") }

// Count adds one to a counter.
func (b *Builder) Count(c plan.Counter) { panic("soon") }

// Loss makes a counter for this place in the script; what completes "N times: …".
func (b *Builder) Loss(what string) plan.Counter { panic("soon") }
