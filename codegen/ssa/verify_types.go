package ssa

// kindSet is a set of kinds.
type kindSet uint16

func kinds(ks ...Kind) kindSet {
	var s kindSet
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

func (s kindSet) has(k Kind) bool { return s>>k&1 != 0 }

var (
	scalars  = kinds(Scalar)
	none     = kinds(Void)
	readable = kinds(Ctx, Frame, Mem, BTF, BTFOrNull)
	writable = kinds(Frame, Mem)
	shifted  = kinds(Frame, Mem, BTF)
	nullable = kinds(MemOrNull, BTFOrNull)
	pointers = kinds(Ctx, Frame, MapPtr, Mem, MemOrNull, BTF, BTFOrNull, FuncPtr)
	anything = scalars | pointers
)

// opRule says what the verifier of the kernel wants of an operation.
type opRule struct {
	args   []kindSet
	result kindSet
	check  func(vf *verifier, v *Value)
}

func alu(n int) opRule {
	return opRule{args: []kindSet{scalars, scalars}[:n], result: scalars}
}

var opRules [numOps]opRule

func init() { // the checks refer back to the table through their methods
	opRules = [numOps]opRule{
		OpConst: {result: anything, check: (*verifier).constant},
		OpAdd:   alu(2), OpSub: alu(2), OpMul: alu(2), OpUDiv: alu(2), OpSDiv: alu(2), OpUMod: alu(2), OpSMod: alu(2),
		OpAnd: alu(2), OpOr: alu(2), OpXor: alu(2), OpLsh: alu(2), OpRsh: alu(2), OpArsh: alu(2), OpNeg: alu(1),
		OpSext:    {args: []kindSet{scalars}, result: scalars, check: (*verifier).extension},
		OpZext:    {args: []kindSet{scalars}, result: scalars, check: (*verifier).extension},
		OpBswap:   {args: []kindSet{scalars}, result: scalars, check: (*verifier).swap},
		OpSetCond: {args: []kindSet{anything, anything}, result: scalars, check: (*verifier).setCond},
		OpPtrInt:  {args: []kindSet{pointers}, result: scalars},

		OpFrameAddr: {result: kinds(Frame), check: (*verifier).frameAddr},
		OpMapPtr:    {result: kinds(MapPtr), check: (*verifier).mapPtr},
		OpMapValue:  {result: kinds(Mem), check: (*verifier).mapValue},
		OpFuncAddr:  {result: kinds(FuncPtr), check: (*verifier).function},
		OpAddPtr:    {args: []kindSet{shifted}, result: shifted, check: (*verifier).addPtr},
		OpAddPtrVar: {args: []kindSet{kinds(Frame, Mem), scalars}, result: kinds(Frame, Mem), check: (*verifier).addPtr},

		OpLoad:           {args: []kindSet{readable}, result: anything, check: (*verifier).load},
		OpStore:          {args: []kindSet{writable, anything}, result: none, check: (*verifier).store},
		OpStoreImm:       {args: []kindSet{writable}, result: none, check: (*verifier).store},
		OpAtomicAdd:      {args: []kindSet{writable, scalars}, result: none, check: (*verifier).atomic},
		OpAtomicFetchAdd: {args: []kindSet{writable, scalars}, result: scalars, check: (*verifier).atomic},
		OpAtomicOr:       {args: []kindSet{writable, scalars}, result: none, check: (*verifier).atomic},
		OpAtomicXchg:     {args: []kindSet{writable, scalars}, result: scalars, check: (*verifier).atomic},
		OpZero:           {args: []kindSet{writable}, result: none, check: (*verifier).zero},

		OpCall:    {result: none | anything, check: (*verifier).call},
		OpKfunc:   {result: none | anything, check: (*verifier).call},
		OpSubcall: {result: none | anything, check: (*verifier).subcall},
		OpNonNull: {args: []kindSet{nullable | kinds(BTF)}, result: kinds(Mem, BTF), check: (*verifier).nonNull},
	}
}

// types checks every operation by its row, then terminators and edges.
func (vf *verifier) types() {
	for _, b := range vf.f.Blocks {
		for _, p := range b.Params {
			if p.Type.Kind == Void || p.Type.Record {
				vf.bad(b, p, "a parameter can't be %s", p.Type)
			}
		}
		for _, v := range b.Values {
			vf.operation(v)
		}
		vf.term(b)
	}
}

func (vf *verifier) operation(v *Value) {
	rule := &opRules[v.Op]
	if n := v.Op.Info().NArgs; n >= 0 && len(v.Args) != n {
		vf.bad(v.Block, v, "%d operands where %d are wanted", len(v.Args), n)
		return
	}
	for i, want := range rule.args {
		if !want.has(v.Args[i].Type.Kind) {
			hint := ""
			if nullable.has(v.Args[i].Type.Kind) {
				hint = ", compare it with 0 and use the nonnull"
			}
			vf.bad(v.Block, v, "%s is %s, which %s can't take%s", v.Args[i], v.Args[i].Type, v.Op, hint)
			return
		}
	}
	if !rule.result.has(v.Type.Kind) {
		vf.bad(v.Block, v, "can't give %s", v.Type)
		return
	}
	if rule.check != nil {
		rule.check(vf, v)
	}
}

func (vf *verifier) constant(v *Value) {
	if v.Type.Kind != Scalar && !(v.Imm == 0 && nullable.has(v.Type.Kind)) {
		vf.bad(v.Block, v, "a constant is no %s", v.Type)
	}
}

func (vf *verifier) extension(v *Value) {
	if v.Width != 8 && v.Width != 16 && v.Width != 32 {
		vf.bad(v.Block, v, "extends from %d bits", v.Width)
	}
}

func (vf *verifier) swap(v *Value) {
	if v.Width != 16 && v.Width != 32 && v.Width != 64 {
		vf.bad(v.Block, v, "swaps %d bits", v.Width)
	}
}

func (vf *verifier) setCond(v *Value) {
	if v.Imm < 0 || v.Imm >= int64(len(condNames)) {
		vf.bad(v.Block, v, "no such condition")
		return
	}
	vf.compare(v.Block, v, Cond(v.Imm), v.Args[0], v.Args[1])
}

// compare checks the operands of a comparison; y is nil for a constant.
func (vf *verifier) compare(b *Block, what any, c Cond, x, y *Value) {
	if (x.Type.Kind != Scalar || y != nil && y.Type.Kind != Scalar) && c != EQ && c != NE {
		vf.bad(b, what, "pointers have no order")
	}
}

func (vf *verifier) mapPtr(v *Value) {
	if _, ok := v.Aux.(*Map); !ok {
		vf.bad(v.Block, v, "names no map")
	}
}

func (vf *verifier) function(v *Value) {
	if f, ok := v.Aux.(*Func); !ok || vf.funcs != nil && !vf.funcs[f] {
		vf.bad(v.Block, v, "names no function of the program")
	}
}

func (vf *verifier) nonNull(v *Value) {
	from, to := v.Args[0].Type, v.Type
	switch from.Kind {
	case MemOrNull:
		from.Kind = Mem
	case BTFOrNull:
		from.Kind = BTF
	}
	if from != to {
		vf.bad(v.Block, v, "%s checked is %s", v.Args[0].Type, from)
	}
}

func (vf *verifier) term(b *Block) {
	t := &b.Term
	switch t.Kind {
	case Return:
		if t.X.Type.Kind != Scalar {
			vf.bad(b, t, "returns %s, not a number", t.X.Type)
		}
	case Branch:
		if t.X.Type.Kind == Void || t.Y != nil && t.Y.Type.Kind == Void {
			vf.bad(b, t, "compares nothing")
		}
		if t.Width == 32 && (t.X.Type.Kind != Scalar || t.Y != nil && t.Y.Type.Kind != Scalar) {
			vf.bad(b, t, "compares half a pointer")
		}
		if t.Y == nil && t.X.Type.Kind != Scalar && t.Imm != 0 {
			vf.bad(b, t, "compares a pointer with a number other than 0")
		}
		vf.compare(b, t, t.Cond, t.X, t.Y)
	}
	for _, e := range t.Succs {
		for i, a := range e.Args {
			if p := e.To.Params[i]; !assignable(a, p.Type) {
				vf.bad(b, t, "%s is %s, parameter %s of %s is %s", a, a.Type, p, e.To, p.Type)
			}
		}
	}
}

// assignable tells whether a parameter of type t can get the value. The kernel
// follows each path on its own, so that a pointer and a null may meet in a
// parameter that is null-checked later.
func assignable(v *Value, t Type) bool {
	from := v.Type
	switch {
	case from.Record:
		return false
	case v.Op == OpConst && v.Imm == 0 && nullable.has(t.Kind):
		return true
	case from.Kind == Mem && t.Kind == MemOrNull, from.Kind == BTF && t.Kind == BTFOrNull:
	case from.Kind != t.Kind:
		return false
	}
	return from.Size >= t.Size && from.BTFID == t.BTFID
}
