package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// Flags of bpf_map_update_elem.
const (
	updateAny     = 0
	updateNoExist = 1
)

var helperLookupPerCPU = &ssa.Helper{
	Name: "map_lookup_percpu_elem", ID: 195, Effect: ssa.Reads, ReadsArg: 1 << 1,
	Args: []ssa.ArgKind{ssa.ArgMap, ssa.ArgKey, ssa.ArgAny}, Result: ssa.Type{Kind: ssa.MemOrNull},
}

// Key builds a map's key and gives its address.
func (b *Builder) Key(m *check.Map, keys []ast.Expr) *ssa.Value {
	if m.Key == nil {
		key := b.slot("key", types.Uint32)
		b.Set(key, b.Const(0))
		return b.Addr(key)
	}
	if len(keys) == 1 {
		if p, ok := b.standing(keys[0], m.Key); ok {
			return b.Addr(p)
		}
		key := b.Temp(m.Key)
		b.ExprInto(keys[0], key)
		return b.Addr(key)
	}
	key := b.Temp(m.Key)
	b.elements(keys, key)
	return b.Addr(key)
}

// standing finds a value of exactly type t that lies in memory already, where
// nothing changes it during the statement.
func (b *Builder) standing(e ast.Expr, t types.Type) (p Place, ok bool) {
	v, isVar := e.(*ast.Var)
	if !isVar || !isMemory(t) || b.info.Consts[e] != nil {
		return p, false
	}
	s := b.storage(b.info.Vars[v])
	if s.v != nil || s.wide || s.pair != nil || s.place.Loose || !types.Identical(s.place.Type, t) {
		return p, false
	}
	return s.place, true
}

// value gives the place of a directly addressed map's value.
func (b *Builder) direct(info *mapInfo) Place {
	return Place{Ptr: b.MapValue(info.ssa, 0, info.ssa.ValueSize), Type: info.Value}
}

func (b *Builder) element(info *mapInfo, ptr *ssa.Value) Place {
	return Place{Ptr: ptr, Type: info.Value}
}

// Lookup runs found with an element's value (of per-CPU maps, this CPU's slot),
// or missing, which may be nil.
func (b *Builder) Lookup(m *check.Map, keys []ast.Expr, found func(slot Place), missing func()) {
	info := b.unit.maps[m]
	if info.direct {
		p := b.direct(info)
		b.If(ssa.NE, b.Load(8, p.Ptr, int64(info.Present)), b.Const(0), func() { found(p) }, missing)
		return
	}
	ptr := b.lookup(info.ssa, b.Key(m, keys))
	null, join := b.Func.NewBlock(), b.Func.NewBlock()
	at := b.NonNull(ptr, null)
	if info.Present >= 0 {
		b.If(ssa.NE, b.Load(8, at, int64(info.Present)), b.Const(0), func() { found(b.element(info, at)) }, missing)
	} else {
		found(b.element(info, at))
	}
	b.Jump(join)
	b.enter(null)
	if missing != nil {
		missing()
	}
	b.Jump(join)
	b.enter(join)
}

// Slot runs use with an element's value, made of zeroes if there is none; when
// there is no room the failure is counted and use does not run.
func (b *Builder) Slot(m *check.Map, keys []ast.Expr, use func(slot Place)) {
	info := b.unit.maps[m]
	if info.direct {
		p := b.direct(info)
		use(p)
		b.StoreImm(8, p.Ptr, int64(info.Present), 1)
		return
	}
	key := b.Key(m, keys)
	null, join := b.Func.NewBlock(), b.Func.NewBlock()
	at := b.NonNull(b.lookup(info.ssa, key), null)
	if info.Present >= 0 {
		b.StoreImm(8, at, int64(info.Present), 1)
		use(b.element(info, at))
		b.Jump(join)
		b.enter(null)
		b.Jump(join)
		b.enter(join)
		return
	}
	slot := &ssa.Variable{Name: "slot", Type: at.Type}
	b.Def(slot, at)
	have := b.Func.NewBlock()
	b.Jump(have)
	b.enter(null)
	b.Call(ssa.HelperMapUpdate, b.MapPtr(info.ssa), key, b.zeros(int64(info.Value.Size())), b.Const(updateNoExist))
	full := b.Func.NewBlock()
	b.Def(slot, b.NonNull(b.lookup(info.ssa, key), full))
	b.Jump(have)
	b.enter(full)
	b.Count(info.FullCounter)
	b.Jump(join)
	b.enter(have)
	use(b.element(info, b.Use(slot)))
	b.Jump(join)
	b.enter(join)
}

// readMap evaluates an element.
func (b *Builder) readMap(e *ast.Map) Operand {
	m, t := b.info.Maps[e], b.TypeOf(e)
	info := b.unit.maps[m]
	if agg, ok := info.Value.(types.Aggregate); ok {
		if !isMemory(t) {
			return Value(b.number(info, func() *ssa.Value { return b.Key(m, e.Keys) }), t)
		}
		p := b.Temp(agg)
		b.Clear(p)
		b.Lookup(m, e.Keys, func(slot Place) { b.copy(p, slot, int64(agg.Size())) }, nil)
		return Memory(p)
	}
	if info.direct {
		if p := b.direct(info); isMemory(info.Value) {
			return Memory(p)
		} else {
			return Value(b.Get(p), info.Value)
		}
	}
	ptr := b.lookup(info.ssa, b.Key(m, e.Keys))
	if b.Options().KernelWarnings {
		missing := b.Failure("map_lookup_elem", 0, "Can't lookup map element because it does not exist.")
		b.If(ssa.EQ, ptr, b.Const(0), func() { b.Count(missing) }, nil)
	}
	if isMemory(info.Value) {
		at := &ssa.Variable{Name: "element", Type: ssa.Type{Kind: ssa.Mem, Size: info.ssa.ValueSize}}
		null, join := b.Func.NewBlock(), b.Func.NewBlock()
		b.Def(at, b.NonNull(ptr, null))
		b.Jump(join)
		b.enter(null)
		b.Def(at, b.zeros(int64(info.ssa.ValueSize)))
		b.Jump(join)
		b.enter(join)
		return Memory(b.element(info, b.Use(at)))
	}
	x := &ssa.Variable{Name: "element", Type: ssa.Type{Kind: ssa.Scalar}}
	b.Def(x, b.Const(0))
	join := b.Func.NewBlock()
	at := b.NonNull(ptr, join)
	b.Def(x, b.Get(b.element(info, at)))
	b.Jump(join)
	b.enter(join)
	return Value(b.Use(x), info.Value)
}

// number reads an aggregation as a number, over all CPUs, from the element with
// that key.
func (b *Builder) number(info *mapInfo, key func() *ssa.Value) *ssa.Value {
	r, ok := info.Value.(Reducer)
	switch {
	case !ok:
		b.internal(b.Span, info.Name+" has no value that is a number")
		return b.Const(0)
	case !b.Has(feature.MapLookupPerCPU):
		b.lacks(b.Span, feature.MapLookupPerCPU, "reading %s in a probe", info.Name)
		return b.Const(0)
	}
	at := key()
	return r.Number(b, func(fold func(slot Place)) {
		b.eachCPU(info, at, func(at *ssa.Value) { fold(b.element(info, at)) })
	})
}

// eachCPU runs f with every CPU's slot of an element.
func (b *Builder) eachCPU(info *mapInfo, key *ssa.Value, f func(at *ssa.Value)) {
	b.Repeat(int64(b.Host().NumCPU()), func(cpu *ssa.Value) {
		ptr := b.Call(helperLookupPerCPU, b.MapPtr(info.ssa), key, cpu)
		ptr.Type.Size = info.ssa.ValueSize
		none := b.Func.NewBlock()
		f(b.NonNull(ptr, none))
		b.Jump(none)
		b.enter(none)
	})
}

// storeMap assigns to an element: e's value, converted to the map's.
func (b *Builder) storeMap(m *check.Map, keys []ast.Expr, e ast.Expr) {
	info := b.unit.maps[m]
	if isMemory(info.Value) {
		b.storeMemory(info, keys, e)
		return
	}
	x := b.Convert(b.Scalar(e), b.TypeOf(e), info.Value)
	if info.direct {
		p := b.direct(info)
		b.Set(p, x)
		b.StoreImm(8, p.Ptr, int64(info.Present), 1)
		return
	}
	key := b.Key(m, keys)
	null, join := b.Func.NewBlock(), b.Func.NewBlock()
	b.Set(b.element(info, b.NonNull(b.lookup(info.ssa, key), null)), x)
	b.Jump(join)
	b.enter(null)
	p := b.slot("value", info.Value)
	b.Set(p, x)
	b.update(info, key, b.Addr(p))
	b.Jump(join)
	b.enter(join)
}

func (b *Builder) storeMemory(info *mapInfo, keys []ast.Expr, e ast.Expr) {
	if info.direct {
		p := b.direct(info)
		if b.mentions(e, info.m) {
			t := b.Temp(info.Value)
			b.ExprInto(e, t)
			b.copy(p, t, int64(info.Value.Size()))
		} else {
			b.ExprInto(e, p)
		}
		b.StoreImm(8, p.Ptr, int64(info.Present), 1)
		return
	}
	p, ok := b.standing(e, info.Value)
	if !ok {
		p = b.Temp(info.Value)
		b.ExprInto(e, p)
	}
	b.update(info, b.Key(info.m, keys), b.Addr(p))
}

// update writes an element by the helper; no room is counted.
func (b *Builder) update(info *mapInfo, key, value *ssa.Value) {
	r := b.Call(ssa.HelperMapUpdate, b.MapPtr(info.ssa), key, value, b.Const(updateAny))
	from := b.Block
	b.If(ssa.NE, r, b.Const(0), func() { b.Count(info.FullCounter) }, nil)
	unlikely(from)
}

// HasKey gives 1 when the element exists, else 0.
func (b *Builder) HasKey(m *check.Map, keys []ast.Expr) *ssa.Value {
	info := b.unit.maps[m]
	if info.Scalar {
		x := &ssa.Variable{Name: "has", Type: ssa.Type{Kind: ssa.Scalar}}
		b.Def(x, b.Const(0))
		b.Lookup(m, keys, func(Place) { b.Def(x, b.Const(1)) }, nil)
		return b.Use(x)
	}
	return b.SetCond(ssa.NE, b.lookup(info.ssa, b.Key(m, keys)), b.Const(0))
}

// Delete removes an element, and gives 1 when there was one, else 0.
func (b *Builder) Delete(m *check.Map, keys []ast.Expr) *ssa.Value {
	info := b.unit.maps[m]
	size := int64(info.ssa.ValueSize)
	switch {
	case info.direct:
		p := b.direct(info)
		had := b.Load(8, p.Ptr, int64(info.Present))
		b.zero(p, size)
		return had
	case info.Scalar:
		had := b.HasKey(m, keys)
		if !b.Has(feature.MapLookupPerCPU) {
			b.lacks(b.Span, feature.MapLookupPerCPU, "deleting %s in a probe", info.Name)
		}
		b.eachCPU(info, b.Key(m, keys), func(at *ssa.Value) { b.zero(b.element(info, at), size) })
		return had
	}
	r := b.Call(ssa.HelperMapDelete, b.MapPtr(info.ssa), b.Key(m, keys))
	return b.SetCond(ssa.EQ, r, b.Const(0))
}

// Len counts a map's elements.
func (b *Builder) Len(m *check.Map) *ssa.Value {
	info := b.unit.maps[m]
	if info.Scalar {
		return b.HasKey(m, nil)
	}
	if count := b.kfunc(feature.MapElemCount, ssa.Kfunc{
		Name: "bpf_map_sum_elem_count", Effect: ssa.Reads, Args: []ssa.ArgKind{ssa.ArgMap}, Result: ssa.Type{Kind: ssa.Scalar},
	}); count != nil {
		return b.Kfunc(count, b.MapPtr(info.ssa))
	}
	var n *ssa.Value
	b.eachElement(info, func(_, _ *ssa.Value) {}, func(r *ssa.Value) { n = r })
	return n
}
