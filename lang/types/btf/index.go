package btf

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"sync/atomic"
)

// A block is a few types in a row, of which the index keeps where the first begins,
// and a trace of all their names. An entry for each type would take a megabyte of
// the kernel's BTF, and writing that much costs more than walking the types does:
// fresh memory comes page by page.
type block struct {
	// names has the bit of each type's name (see nameBit), so that a search need not
	// look at most blocks.
	names  uint64
	offset uint32 // of the first, among the types
}

// perBlock types are found by walking from one to the next. With 16 names in 64
// bits, a search for one that is not there looks at a fifth of the blocks.
const perBlock = 16

// nameBit spreads names, as offsets in the strings, over 64 bits (Fibonacci hashing).
func nameBit(offset uint32) uint64 { return 1 << (offset * 0x9e3779b1 >> 26) }

// perStep types are indexed between two announcements of how far the index goes.
const perStep = 64 * perBlock

// index is the blocks of a blob, as far as they are known. One goroutine walks the types
// from the first to the last, and look-ups wait only for what it has not come to
// yet: most of what scripts ask for, task_struct and what it is made of, stands
// near the beginning, while the whole walk takes one to three milliseconds.
type index struct {
	// blocks has room for all that there can be; those up to count are final.
	blocks []block
	count  atomic.Uint32 // types known
	whole  atomic.Bool   // there are no more

	mu       sync.Mutex
	progress sync.Cond // count or whole has changed
	damage   error     // why there are no more; nil: it was the end
}

// newIndex makes the index of types that take n bytes; walk fills it.
func newIndex(n int) *index {
	x := &index{blocks: make([]block, n/(typeHeader*perBlock)+1)}
	x.progress.L = &x.mu
	return x
}

// walk fills the index, up to the end of the types or to one that makes no sense.
func (x *index) walk(types []byte) {
	var n uint32
	for at := 0; at < len(types); n++ {
		if n%perStep == 0 {
			x.publish(n, false, nil)
		}
		size, err := checkedLength(types[at:])
		if err != nil {
			x.publish(n, true, fmt.Errorf("BTF: type %d in a row %w", n+1, err))
			return
		}
		b := &x.blocks[n/perBlock]
		if n%perBlock == 0 {
			b.offset = uint32(at)
		}
		b.names |= nameBit(u32(types[at:]))
		at += size
	}
	x.publish(n, true, nil)
}

// checkedLength is length where raw can be anything.
func checkedLength(raw []byte) (int, error) {
	if len(raw) < typeHeader {
		return 0, errors.New("is cut off")
	}
	if kind := u32(raw[4:]) >> 24 & 31; kind == 0 || kind >= numKinds {
		return 0, fmt.Errorf("is of unknown kind %d", kind)
	}
	n := length(raw)
	if n > len(raw) {
		return 0, errors.New("is cut off")
	}
	return n, nil
}

// publish tells that n types are known.
func (x *index) publish(n uint32, whole bool, damage error) {
	x.mu.Lock()
	x.count.Store(n)
	x.whole.Store(whole)
	x.damage = damage
	x.mu.Unlock()
	x.progress.Broadcast()
}

// known gives how many types are known: more than n, or all there are.
func (x *index) known(n uint32) uint32 {
	if c := x.count.Load(); c > n || x.whole.Load() {
		return x.count.Load()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.count.Load() <= n && !x.whole.Load() {
		x.progress.Wait()
	}
	return x.count.Load()
}

// length is that of the type at the beginning of raw, bytes.
func length(raw []byte) int {
	info := u32(raw[4:])
	t := &trailing[info>>24&31]
	return typeHeader + t.fixed + t.each*int(info&0xffff)
}

// run gives n types in a row, the first of which has that id and begins at that
// offset.
func (b *blob) run(id, n uint32, offset uint32) iter.Seq2[uint32, record] {
	return func(yield func(uint32, record) bool) {
		raw := b.types[offset:]
		for ; n > 0; id, n = id+1, n-1 {
			if !yield(id, record{b, raw}) {
				return
			}
			raw = raw[length(raw):]
		}
	}
}

// end is the id after the last.
func (b *blob) end() uint32 { return b.first + b.index.known(math.MaxUint32) }

// record is a type as BTF has it.
type record struct {
	blob *blob
	raw  []byte
}

// record gives the type with that id, of b or its base; false for void and for
// ids there are none of.
func (b *blob) record(id uint32) (record, bool) {
	for b.base != nil && id < b.first {
		b = b.base
	}
	i := id - b.first
	if id < b.first || i >= b.index.known(i) {
		return record{}, false
	}
	raw := b.types[b.index.blocks[i/perBlock].offset:]
	for range i % perBlock {
		raw = raw[length(raw):]
	}
	return record{b, raw}, true
}

// all gives the types of b itself (not its base), with their ids.
func (b *blob) all() iter.Seq2[uint32, record] {
	return b.run(b.first, b.index.known(math.MaxUint32), 0)
}

// sought is a question to find.
type sought struct {
	name  string
	kinds uint32 // bit set
}

// find gives the first type of b itself (not its base) of one of the kinds and
// that name; 0 when there is none.
func (b *blob) find(name string, kinds ...int) uint32 {
	if name == "" {
		return 0
	}
	want := sought{name: name}
	for _, k := range kinds {
		want.kinds |= 1 << k
	}
	id, ok := b.found[want]
	if !ok {
		id = b.search(want)
		b.found[want] = id
	}
	return id
}

func (b *blob) search(want sought) uint32 {
	for name := range b.stringOffsets(want.name) {
		bit := nameBit(name)
		for i := uint32(0); i < b.index.known(i); i += perBlock {
			block := &b.index.blocks[i/perBlock]
			if block.names&bit == 0 {
				continue
			}
			for id, r := range b.run(b.first+i, min(perBlock, b.index.known(i)-i), block.offset) {
				if r.nameOffset() == name && want.kinds>>r.kind()&1 != 0 {
					return id
				}
			}
		}
	}
	return 0
}

// manyFuncs is how many functions are looked for one by one before an index of them
// all is worth its while: wildcards ask for thousands.
const manyFuncs = 64

// findFunc is find for functions.
func (b *blob) findFunc(name string) uint32 {
	if b.asked++; b.asked < manyFuncs {
		return b.find(name, kindFunc)
	}
	if b.funcs == nil {
		b.funcs = map[string]uint32{}
		for id, r := range b.all() {
			if r.kind() != kindFunc {
				continue
			}
			if n := r.name(); b.funcs[n] == 0 {
				b.funcs[n] = id
			}
		}
	}
	return b.funcs[name]
}
