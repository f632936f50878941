package opt

import (
	"fmt"
	"slices"
	"strings"

	"sonde/codegen/ssa"
)

// redundantLoads replaces loads of what was just stored or loaded there, and
// calls that read what was read already (a lookup of the same key). What is
// known holds from the operation that showed it to all that it dominates, until
// on some path between the memory may have been written.
func redundantLoads(f *ssa.Func) bool {
	l := &loader{dom: f.Dominators(), al: aliases{f.EscapedSlots()}, out: make([][]fact, f.NumBlocks()), repl: ssa.Replacements{}}
	for _, b := range l.dom.Preorder() {
		l.block(b)
	}
	l.repl.Apply(f)
	return l.changed
}

// fact is one thing known: what a piece of memory holds, or what a call gives.
type fact struct {
	at access
	// val is in memory at at: as loaded, or the low bits of a value stored.
	val    *ssa.Value
	width  uint8
	stored bool
	// imm is in memory instead of val, when val is nil.
	imm int64
	// zero: all bytes are 0.
	zero bool
	// call is set when the fact is that such a call gives val.
	call *callFact
	// ptr is set when the fact is only that it points to what is at at, untouched
	// since a call read it.
	ptr *ssa.Value
}

// holds tells whether the fact says what memory holds.
func (k *fact) holds() bool { return k.call == nil && k.ptr == nil }

// callFact is a call in terms of what it depends on: a key whose bytes are all
// known counts by them, so that two keys built in two places are one.
type callFact struct {
	key string
	// index is the map's it looks at, -1 for any.
	index int
	deps  []access
}

type loader struct {
	dom     *ssa.DomTree
	al      aliases
	out     [][]fact // by block id
	repl    ssa.Replacements
	changed bool
}

func (l *loader) block(b *ssa.Block) {
	facts := l.entry(b)
	idle := map[*ssa.Value]bool{}
	for _, v := range b.Values {
		for i := range v.Args {
			v.Args[i] = l.repl.Of(v.Args[i])
		}
		if v.Op == ssa.OpLoad && v.Args[0].Type.Kind != ssa.Ctx {
			facts = l.load(v, facts)
			continue
		}
		facts = l.reuse(v, facts)
		if readingCall(v) {
			facts = l.call(v, facts)
			continue
		}
		if l.stored(v, facts) {
			idle[v] = true
			continue
		}
		facts = l.forget(facts, v)
		facts = l.learn(facts, v)
	}
	if len(idle) > 0 {
		b.Filter(func(v *ssa.Value) bool { return !idle[v] })
		l.changed = true
	}
	l.out[b.ID] = facts
}

// entry is what the dominator knew, less what blocks on the way may have
// changed.
func (l *loader) entry(b *ssa.Block) []fact {
	d := l.dom.Idom(b)
	if d == nil {
		return nil
	}
	facts := slices.Clone(l.out[d.ID])
	if len(facts) == 0 || len(b.Preds) == 1 {
		return facts
	}
	seen := map[*ssa.Block]bool{d: true}
	work := slices.Clone(b.Preds)
	for len(work) > 0 && len(facts) > 0 {
		w := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[w] {
			continue
		}
		seen[w] = true
		for _, v := range w.Values {
			facts = l.forget(facts, v)
		}
		work = append(work, w.Preds...)
	}
	return facts
}

// forget drops what v may change.
func (l *loader) forget(facts []fact, v *ssa.Value) []fact {
	if v.Effect() != ssa.Writes {
		return facts
	}
	acc, c := accesses(v), clobbers(v)
	kept := make([]fact, 0, len(facts))
	for _, k := range facts {
		switch {
		case k.call != nil && !l.spoils(acc, c, k.call), k.call == nil && !l.changes(acc, c, &k.at):
			kept = append(kept, k)
		case k.zero && len(acc) == 1 && acc[0].exact() && sameBase(&acc[0], &k.at):
			kept = append(kept, k.around(&acc[0])...)
		}
	}
	return kept
}

// around is what is left of zeroed memory beside what was written.
func (k fact) around(a *access) []fact {
	var rest []fact
	lo, hi := k.at.ptr.Off, k.at.ptr.Off+k.at.n
	if end := a.ptr.Off; end > lo {
		below := k
		below.at.n = end - lo
		rest = append(rest, below)
	}
	if start := a.ptr.Off + a.n; start < hi {
		beyond := k
		beyond.at.ptr.Off, beyond.at.n = start, hi-start
		rest = append(rest, beyond)
	}
	return rest
}

// spoils tells whether the call may give something else afterwards.
func (l *loader) spoils(acc []access, c clobber, call *callFact) bool {
	if c.members && (c.index < 0 || call.index < 0 || c.index == call.index) {
		return true
	}
	for i := range call.deps {
		if l.changes(acc, c, &call.deps[i]) {
			return true
		}
	}
	return c.kernel
}

func (l *loader) changes(acc []access, c clobber, at *access) bool {
	for i := range acc {
		if acc[i].writes && l.al.may(&acc[i], at) {
			return true
		}
	}
	return c.hits(&l.al, at)
}

// learn notes what a store leaves in memory.
func (l *loader) learn(facts []fact, v *ssa.Value) []fact {
	switch v.Op {
	case ssa.OpStore, ssa.OpStoreImm, ssa.OpZero:
	default:
		return facts
	}
	k := fact{at: accesses(v)[0], width: v.Width, stored: true}
	if !k.at.exact() {
		return facts
	}
	switch v.Op {
	case ssa.OpStore:
		if k.val = v.Args[1]; isConst(k.val) {
			k.val, k.imm = nil, k.val.Imm
		}
	case ssa.OpStoreImm:
		k.imm = v.Aux.(int64)
	case ssa.OpZero:
		k.zero = true
	}
	return append(facts, k)
}

// stored tells whether v stores what is there already.
func (l *loader) stored(v *ssa.Value, facts []fact) bool {
	k := l.learn(nil, v)
	if len(k) == 0 || v.Op == ssa.OpZero {
		return false
	}
	n, at := &k[0], &k[0].at
	for i := range facts {
		have := &facts[i]
		if !have.holds() || have.at.kind != at.kind || !sameBase(&have.at, at) {
			continue
		}
		from := at.ptr.Off - have.at.ptr.Off
		switch {
		case from < 0 || from+at.n > have.at.n:
		case have.zero:
			return n.val == nil && zextTo(n.imm, n.width) == 0
		case from != 0 || have.width != n.width:
		case n.val != nil:
			return n.val == have.val
		default:
			return have.val == nil && zextTo(n.imm, n.width) == zextTo(have.imm, n.width)
		}
	}
	return false
}

// zextTo gives the low width bits.
func zextTo(n int64, width uint8) uint64 { return uint64(n) << (64 - width) >> (64 - width) }

// load replaces v by what is known, or notes what it gives.
func (l *loader) load(v *ssa.Value, facts []fact) []fact {
	at := accesses(v)[0]
	if !at.exact() {
		return facts
	}
	for i := len(facts) - 1; i >= 0; i-- {
		k := &facts[i]
		if !k.holds() || k.at.kind != at.kind || !sameBase(&k.at, &at) || !k.at.exact() {
			continue
		}
		from := at.ptr.Off - k.at.ptr.Off // the place within what is known
		if from < 0 || from+at.n > k.at.n {
			continue
		}
		if l.replace(v, k, from) {
			l.changed = true
			return facts
		}
	}
	return append(facts, fact{at: at, val: v, width: v.Width})
}

// replace makes v what k says is in memory, from bytes into it.
func (l *loader) replace(v *ssa.Value, k *fact, from int64) bool {
	number := v.Type.Kind == ssa.Scalar
	switch {
	case k.zero && number:
		becomeConst(v, 0)
	case k.zero:
		return false
	case k.val == nil && number:
		becomeConst(v, zextTo(k.imm>>(8*from), v.Width))
	case k.val == nil:
		return false
	case k.width == v.Width && k.val.Type == v.Type && (v.Width == 64 || !k.stored):
		l.repl[v] = k.val
	case from == 0 && number && k.val.Type.Kind == ssa.Scalar && v.Width < 64:
		become2(v, ssa.OpZext, v.Width, k.val)
	default:
		return false
	}
	return true
}

// readingCall tells calls that give the same again until memory is written. One
// without arguments is a clock or a source of random numbers: it never does.
func readingCall(v *ssa.Value) bool {
	if v.Op != ssa.OpCall && v.Op != ssa.OpKfunc || v.Effect() != ssa.Reads || len(v.Args) == 0 {
		return false
	}
	h := v.Callee()
	return h.Args != nil && h.WritesArg == 0 && !v.Type.Record
}

func (l *loader) call(v *ssa.Value, facts []fact) []fact {
	call := l.describe(v, facts)
	for _, k := range facts {
		if k.call != nil && k.call.key == call.key {
			l.repl[v] = k.val
			l.changed = true
			return facts
		}
	}
	return append(facts, fact{call: call, val: v})
}

func (l *loader) describe(v *ssa.Value, facts []fact) *callFact {
	h := v.Callee()
	call := &callFact{index: -1}
	var key strings.Builder
	fmt.Fprintf(&key, "%s %s %d %s", v.Op, h.Name, h.ID, v.Type)
	acc := accesses(v)
	for i, a := range v.Args {
		if a.Op == ssa.OpMapPtr {
			call.index = a.Aux.(*ssa.Map).Index
			fmt.Fprintf(&key, " m%d", call.index)
			continue
		}
		if !isMemory(a) {
			fmt.Fprintf(&key, " %s", a)
			continue
		}
		at := acc[0] // accesses lists memory arguments in order
		acc = acc[1:]
		if bytes, ok := contents(&at, facts); ok && h.ReadsArg>>i&1 != 0 {
			key.WriteString(bytes)
			continue
		}
		fmt.Fprintf(&key, " %s", a)
		call.deps = append(call.deps, at)
	}
	call.key = key.String()
	return call
}

// reuse makes a call read what it wants from where another one did, when the bytes
// there are the same: a key need not be built again. It notes what the call reads.
func (l *loader) reuse(v *ssa.Value, facts []fact) []fact {
	if v.Op != ssa.OpCall {
		return facts
	}
	h := v.Callee()
	for i, a := range v.Args {
		if a.Type.Kind != ssa.Frame || h.WritesArg>>i&1 != 0 || h.ReadsArg>>i&1 == 0 {
			continue
		}
		n, ok := v.ArgLen(i)
		at := access{ptr: ssa.PointsTo(a), n: n, kind: ssa.Frame}
		if !ok || !at.exact() {
			continue
		}
		want, ok := contents(&at, facts)
		if !ok {
			continue
		}
		if there := l.elsewhere(&at, want, facts); there != nil {
			v.Args[i] = there
			l.changed = true
			continue
		}
		facts = append(facts, fact{at: at, ptr: a})
	}
	return facts
}

// elsewhere finds memory that a call has read and that holds the same.
func (l *loader) elsewhere(at *access, want string, facts []fact) *ssa.Value {
	for i := range facts {
		k := &facts[i]
		if k.ptr == nil || k.at.n != at.n || sameBase(&k.at, at) {
			continue
		}
		if have, ok := contents(&k.at, facts); ok && have == want {
			return k.ptr
		}
	}
	return nil
}

// contents describes what memory holds, when every byte is known.
func contents(at *access, facts []fact) (string, bool) {
	if !at.exact() {
		return "", false
	}
	var s strings.Builder
	for off := at.ptr.Off; off < at.ptr.Off+at.n; {
		i := slices.IndexFunc(facts, func(k fact) bool {
			return k.holds() && k.at.kind == at.kind && sameBase(&k.at, at) && k.at.ptr.Off <= off && off < k.at.ptr.Off+k.at.n
		})
		if i < 0 {
			return "", false
		}
		k := &facts[i]
		end := min(k.at.ptr.Off+k.at.n, at.ptr.Off+at.n)
		switch from := off - k.at.ptr.Off; {
		case k.zero, k.val == nil:
			for ; off < end; off++ {
				b := uint8(0)
				if !k.zero {
					b = uint8(k.imm >> (8 * (off - k.at.ptr.Off)))
				}
				fmt.Fprintf(&s, " #%d", b)
			}
		case from == 0 && end == k.at.ptr.Off+k.at.n:
			fmt.Fprintf(&s, " %s/%d", k.val, k.width)
			off = end
		default:
			return "", false
		}
	}
	return s.String(), true
}
