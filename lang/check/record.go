package check

import (
	"sonde/lang/arch"
	"sonde/lang/ast"
	"sonde/lang/config"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Library is the vocabulary that scripts are checked against. Package stdlib
// implements it; check itself knows no name in it.
type Library interface {
	// Func finds a builtin value, function or aggregation by name or alias
	// (case matters), or returns nil.
	Func(name string) *Func
	// Provider finds a probe type by name or alias (case does not matter), or
	// returns nil.
	Provider(name string) *Provider
	// Type finds a type that a record defines (kstack_t), or returns nil.
	Type(name string) types.Type
	// Header gives the integer constants that a C header defines, by name; nil for
	// a header it does not know.
	Header(name string, a *arch.Arch) map[string]int64
	// Source gives the text of the script library's file that defines the named
	// function (written in the language itself), or "".
	Source(name string) string
	// Names lists everything of a kind ("func", "provider", "type"), sorted, for
	// suggestions and completion.
	Names(kind string) []string
}

// Shape says how a Func is used.
type Shape uint8

const (
	// Value: written bare (pid), or with empty parentheses.
	Value Shape = iota
	// Function: called with arguments.
	Function
	// Aggregation: a call that may only be assigned to a map.
	Aggregation
)

// Func is what the checker must know of a builtin value, function or
// aggregation. A record in stdlib holds one next to its lowering and rendering.
type Func struct {
	Name    string
	Aliases []string
	Shape   Shape
	// Sigs are tried in order; the first whose parameter count and kinds fit
	// is taken. A Value with no Sigs takes no arguments.
	Sigs []Sig
	// Check sees a call whose arguments already fit Sig: it checks what a
	// signature can't say, may store its findings in c.Data for the lowering,
	// and returns the result type (nil: Sig.Result, or that it reported an
	// error). It runs once per round of inference; in early rounds TypeOf may give
	// a type that grows later, and what it reports counts in the last round only.
	Check func(c *Call) types.Type
	// Also gives a second type that the value can have: it does where it is assigned to a
	// map of that type. nil: there is none.
	Also func(c *Call) types.Type
	// Unsafe ones need --unsafe.
	Unsafe bool
	// Unstable names the setting that says whether the function may be used, since
	// it may change; "" for most.
	Unstable string
	// Ends: a call ends the run of the probe, so that nothing behind it happens.
	Ends bool
	// MustUse warns when the result is thrown away.
	MustUse bool
	// Needs lists features without which there is no way to lower it.
	Needs []*feature.Feature
	// PerTarget: the value depends on Context.Key (args): targets with different
	// keys then need programs of their own. Without such a use in a body, targets
	// of one provider and program kind share one.
	PerTarget bool
	// Named: the value depends on which target ran the program (probe, func).
	Named bool
	// Reads are the parts of the event that the value comes from: a cheaper mechanism
	// that shows others is then no choice.
	Reads Parts
	// Ctx says which probe contexts it works in; nil: all. The string completes
	// "X can not be used here: …".
	Ctx func(p *Context) (ok bool, why string)
}

// Parts are parts of what a program finds when an event runs it.
type Parts uint8

const (
	// Registers: all of them, or which program runs and how (reg, ctx, override).
	Registers Parts = 1 << iota
	// Frames are the kernel's stack frames below the event.
	Frames
	// Arguments are single arguments by their numbers, which Call.Data holds as int.
	Arguments
	// Members are those of Context.Args, or all of it.
	Members
	// Result is Context.Retval.
	Result
)

// Sig is one way to call a Func.
type Sig struct {
	Params []Param
	// Optional is how many of the last Params may be left out.
	Optional int
	// Variadic: any number of further arguments of any kind.
	Variadic bool
	Result   types.Type
}

// Param is one parameter.
type Param struct {
	Name string
	Kind ParamKind
	// Keyed: a MapArg may be written with keys (delete(@m[k])), which are then
	// evaluated like a KeyArg.
	Keyed bool
}

// ParamKind says what an argument must be. Kinds that do not say “evaluated”
// hand the syntax to the record and emit nothing themselves.
type ParamKind uint8

const (
	// AnyArg: any value, evaluated. An aggregate of a map that can be read as an
	// integer (types.Coercible) is read as one.
	AnyArg ParamKind = iota
	// IntArg: an integer or bool, evaluated.
	IntArg
	// PtrArg: a pointer or an integer taken as an address, evaluated.
	PtrArg
	// StringArg: a string value, evaluated.
	StringArg
	// ConstIntArg: an integer known when compiling.
	ConstIntArg
	// ConstStringArg: a string literal, or string parameter.
	ConstStringArg
	// TextArg: any value, evaluated; but a positional parameter, alone or plus a
	// constant, means its text (ConstString gives it).
	TextArg
	// MapArg: a map, without keys unless Param.Keyed.
	MapArg
	// KeyArg: a key of the MapArg before it, evaluated: its type takes part in the
	// map's key type, to which lowering converts the value.
	KeyArg
	// TypeArg: a type, or an expression for its type; never evaluated.
	TypeArg
	// NameArg: a bare word with a meaning of its own (perf, monotonic).
	NameArg
	// RawArg: the record looks at the syntax itself.
	RawArg
)

// Call is one use of a Func, on its way through checking and lowering.
type Call struct {
	Func *Func
	Sig  *Sig
	// Node is the *ast.Call or *ast.Ident; Args are its arguments' syntax.
	Node ast.Expr
	Args []ast.Expr
	// Type is the result type, set when Check has returned.
	Type types.Type
	// Data carries what Check found out to the record's own lowering. Check runs
	// several times before all types are known, so it must set Data anew each time.
	Data any
	// Const is set by Check when the value is known already: int64, uint64 (beyond
	// int64), string or bool. The type is then that of such a literal, unless Check
	// returns another, as it has to for Elements.
	Const any
	// InLoop tells that the call stands in a for or while loop.
	InLoop bool
	// Discarded tells that the value is not used.
	Discarded bool
	// Map is the map that an Aggregation is assigned to; an empty one where what is
	// written is none, which was reported.
	Map *Map

	// Checker answers questions while checking; it must not be used later.
	Checker Checker
	// Context is where the call stands.
	Context *Context
}

// Checker is what a record may ask of the checker.
type Checker interface {
	// TypeOf gives the type of an already checked argument, nil if invalid.
	TypeOf(ast.Expr) types.Type
	// Eval checks an expression that the parameter kind left alone, and gives its
	// type.
	Eval(ast.Expr) types.Type
	// TypeArg resolves a TypeArg: the type written, or that of the expression.
	TypeArg(ast.Expr) types.Type
	// ConstInt and ConstString give values known when compiling.
	ConstInt(ast.Expr) (int64, bool)
	ConstString(ast.Expr) (string, bool)
	// Map resolves a MapArg.
	Map(ast.Expr) *Map
	// Parameter gives what the user set a named parameter to. That the script asks
	// for it makes it one that can be set; the description says what it is for.
	Parameter(name, description string) (text string, set bool)
	// Report adds a diagnostic (nothing is printed); it returns d for chaining.
	Report(d *source.Diagnostic) *source.Diagnostic
	Options() *Options
	Config() *config.Config
	Library() Library
	Host() Host
}

// Provider is what the checker must know of a probe type.
type Provider struct {
	Name    string
	Aliases []string
	// Parse reads the attach point's text behind the provider name and first
	// colon, split at colons outside quotes, and gives the point or what is
	// wrong with it. It asks nothing of the machine.
	Parse func(p *Point) *source.Diagnostic
	// Expand resolves wildcards and symbols to targets, asking the host. With
	// Options.Offline it must not fail for want of a target: it then gives the
	// point as written as the only target. No target and no diagnostic means
	// that nothing matched. A warning does not stand for a missing target.
	Expand func(p *Point, host Host, opt *Options) ([]Target, *source.Diagnostic)
	// Context tells what a program attached to the target sees. Targets with
	// equal Context.Key share one program.
	Context func(t *Target, host Host) (*Context, *source.Diagnostic)
	// Group names what a target has in common with others as far as a body can
	// tell that uses nothing PerTarget, without asking the machine: targets of
	// equal group then share the context of the first. nil: every target is asked
	// for its context.
	Group func(t *Target) string
	// Wide gives a context in which one program serves all the targets, where Context
	// binds a program to each; nil: there is none on this machine. It is asked when
	// there are many targets, and taken for bodies that can not tell the difference:
	// they use nothing that is PerTarget, and read neither Registers nor Frames. nil: never.
	Wide  func(targets []Target, host Host) *Context
	Needs []*feature.Feature
	// Cookie is the feature by which a program shared by several targets learns
	// which one ran it; nil: there is no way, and each target of a body that asks
	// for its name gets a program of its own.
	Cookie *feature.Feature
	// Alone: may not stand in a script with any other probe.
	Alone bool
	// Unfiltered: runs in the tracer itself or on its behalf, so -p does not
	// restrict it (begin, end, interval).
	Unfiltered bool
	// Edge: happens once, at the beginning or end of the session; a script of
	// nothing else exits by itself.
	Edge bool
	// Mode is in which its probes run; those with Edge run in every mode.
	Mode Mode
	// Unique: no two probes may have the same name.
	Unique bool
}

// Point is one attach point as written: provider and the parts between colons,
// unquoted, with parameters substituted.
type Point struct {
	Node     *ast.AttachPoint
	Provider *Provider
	Parts    []string
	// Data is the provider's own reading of Parts.
	Data any
}

// Target is one place to attach to. Its Name is what the probe builtin gives:
// provider and parts, no wildcards.
type Target struct {
	Point *Point
	Name  string
	// Func is what the func builtin gives, "" when there is no such thing.
	Func string
	// Data is the provider's own, for Context and for attaching.
	Data any
	// Found by a wildcard: that it can not be attached to is no error.
	Found bool
}

// Context is what a program sees of the event that runs it.
type Context struct {
	// Key is equal for targets that can share a program.
	Key string
	// Provider that made it.
	Provider *Provider
	// Program names the kernel's program type: one of the plan's kinds.
	Program ProgramKind
	// Targets are those that a program in this context serves; the checker sets them, on
	// a copy of its own. A body that is looked at for its mistakes only has none.
	Targets []Target
	// Bound: the program is tied to the target when it is loaded, and can't be
	// shared. BindTo is its BTF name or function, BindID the BTF id when known, in
	// the module BindModule ("" for the kernel proper) or the BPF program with the id
	// BindProg (0: none).
	Bound      bool
	BindTo     string
	BindModule string
	BindProg   uint32
	BindID     uint32
	// Args is the struct behind args, nil when there is none. ArgsLayout tells how
	// the fields are reached.
	Args   *types.Struct
	Layout ArgsLayout
	// Retval is the type of retval, nil when there is none.
	Retval types.Type
	// NumArgs is how many argN there are; -1 for as many as the calling
	// convention passes in registers; 0 for none.
	NumArgs int
	// Inlined is the function at whose code the program runs where the compiler put that
	// into other functions: it has no arguments there that could be found. "" else.
	Inlined string
	// Regs tells that the context holds the registers (struct pt_regs).
	Regs bool
	// Space is where plain pointers point to in this context.
	Space types.Space
	// Ctx is the type of ctx.
	Ctx types.Type
	// Owner are the members, from ctx on, that lead to the number of the process that
	// an iterator's object belongs to; nil: objects belong to none. -p compares it where
	// the kernel can not restrict iterators itself.
	Owner []string
	// Interrupt tells that the event can interrupt anything (profile, hardware).
	Interrupt bool
	// User tells that the event is one of user code.
	User bool
	// Detached: the program outlives the tracer and is run by others, who read what
	// it writes as text by itself. Nobody receives its events.
	Detached bool
}

// ArgsLayout says where the members of args are.
type ArgsLayout uint8

const (
	// ArgsNone: there are no args.
	ArgsNone ArgsLayout = iota
	// ArgsRecord: at the field's offset from the context pointer (tracepoint
	// records).
	ArgsRecord
	// ArgsSlots: in slots of 8 bytes from the context pointer (raw tracepoints,
	// fentry).
	ArgsSlots
	// ArgsRegs: in the registers of the calling convention.
	ArgsRegs
)

// ProgramKind is a kind of BPF program, in the kernel's terms.
type ProgramKind uint8

const (
	// ProgTestRun: run once by the runtime through PROG_TEST_RUN, as a raw
	// tracepoint program (begin, end, signals).
	ProgTestRun ProgramKind = iota
	// ProgTracepoint: BPF_PROG_TYPE_TRACEPOINT.
	ProgTracepoint
	// ProgRawTracepoint: BPF_PROG_TYPE_RAW_TRACEPOINT.
	ProgRawTracepoint
	// ProgTracingBTF: BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP.
	ProgTracingBTF
	// ProgPerfEvent: BPF_PROG_TYPE_PERF_EVENT.
	ProgPerfEvent
	// ProgKprobe: BPF_PROG_TYPE_KPROBE, also for uprobes.
	ProgKprobe
	// ProgFentry and ProgFexit: BPF_PROG_TYPE_TRACING trampolines.
	ProgFentry
	ProgFexit
	// ProgIter: BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER.
	ProgIter
)

// Host is what checking may ask of the machine the script is for. The real one
// reads /proc, /sys and ELF files when asked and not before; tests hand in a
// small made one. All lists are sorted.
type Host interface {
	BTF() types.BTF // nil: none
	Features() feature.Set
	// Arch is the machine's processor.
	Arch() *arch.Arch
	NumCPU() int
	// Tracepoints lists "category:event" names that match the glob in each part.
	Tracepoints(category, event string) ([]string, error)
	// TracepointFormat gives the record of an event, as the kernel's format file
	// describes it, common fields included, and the event's id.
	TracepointFormat(category, event string) (*types.Struct, uint64, error)
	// DynamicEvent tells whether a user has defined the event, so that there is no
	// tracepoint behind it.
	DynamicEvent(category, event string) bool
	// RawTracepoints lists names that match.
	RawTracepoints(glob string) ([]string, error)
	// Functions lists traceable kernel functions "module:name" that match.
	Functions(module, glob string) ([]string, error)
	// Programs lists the BPF programs that are loaded, oldest first, or the one with
	// the id (0: all).
	Programs(id uint32) ([]BPFProgram, error)
	// NoKprobe tells whether the kernel refuses kprobes on a function by its name, because
	// several have the name or because it keeps kprobes away from it.
	NoKprobe(function string) bool
	// KernelSymbol finds an address by name, 0 for none.
	KernelSymbol(name string) (uint64, error)
	// KernelFunction names the function of the kernel that an address lies in, "" for none.
	KernelFunction(address uint64) string
	// Inlined gives the places, in order, where the code of a kernel function begins that
	// is no symbol: in the functions that the compiler put it into, and in variants of it
	// under other names. The error tells why there are none; it is fs.ErrNotExist when the
	// debugging information that knows is not on the machine.
	Inlined(function string) ([]KernelPlace, error)
	// Binaries resolves what the user wrote for a binary or library (a path, a
	// bare name by PATH, a library by the loader's cache, a glob) to paths. "*" is
	// all that the process runs code of, or with pid 0 any process.
	Binaries(name string, pid int) ([]string, error)
	// BinarySymbols lists the functions and variables of an ELF file.
	BinarySymbols(path string) ([]BinarySymbol, error)
	// BinaryOffset gives the file offset of a virtual address of an ELF file.
	BinaryOffset(path string, address uint64) (uint64, error)
	// Process tells whether the pid exists.
	Process(pid int) bool
	// PIDNamespace gives the device and inode number of the tracer's PID namespace,
	// and whether it is the first one, in which all processes are.
	PIDNamespace() (dev, inode uint64, initial bool)
	// CgroupID gives the id of a cgroup v2 directory.
	CgroupID(path string) (uint64, error)
}

// KernelPlace is an instruction of the kernel: so many bytes behind the beginning of a
// function.
type KernelPlace struct {
	Function string
	Offset   uint64
	// Address in the running kernel.
	Address uint64
}

// BPFProgram is a BPF program in the kernel.
type BPFProgram struct {
	ID uint32
	// Name is as the kernel has it: at most 15 bytes.
	Name string
	// Tracing: of the type that fentry, fexit, typed raw tracepoints and iterators are
	// of (BPF_PROG_TYPE_TRACING).
	Tracing bool
	// Funcs are its functions, the entry first, by its own type information; none
	// when it has no such information.
	Funcs []*types.Func
}

// BinarySymbol is a function or variable of an ELF file. Offset is within the file,
// bytes, 0 for variables that have no place in it (.bss); Address is as linked.
type BinarySymbol struct {
	Name    string
	Address uint64
	Offset  uint64
	Size    uint64
	Func    bool
}
