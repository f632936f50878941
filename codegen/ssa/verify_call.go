package ssa

// maxArgs is how many arguments a call passes, in R1 to R5.
const maxArgs = 5

// argRules says which kinds of values an argument may be.
var argRules = [numArgKinds]kindSet{
	ArgAny:    anything,
	ArgCtx:    kinds(Ctx),
	ArgMap:    kinds(MapPtr),
	ArgKey:    writable,
	ArgValue:  writable,
	ArgMem:    kinds(Frame, Mem, BTF, Scalar), // a number must be 0: no memory
	ArgSize:   scalars,
	ArgLong:   writable,
	ArgRecord: kinds(Mem),
	ArgFunc:   kinds(FuncPtr),
	ArgOpaque: kinds(Frame, Scalar),
}

func (vf *verifier) call(v *Value) {
	h := v.Callee()
	if h == nil {
		vf.bad(v.Block, v, "calls nothing")
		return
	}
	if len(v.Args) > maxArgs || h.Args != nil && len(v.Args) != len(h.Args) {
		vf.bad(v.Block, v, "%d arguments", len(v.Args))
		return
	}
	if v.Type.Kind != h.Result.Kind || v.Type.Record != h.Result.Record {
		vf.bad(v.Block, v, "%s gives %s", h.Name, h.Result)
		return
	}
	for i, k := range h.Args {
		a := v.Args[i]
		if !argRules[k].has(a.Type.Kind) {
			vf.bad(v.Block, v, "argument %d, %s, is %s where %s is wanted", i, a, a.Type, k)
			continue
		}
		if k == ArgMem && a.Type.Kind == Scalar && !(a.Op == OpConst && a.Imm == 0) {
			vf.bad(v.Block, v, "argument %d, %s, is a number where memory is wanted", i, a)
			continue
		}
		if k == ArgRecord && (!a.Type.Record || PointsTo(a).Off != 0) {
			vf.bad(v.Block, v, "argument %d, %s, is not the start of a ring buffer record", i, a)
		}
		if n, ok := v.ArgLen(i); ok && (writable.has(a.Type.Kind)) {
			vf.access(v, a, 0, n)
		}
	}
	switch {
	case h == HelperRingbufReserve:
		if n := v.Args[1]; n.Op != OpConst || int64(v.Type.Size) > n.Imm {
			vf.bad(v.Block, v, "the size of a record is a constant, at least its type's")
		}
	case v.Type.Kind == MemOrNull && len(v.Args) > 0 && v.Args[0].Op == OpMapPtr:
		if m := v.Args[0].Aux.(*Map); m.ValueSize > 0 && v.Type.Size > m.ValueSize {
			vf.bad(v.Block, v, "a value of m%d has %d bytes", m.Index, m.ValueSize)
		}
	}
}

func (vf *verifier) subcall(v *Value) {
	vf.function(v)
	f, ok := v.Aux.(*Func)
	if !ok || vf.funcs == nil {
		return
	}
	params := f.Entry().Params
	if len(v.Args) != len(params) || len(v.Args) > maxArgs {
		vf.bad(v.Block, v, "%d arguments for %d parameters", len(v.Args), len(params))
		return
	}
	for i, p := range params {
		if !assignable(v.Args[i], p.Type) {
			vf.bad(v.Block, v, "%s is %s, parameter %d is %s", v.Args[i], v.Args[i].Type, i, p.Type)
		}
	}
	if v.Type.Kind != Scalar {
		vf.bad(v.Block, v, "a subprogram gives a number")
	}
}

// The states of a ring buffer record, as a set: what it may be on the paths that
// led here.
const (
	recNone = 1 << iota // not reserved, or found to be null
	recOpen             // reserved
	recDone             // submitted or discarded
)

// records checks that each reserved ring buffer record is given back exactly
// once on every path, and not used after.
func (vf *verifier) records() {
	for _, b := range vf.f.Blocks {
		for _, v := range b.Values {
			if v.Type.Record && v.Type.Kind == MemOrNull {
				vf.record(v)
			}
		}
	}
}

func (vf *verifier) record(rec *Value) {
	in := make([]uint8, vf.f.NumBlocks())
	in[vf.f.Entry().ID] = recNone
	order := vf.f.ReversePostorder()
	run := func(b *Block, report bool) (out uint8) {
		state := in[b.ID]
		for _, v := range b.Values {
			if v == rec {
				if state&recOpen != 0 && report {
					vf.bad(b, v, "reserves again before the last record is given back")
				}
				state = recOpen
				continue
			}
			for i, a := range v.Args {
				if !a.Type.Record || PointsTo(a).Base != rec {
					continue
				}
				if state&(recDone|recNone) != 0 && v.Op != OpNonNull && report {
					vf.bad(b, v, "uses the record of %s, which may be given back or null", rec)
				}
				if h := v.Callee(); h != nil && i < len(h.Args) && h.Args[i] == ArgRecord {
					state = recDone
				}
			}
		}
		if b.Term.Kind == Return && state&recOpen != 0 && report {
			vf.bad(b, &b.Term, "the record of %s is neither submitted nor discarded", rec)
		}
		return state
	}
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			out := run(b, false)
			for i, e := range b.Term.Succs {
				state := out
				if t := &b.Term; t.Kind == Branch && t.X == rec && t.Y == nil && t.Imm == 0 {
					if isNull := t.Cond == EQ && i == 0 || t.Cond == NE && i == 1; isNull {
						state = recNone
					}
				}
				if in[e.To.ID]|state != in[e.To.ID] {
					in[e.To.ID] |= state
					changed = true
				}
			}
		}
	}
	for _, b := range order {
		run(b, true)
	}
}
