package ssa

// Op is an operation.
type Op uint8

// The operations. What each needs and does stands in the table below; passes
// and allocators read the table and know few operations by name.
const (
	OpInvalid Op = iota
	OpParam      // a block's parameter; the entry's are the function's arguments
	OpConst      // Imm

	OpAdd
	OpSub
	OpMul
	OpUDiv // by zero gives 0, as BPF defines it
	OpSDiv // lowered to sign-corrected UDiv below ISA v4
	OpUMod // by zero gives the dividend
	OpSMod
	OpAnd
	OpOr
	OpXor
	OpLsh // counts are taken modulo 64
	OpRsh
	OpArsh
	OpNeg
	OpSext    // from the low Width bits
	OpZext    // from the low Width bits
	OpBswap   // of the low Width bits
	OpSetCond // 1 when Args[0] Cond(Imm) Args[1], else 0
	OpPtrInt  // the address in pointer Args[0] as a number; see emit for the instruction that hides it from the verifier

	OpFrameAddr // address of Aux.(*Slot), plus Imm
	OpMapPtr    // Aux.(*Map)
	OpMapValue  // direct address of byte Imm of the value of Aux.(*Map), an array of one
	OpFuncAddr  // Aux.(*Func)
	OpAddPtr    // pointer Args[0] plus Imm
	OpAddPtrVar // pointer Args[0] plus scalar Args[1], in bounds (the builder has checked)

	OpLoad      // Width bits at Args[0] plus Imm, zero extended
	OpStore     // Width bits of Args[1] at Args[0] plus Imm
	OpStoreImm  // Width bits of the constant Aux.(int64) at Args[0] plus Imm
	OpAtomicAdd // Args[1] to Width (32 or 64) bits at Args[0] plus Imm
	OpAtomicFetchAdd
	OpAtomicOr
	OpAtomicXchg
	OpZero // Aux.(int64) bytes at Args[0] plus Imm; small: stores, see emit

	OpCall    // Aux.(*Helper)
	OpKfunc   // Aux.(*Kfunc)
	OpSubcall // Aux.(*Func), static call of a subprogram

	OpNonNull // Args[0] after its null check, on the branch where it is not null
	numOps
)

// Effect says what an operation does besides giving its value. Passes decide by
// it alone what may be removed, merged or moved.
type Effect uint8

const (
	// Pure: the same arguments give the same value, always.
	Pure Effect = iota
	// Stable: like Pure during one run of the program (pid, comm, the current task).
	Stable
	// Reads memory or a clock; may be removed when unused, not merged across
	// writes.
	Reads
	// Writes memory or has another effect; stays, in order.
	Writes
)

// OpInfo is the row of an operation.
type OpInfo struct {
	Name string
	// NArgs is the number of arguments, -1 for those that vary.
	NArgs  int
	Effect Effect
	// Commutative: arguments may change places.
	Commutative bool
	// Remat: cheaper made again than kept in a register.
	Remat bool
	// TwoAddress: the result replaces the first argument's register.
	TwoAddress bool
	// Call: clobbers R0 to R5, and takes its arguments in R1 to R5.
	Call bool
	// sized: Width counts, and stands after the name in the printed form.
	sized bool
	form  form
}

// form is how an operation is written in the printed form, and so also which of
// a value's fields it uses.
type form uint8

const (
	formArgs   form = iota // add v1, v2
	formConst              // const 5
	formCond               // setcond ult v1, v2
	formAux                // map m0
	formAuxOff             // frame s0+8
	formArgOff             // addptr v1+8
	formMem                // load64 [v1+8]
	formMemArg             // store64 [v1+8], v2
	formMemAux             // zero [v1+8], 16
	formCall               // call f(v1, v2)
)

var opInfo = [numOps]OpInfo{
	OpInvalid:        {Name: "invalid"},
	OpParam:          {Name: "param"},
	OpConst:          {Name: "const", Remat: true, form: formConst},
	OpAdd:            {Name: "add", NArgs: 2, Commutative: true, TwoAddress: true},
	OpSub:            {Name: "sub", NArgs: 2, TwoAddress: true},
	OpMul:            {Name: "mul", NArgs: 2, Commutative: true, TwoAddress: true},
	OpUDiv:           {Name: "udiv", NArgs: 2, TwoAddress: true},
	OpSDiv:           {Name: "sdiv", NArgs: 2, TwoAddress: true},
	OpUMod:           {Name: "umod", NArgs: 2, TwoAddress: true},
	OpSMod:           {Name: "smod", NArgs: 2, TwoAddress: true},
	OpAnd:            {Name: "and", NArgs: 2, Commutative: true, TwoAddress: true},
	OpOr:             {Name: "or", NArgs: 2, Commutative: true, TwoAddress: true},
	OpXor:            {Name: "xor", NArgs: 2, Commutative: true, TwoAddress: true},
	OpLsh:            {Name: "lsh", NArgs: 2, TwoAddress: true},
	OpRsh:            {Name: "rsh", NArgs: 2, TwoAddress: true},
	OpArsh:           {Name: "arsh", NArgs: 2, TwoAddress: true},
	OpNeg:            {Name: "neg", NArgs: 1, TwoAddress: true},
	OpSext:           {Name: "sext", NArgs: 1, TwoAddress: true, sized: true},
	OpZext:           {Name: "zext", NArgs: 1, TwoAddress: true, sized: true},
	OpBswap:          {Name: "bswap", NArgs: 1, TwoAddress: true, sized: true},
	OpSetCond:        {Name: "setcond", NArgs: 2, form: formCond},
	OpPtrInt:         {Name: "ptrint", NArgs: 1, TwoAddress: true},
	OpFrameAddr:      {Name: "frame", Remat: true, form: formAuxOff},
	OpMapPtr:         {Name: "map", Remat: true, form: formAux},
	OpMapValue:       {Name: "mapvalue", Remat: true, form: formAuxOff},
	OpFuncAddr:       {Name: "func", Remat: true, form: formAux},
	OpAddPtr:         {Name: "addptr", NArgs: 1, TwoAddress: true, form: formArgOff},
	OpAddPtrVar:      {Name: "addptrvar", NArgs: 2, TwoAddress: true},
	OpLoad:           {Name: "load", NArgs: 1, Effect: Reads, sized: true, form: formMem},
	OpStore:          {Name: "store", NArgs: 2, Effect: Writes, sized: true, form: formMemArg},
	OpStoreImm:       {Name: "storeimm", NArgs: 1, Effect: Writes, sized: true, form: formMemAux},
	OpAtomicAdd:      {Name: "atomicadd", NArgs: 2, Effect: Writes, sized: true, form: formMemArg},
	OpAtomicFetchAdd: {Name: "atomicfetchadd", NArgs: 2, Effect: Writes, sized: true, form: formMemArg},
	OpAtomicOr:       {Name: "atomicor", NArgs: 2, Effect: Writes, sized: true, form: formMemArg},
	OpAtomicXchg:     {Name: "atomicxchg", NArgs: 2, Effect: Writes, sized: true, form: formMemArg},
	OpZero:           {Name: "zero", NArgs: 1, Effect: Writes, form: formMemAux},
	OpCall:           {Name: "call", NArgs: -1, Effect: Writes, Call: true, form: formCall},
	OpKfunc:          {Name: "kfunc", NArgs: -1, Effect: Writes, Call: true, form: formCall},
	OpSubcall:        {Name: "subcall", NArgs: -1, Effect: Writes, Call: true, form: formCall},
	OpNonNull:        {Name: "nonnull", NArgs: 1, TwoAddress: true},
}

// Info gives the operation's row.
func (op Op) Info() *OpInfo { return &opInfo[op] }

func (op Op) String() string { return opInfo[op].Name }

// Effect is that of the value: its operation's, or for calls that of what is
// called.
func (v *Value) Effect() Effect {
	switch aux := v.Aux.(type) {
	case *Helper:
		return aux.Effect
	case *Kfunc:
		return aux.Effect
	}
	return v.Op.Info().Effect
}

// Helper is a BPF helper, as far as the compiler wants to know it. The numbers
// are the kernel's (include/uapi/linux/bpf.h). Records own the ones they alone
// use; the ones that code generation itself needs are in helpers.go.
type Helper struct {
	Name   string
	ID     int32
	Effect Effect
	// WritesArg: bit i is set when memory behind argument i is written, in full
	// unless the bit is in PartArg too.
	WritesArg uint8
	// ReadsArg: bit i is set when memory behind argument i is read.
	ReadsArg uint8
	// PartArg: bit i is set when some bytes behind argument i may keep what they
	// held (a string shorter than its buffer). The verifier counts them as written.
	PartArg uint8
	// Args says what each argument is. May be left out: then Verify does not look
	// at arguments and passes take the call to touch all they point to.
	Args   []ArgKind
	Result Type
}

// ArgKind is what a helper wants for an argument, after the kernel's enum
// bpf_arg_type.
type ArgKind uint8

const (
	// ArgAny: a number, or a pointer the helper takes as a number.
	ArgAny ArgKind = iota
	// ArgCtx: the context pointer.
	ArgCtx
	// ArgMap: a map.
	ArgMap
	// ArgKey: memory of the map's key size.
	ArgKey
	// ArgValue: memory of the map's value size.
	ArgValue
	// ArgMem: memory, as many bytes as the next argument says.
	ArgMem
	// ArgSize: the length of the memory before it, in bytes.
	ArgSize
	// ArgLong: 8 bytes of memory.
	ArgLong
	// ArgRecord: a ring buffer record that is given back by the call.
	ArgRecord
	// ArgFunc: a callback.
	ArgFunc
	// ArgOpaque: memory that a callback of the call may read and write.
	ArgOpaque
	numArgKinds
)

var argNames = [numArgKinds]string{"any", "ctx", "map", "key", "value", "mem", "size", "long", "record", "func", "opaque"}

func (k ArgKind) String() string { return argNames[k] }

// Callee is what passes want to know of what a call calls; nil for subprograms.
func (v *Value) Callee() *Helper {
	switch aux := v.Aux.(type) {
	case *Helper:
		return aux
	case *Kfunc:
		return &Helper{Name: aux.Name, ID: int32(aux.BTFID), Effect: aux.Effect, WritesArg: aux.WritesArg,
			ReadsArg: aux.ReadsArg, PartArg: aux.PartArg, Args: aux.Args, Result: aux.Result}
	}
	return nil
}

// Kfunc is a kernel function called by its BTF id.
type Kfunc struct {
	Name   string
	BTFID  uint32
	Effect Effect
	// Like Helper's.
	WritesArg, ReadsArg, PartArg uint8
	Args                         []ArgKind
	Result                       Type
}

// String is the effect's name in the printed form.
func (e Effect) String() string { return effectNames[e] }

var effectNames = [...]string{"pure", "stable", "reads", "writes"}

var condNames = [...]string{"eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge", "set"}

func (c Cond) String() string { return condNames[c] }

// Negate gives the condition that holds when c does not; ok is false for SET,
// which has no opposite.
func (c Cond) Negate() (n Cond, ok bool) {
	switch c {
	case EQ, NE:
		return c ^ 1, true
	case ULT:
		return UGE, true
	case ULE:
		return UGT, true
	case UGT:
		return ULE, true
	case UGE:
		return ULT, true
	case SLT:
		return SGE, true
	case SLE:
		return SGT, true
	case SGT:
		return SLE, true
	case SGE:
		return SLT, true
	}
	return c, false
}

// Swap gives the condition with its operands exchanged.
func (c Cond) Swap() Cond {
	switch c {
	case ULT:
		return UGT
	case ULE:
		return UGE
	case UGT:
		return ULT
	case UGE:
		return ULE
	case SLT:
		return SGT
	case SLE:
		return SGE
	case SGT:
		return SLT
	case SGE:
		return SLE
	}
	return c
}

// Eval compares two numbers.
func (c Cond) Eval(x, y uint64) bool {
	switch c {
	case EQ:
		return x == y
	case NE:
		return x != y
	case ULT:
		return x < y
	case ULE:
		return x <= y
	case UGT:
		return x > y
	case UGE:
		return x >= y
	case SLT:
		return int64(x) < int64(y)
	case SLE:
		return int64(x) <= int64(y)
	case SGT:
		return int64(x) > int64(y)
	case SGE:
		return int64(x) >= int64(y)
	}
	return x&y != 0
}
