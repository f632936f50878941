package ssa

import (
	"errors"
	"fmt"
	"strings"
)

// Verify checks a program against the rules of this representation and, as far
// as they can be seen here, those of the kernel's verifier. What it accepts is
// meant to load; a program that the kernel rejects all the same shows a rule
// that is missing here. The error names each bad value and its function.
func Verify(p *Program) error {
	if len(p.Funcs) == 0 {
		return errors.New("program has no function")
	}
	known := map[*Func]bool{}
	for _, f := range p.Funcs {
		known[f] = true
	}
	var errs []error
	for _, f := range p.Funcs {
		errs = append(errs, verifyFunc(f, known))
	}
	return errors.Join(errs...)
}

// VerifyFunc checks one function, without looking at what it calls.
func VerifyFunc(f *Func) error { return verifyFunc(f, nil) }

// maxErrors per function: the first ones tell the cause.
const maxErrors = 10

func verifyFunc(f *Func, known map[*Func]bool) error {
	vf := &verifier{f: f, funcs: known, defs: make([]*Value, f.NumValues())}
	// What each step checks, the next ones rely on.
	for _, step := range []func(){vf.structure, vf.dominance, vf.types, vf.nullChecks, vf.frame, vf.records} {
		if step(); len(vf.errs) > 0 {
			break
		}
	}
	return errors.Join(vf.errs...)
}

type verifier struct {
	f     *Func
	funcs map[*Func]bool
	dom   *DomTree
	defs  []*Value // by id
	errs  []error
}

// bad reports a complaint about a value, terminator or block.
func (vf *verifier) bad(b *Block, what any, format string, args ...any) {
	if len(vf.errs) == maxErrors {
		return
	}
	where := "func " + vf.f.Name
	if b != nil {
		where += " " + b.String()
	}
	switch what := what.(type) {
	case *Value:
		where += ": " + what.LongString()
		if what.Span.IsValid() {
			where += " (" + what.Span.String() + ")"
		}
	case *Term:
		where += ": " + what.String()
	}
	vf.errs = append(vf.errs, errors.New(where+": "+strings.TrimSpace(fmt.Sprintf(format, args...))))
}

// structure checks what all other steps take for granted: ids, blocks, edges.
func (vf *verifier) structure() {
	f := vf.f
	if len(f.Blocks) == 0 {
		vf.bad(nil, nil, "no blocks")
		return
	}
	in := map[*Block]bool{}
	ids := make([]bool, f.NumBlocks())
	for _, b := range f.Blocks {
		if b.Func != f || b.ID < 0 || int(b.ID) >= len(ids) || ids[b.ID] {
			vf.bad(b, nil, "belongs to another function, or its number is taken")
			return
		}
		in[b], ids[b.ID] = true, true
	}
	for i, s := range f.Slots {
		if s.ID != i || s.Size <= 0 || s.Align != 1 && s.Align != 2 && s.Align != 4 && s.Align != 8 {
			vf.bad(nil, nil, "slot s%d: bad number, size %d or alignment %d", s.ID, s.Size, s.Align)
		}
	}
	edges := map[[2]*Block]int{}
	for _, b := range f.Blocks {
		vf.blockShape(b, in)
		for _, e := range b.Term.Succs {
			edges[[2]*Block{b, e.To}]++
		}
	}
	for _, b := range f.Blocks {
		for _, p := range b.Preds {
			edges[[2]*Block{p, b}]--
		}
	}
	for _, b := range f.Blocks {
		for _, p := range append([]*Block{b}, b.Preds...) {
			for _, e := range [][2]*Block{{b, p}, {p, b}} {
				if edges[e] != 0 {
					vf.bad(b, nil, "predecessors don't match the edges (%s to %s)", e[0], e[1])
					return
				}
			}
		}
	}
	if len(f.Entry().Preds) > 0 {
		vf.bad(f.Entry(), nil, "the entry has predecessors")
	}
	if len(vf.errs) > 0 {
		return
	}
	vf.dom = f.Dominators()
	for _, b := range f.Blocks {
		if !vf.dom.Reachable(b) {
			vf.bad(b, nil, "no path leads here")
		}
	}
}

func (vf *verifier) blockShape(b *Block, in map[*Block]bool) {
	for i, p := range b.Params {
		vf.place(b, p)
		if p.Op != OpParam || p.Imm != int64(i) {
			vf.bad(b, p, "is no parameter, or has the wrong index %d", p.Imm)
		}
	}
	for _, v := range b.Values {
		vf.place(b, v)
		if v.Op == OpInvalid || v.Op == OpParam || v.Op >= numOps {
			vf.bad(b, v, "no operation for a block's body")
		}
	}
	t := &b.Term
	wantSuccs, ok := map[TermKind]int{Jump: 1, Branch: 2, Return: 0}[t.Kind]
	if !ok || len(t.Succs) != wantSuccs {
		vf.bad(b, t, "%d successors", len(t.Succs))
		return
	}
	if (t.Kind != Jump) != (t.X != nil) || t.Y != nil && t.Kind != Branch {
		vf.bad(b, t, "operands missing, or too many")
	}
	if t.Kind == Branch && t.Width != 64 && t.Width != 32 {
		vf.bad(b, t, "comparison of %d bits", t.Width)
	}
	if t.Kind == Branch && t.Y == nil && t.Imm != int64(int32(t.Imm)) {
		vf.bad(b, t, "constant wider than 32 bits")
	}
	for _, e := range t.Succs {
		if !in[e.To] {
			vf.bad(b, t, "goes to %s, which is not in the function", e.To)
		} else if len(e.Args) != len(e.To.Params) {
			vf.bad(b, t, "%d arguments for the %d parameters of %s", len(e.Args), len(e.To.Params), e.To)
		}
	}
}

// place checks that a value stands in one place only.
func (vf *verifier) place(b *Block, v *Value) {
	switch {
	case v.ID < 0 || int(v.ID) >= len(vf.defs):
		vf.bad(b, v, "number out of range")
	case vf.defs[v.ID] != nil:
		vf.bad(b, v, "number taken by %q", vf.defs[v.ID].LongString())
	case v.Block != b:
		vf.bad(b, v, "says it stands in another block")
	default:
		vf.defs[v.ID] = v
	}
}

// dominance checks that every value is made before it is used, on all paths.
func (vf *verifier) dominance() {
	seen := NewSet(len(vf.defs))
	use := func(b *Block, user any, v *Value) {
		switch {
		case v == nil:
			vf.bad(b, user, "operand missing")
		case v.ID < 0 || int(v.ID) >= len(vf.defs) || vf.defs[v.ID] != v:
			vf.bad(b, user, "uses %s, which stands nowhere", v)
		case v.Block == b && !seen.Has(int(v.ID)):
			vf.bad(b, user, "uses %s before it is made", v)
		case !vf.dom.Dominates(v.Block, b):
			vf.bad(b, user, "uses %s of %s, which does not dominate %s", v, v.Block, b)
		}
	}
	for _, b := range vf.f.Blocks {
		for _, p := range b.Params {
			seen.Add(int(p.ID))
		}
		for _, v := range b.Values {
			for _, a := range v.Args {
				use(b, v, a)
			}
			seen.Add(int(v.ID))
		}
		b.Term.EachUse(func(v **Value) { use(b, &b.Term, *v) })
	}
}

// nullChecks checks that a NonNull stands where its argument was found not to
// be null.
func (vf *verifier) nullChecks() {
	for _, b := range vf.f.Blocks {
		for _, v := range b.Values {
			if v.Op == OpNonNull && !vf.f.NonNullIn(v.Args[0])[b.ID] {
				vf.bad(b, v, "no branch that compares %s with 0 leads here", v.Args[0])
			}
		}
	}
}

// NonNullIn tells, by block id, where x is not null, because every path from x
// to the block takes the right side of a branch that compares it with 0.
func (f *Func) NonNullIn(x *Value) []bool {
	in := make([]bool, f.NumBlocks())
	rpo := f.ReversePostorder()
	for _, b := range rpo[1:] {
		in[b.ID] = true
	}
	holds := func(p, b *Block) bool { // on the edges from p to b
		t := &p.Term
		if t.Kind == Branch && t.X == x && t.Y == nil && t.Imm == 0 && t.Width == 64 && t.Succs[0].To != t.Succs[1].To {
			if t.Cond == NE && t.Succs[0].To == b || t.Cond == EQ && t.Succs[1].To == b {
				return true
			}
		}
		return p != x.Block && in[p.ID]
	}
	for changed := true; changed; {
		changed = false
		for _, b := range rpo[1:] {
			if !in[b.ID] {
				continue
			}
			for _, p := range b.Preds {
				if !holds(p, b) {
					in[b.ID], changed = false, true
					break
				}
			}
		}
	}
	in[x.Block.ID] = false // x is made anew there
	return in
}
