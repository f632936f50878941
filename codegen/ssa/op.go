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
}

var opInfo = [numOps]OpInfo{
	OpInvalid:        {Name: "invalid"},
	OpParam:          {Name: "param"},
	OpConst:          {Name: "const", Remat: true},
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
	OpSext:           {Name: "sext", NArgs: 1, TwoAddress: true},
	OpZext:           {Name: "zext", NArgs: 1, TwoAddress: true},
	OpBswap:          {Name: "bswap", NArgs: 1, TwoAddress: true},
	OpSetCond:        {Name: "setcond", NArgs: 2},
	OpFrameAddr:      {Name: "frame", Remat: true},
	OpMapPtr:         {Name: "map", Remat: true},
	OpMapValue:       {Name: "mapvalue", Remat: true},
	OpFuncAddr:       {Name: "func", Remat: true},
	OpAddPtr:         {Name: "addptr", NArgs: 1, TwoAddress: true},
	OpAddPtrVar:      {Name: "addptrvar", NArgs: 2, TwoAddress: true},
	OpLoad:           {Name: "load", NArgs: 1, Effect: Reads},
	OpStore:          {Name: "store", NArgs: 2, Effect: Writes},
	OpStoreImm:       {Name: "storeimm", NArgs: 1, Effect: Writes},
	OpAtomicAdd:      {Name: "atomicadd", NArgs: 2, Effect: Writes},
	OpAtomicFetchAdd: {Name: "atomicfetchadd", NArgs: 2, Effect: Writes},
	OpAtomicOr:       {Name: "atomicor", NArgs: 2, Effect: Writes},
	OpAtomicXchg:     {Name: "atomicxchg", NArgs: 2, Effect: Writes},
	OpZero:           {Name: "zero", NArgs: 1, Effect: Writes},
	OpCall:           {Name: "call", NArgs: -1, Effect: Writes, Call: true},
	OpKfunc:          {Name: "kfunc", NArgs: -1, Effect: Writes, Call: true},
	OpSubcall:        {Name: "subcall", NArgs: -1, Effect: Writes, Call: true},
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
	// WritesArg: bit i is set when memory behind argument i is written in full.
	WritesArg uint8
	// ReadsArg: bit i is set when memory behind argument i is read.
	ReadsArg uint8
	Result   Type
}

// Kfunc is a kernel function called by its BTF id.
type Kfunc struct {
	Name   string
	BTFID  uint32
	Effect Effect
	// Like Helper's.
	WritesArg, ReadsArg uint8
	Result              Type
}
