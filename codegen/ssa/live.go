package ssa

import "math/bits"

// Set is a set of small numbers, such as value ids.
type Set []uint64

// NewSet makes an empty set for numbers below n.
func NewSet(n int) Set { return make(Set, (n+63)/64) }

// Has tells whether i is in the set.
func (s Set) Has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

// Add puts i in.
func (s Set) Add(i int) { s[i/64] |= 1 << (i % 64) }

// Remove takes i out.
func (s Set) Remove(i int) { s[i/64] &^= 1 << (i % 64) }

// AddRange puts in all from i up to but not including j.
func (s Set) AddRange(i, j int) {
	for ; i < j; i++ {
		s.Add(i)
	}
}

// RemoveRange takes out all from i up to but not including j.
func (s Set) RemoveRange(i, j int) {
	for ; i < j; i++ {
		s.Remove(i)
	}
}

// HasAll tells whether all from i up to but not including j are in.
func (s Set) HasAll(i, j int) bool {
	for ; i < j; i++ {
		if !s.Has(i) {
			return false
		}
	}
	return true
}

// HasAny tells whether one from i up to but not including j is in.
func (s Set) HasAny(i, j int) bool {
	for ; i < j; i++ {
		if s.Has(i) {
			return true
		}
	}
	return false
}

// Union adds all of t and tells whether s grew.
func (s Set) Union(t Set) bool {
	grew := false
	for i, w := range t {
		if w&^s[i] != 0 {
			grew = true
			s[i] |= w
		}
	}
	return grew
}

// Intersect keeps what is in t too and tells whether s shrank.
func (s Set) Intersect(t Set) bool {
	shrank := false
	for i, w := range t {
		if s[i]&^w != 0 {
			shrank = true
			s[i] &= w
		}
	}
	return shrank
}

// Fill puts all in.
func (s Set) Fill() {
	for i := range s {
		s[i] = ^uint64(0)
	}
}

// Copy gives a set of the same numbers.
func (s Set) Copy() Set { return append(Set(nil), s...) }

// Len counts the numbers in the set.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Each calls fn for all in the set, in order.
func (s Set) Each(fn func(i int)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			fn(i*64 + bits.TrailingZeros64(w))
		}
	}
}

// Liveness tells which values are still needed at the borders of blocks.
type Liveness struct {
	// In and Out are by block id, sets of value ids. A block's own parameters are
	// not in its In; what an edge passes on is in the Out of the block it leaves.
	In, Out []Set
}

// Liveness computes it for all blocks, by the usual backward iteration.
func (f *Func) Liveness() *Liveness {
	l := &Liveness{In: make([]Set, f.NumBlocks()), Out: make([]Set, f.NumBlocks())}
	for _, b := range f.Blocks {
		l.In[b.ID], l.Out[b.ID] = NewSet(f.NumValues()), NewSet(f.NumValues())
	}
	order := f.Postorder()
	for changed := true; changed; {
		changed = false
		for _, b := range order {
			out := l.Out[b.ID]
			for _, e := range b.Term.Succs {
				out.Union(l.In[e.To.ID])
				for _, a := range e.Args {
					out.Add(int(a.ID))
				}
			}
			live := out.Copy()
			if b.Term.X != nil {
				live.Add(int(b.Term.X.ID))
			}
			if b.Term.Y != nil {
				live.Add(int(b.Term.Y.ID))
			}
			for i := len(b.Values) - 1; i >= 0; i-- {
				v := b.Values[i]
				live.Remove(int(v.ID))
				for _, a := range v.Args {
					live.Add(int(a.ID))
				}
			}
			for _, p := range b.Params {
				live.Remove(int(p.ID))
			}
			if l.In[b.ID].Union(live) {
				changed = true
			}
		}
	}
	return l
}
