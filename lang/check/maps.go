package check

import (
	"slices"

	"sonde/lang/ast"
	"sonde/lang/feature"
	"sonde/lang/types"
)

// mapState is a map during inference.
type mapState struct {
	*Map
	shape shape
	// key and val are the types so far, nil while there is none.
	key, val types.Type
	// fixed: of an earlier script of the session; its types do not grow.
	fixed bool
	// assigned: something gives it values, even if they made no sense.
	assigned bool
	// selfMade: something changes the map's value in place (@n++).
	selfMade bool
	// mentioned: the script uses it.
	mentioned bool
	// read: an element is read; guessed: nothing gives it a value, so it reads as
	// the number 0.
	read, guessed bool
}

// shape tells maps with keys from those without; the first use decides.
type shape uint8

const (
	anyShape shape = iota
	scalar
	keyed
)

var mapKinds = map[string]MapKind{
	"hash": HashMap, "lruhash": LRUHashMap, "percpuhash": PerCPUHashMap, "percpulruhash": LRUPerCPUHashMap,
}

var mapKindNames = []string{"hash", "lruhash", "percpuhash", "percpulruhash"}

// declareMaps enters maps that the session has already, and those declared. A map of the
// session may be declared once more as it is.
func (c *checker) declareMaps() {
	c.final = true
	defer func() { c.final = false }()
	for _, m := range c.opt.Maps {
		st := &mapState{Map: m, key: m.Key, val: m.Value, fixed: true, shape: scalar}
		if m.Key != nil {
			st.shape = keyed
		}
		c.maps[m.Name] = st
		c.order = append(c.order, st)
	}
	again := map[string]bool{}
	for _, item := range c.script.Items {
		d, ok := item.(*ast.MapDecl)
		if !ok {
			continue
		}
		if old := c.maps[d.Name]; old != nil {
			if old.fixed && !again[d.Name] && old.Kind == mapKinds[d.Kind] && old.MaxEntries == c.declaredSize(d) {
				again[d.Name] = true
				continue
			}
			e := c.errorf(d, Redeclared, "Redeclaration of map %s", d.Name)
			if old.Decl != nil {
				e.WithNote(old.Decl.Span(), "first declared here")
			}
			continue
		}
		kind, ok := mapKinds[d.Kind]
		if !ok {
			e := c.errorf(d, InvalidMapDeclaration, "Invalid bpf map type: %s", d.Kind)
			e.WithHint("Valid map types: hash, lruhash, percpuhash, percpulruhash")
			suggest(e, d.Kind, mapKindNames)
		}
		st := c.mapNamed(d.Name)
		st.Kind, st.Decl = kind, d
		st.MaxEntries = c.declaredSize(d)
	}
}

func (c *checker) declaredSize(d *ast.MapDecl) int {
	if len(d.Args) != 1 {
		c.errorf(d, InvalidMapDeclaration, "%s() requires one argument (%d provided)", d.Kind, len(d.Args))
		return 0
	}
	x := c.fold(d.Args[0])
	n, ok := x.val.(int64)
	if !ok || n < 1 || n > 1<<32-1 {
		c.errorf(d.Args[0], InvalidMapDeclaration, "max entries of %s must be a literal between 1 and 4294967295", d.Name)
	}
	return int(n)
}

func (c *checker) mapNamed(name string) *mapState {
	st := c.maps[name]
	if st == nil {
		st = &mapState{Map: &Map{Name: name}}
		c.maps[name] = st
		c.order = append(c.order, st)
	}
	return st
}

// useMap binds a map's name.
func (b *body) useMap(e *ast.Map) *mapState {
	st := b.mapNamed(e.Name)
	if st.First == nil {
		st.First = e
	}
	st.mentioned = true
	b.inst.Info.Maps[e] = st.Map
	return st
}

// shaped makes sure that the map is used as before: with keys or without.
func (b *body) shaped(st *mapState, e ast.Node, s shape) bool {
	if st.shape == anyShape {
		st.shape = s
	}
	switch {
	case st.shape == s:
		return true
	case s == scalar:
		b.errorf(e, MapShape, "%s used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)", st.Name)
	default:
		b.errorf(e, MapShape, "%s used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)", st.Name)
	}
	return false
}

// element binds @m or @m[keys] as one element, and checks the keys. It is nil when
// the map does not have elements of that shape; wrong keys were reported, but the
// type of the values is the same whatever the key.
func (b *body) element(e *ast.Map) *mapState {
	st := b.useMap(e)
	if e.Keys == nil {
		if !b.shaped(st, e, scalar) {
			return nil
		}
		return st
	}
	tuple := &types.Tuple{}
	key := of(tuple)
	for _, k := range e.Keys {
		x := b.expr(k)
		if x.mode == novalue {
			b.errorf(k, InvalidKey, "Invalid map key type: void")
		}
		if !x.valid() {
			key = operand{}
		}
		tuple.Elems = append(tuple.Elems, x.typ)
	}
	if len(e.Keys) == 1 && key.valid() {
		key = b.ops[e.Keys[0]]
	}
	if !b.shaped(st, e, keyed) {
		return nil
	}
	b.key(st, key, e, e.Keys)
	return st
}

// key joins a key into the map's key type. exprs are what it was written as.
func (b *body) key(st *mapState, x operand, at ast.Node, exprs []ast.Expr) bool {
	if x.mode == novalue {
		b.errorf(at, InvalidKey, "Invalid map key type: void")
		return false
	}
	if !x.valid() {
		return false
	}
	for i, e := range exprs {
		t := b.ops[e].typ
		if t == nil {
			continue
		}
		if why := b.notStorable(t); why != "" {
			b.errorf(exprs[i], InvalidKey, "Value '%s' cannot be used as a map key.", name(t)).WithHint("%s", why)
			return false
		}
	}
	if st.key == nil {
		st.key, b.changed = b.keyFits(x.typ), true
		return true
	}
	typ := b.keyFits(x.typ)
	joined, ok := types.Join(st.key, typ)
	if ok {
		joined = b.keyFits(joined)
	}
	if st.fixed {
		ok = ok && types.Fits(typ, st.key)
	} else if ok && !types.Same(joined, st.key) {
		st.key, b.changed = joined, true
	}
	if !ok {
		b.errorf(at, MapMismatch, "Argument mismatch for %s: trying to access with arguments: '%s' when map expects arguments: '%s'",
			st.Name, name(x.typ), name(st.key))
		return false
	}
	if len(exprs) == 1 {
		b.narrows(exprs[0], x, st.key)
	} else if tuple, ok := st.key.(*types.Tuple); ok {
		for i, e := range exprs {
			b.narrows(e, b.ops[e], tuple.Elems[i])
		}
	}
	return true
}

// maxKey is how long keys can be on kernels without feature.LargeKeys, bytes.
const maxKey = 512

// keyFits cuts a key's strings where the kernel makes no map with keys that long.
func (c *checker) keyFits(key types.Type) types.Type {
	if key.Size() <= maxKey || c.host.Features().Has(feature.LargeKeys) {
		return key
	}
	return types.Shorten(key, maxKey)
}

// notStorable tells why a value of that type can't be kept, or "".
func (b *body) notStorable(t types.Type) string {
	switch t := t.(type) {
	case types.Aggregate:
		return "an aggregation lives in a map of its own"
	case *types.Struct:
		if t == b.inst.Context.Args {
			return "the arguments can not be kept as a whole; name the fields"
		}
	case *types.Tuple:
		for _, e := range t.Elems {
			if why := b.notStorable(e); why != "" {
				return why
			}
		}
	case *types.Record:
		for _, e := range t.Elems {
			if why := b.notStorable(e); why != "" {
				return why
			}
		}
	case types.Void:
		return "it has no value"
	}
	return ""
}

// readMap gives the value of an element; whole keeps an aggregate as it is
// instead of reading it as an integer.
func (b *body) readMap(e *ast.Map, whole bool) operand {
	st := b.element(e)
	if st == nil {
		return operand{}
	}
	st.read = true
	if st.val == nil {
		return operand{}
	}
	if st.guessed {
		suggest(b.warnf(e, UndefinedMap, "Undefined map: %s; it is read but never written", st.Name), st.Name, b.mapNames(st))
	}
	t := st.val
	if agg, ok := t.(types.Coercible); ok && !whole {
		t = agg.Int()
	}
	return operand{mode: value, typ: t, space: types.BPF}
}

// mapNames lists the maps that have values, for suggestions.
func (b *body) mapNames(but *mapState) []string {
	var out []string
	for _, st := range b.order {
		if st != but && st.val != nil {
			out = append(out, st.Name)
		}
	}
	slices.Sort(out)
	return out
}

// growMap joins t into the type of the map's values, and tells whether they meet.
func (b *body) growMap(st *mapState, t types.Type) bool {
	if st.val == nil {
		st.val, b.changed = t, true
		return true
	}
	if isAggregate(st.val) != isAggregate(t) {
		return false
	}
	joined, ok := types.Join(st.val, t)
	if st.fixed {
		return ok && (types.Fits(t, st.val) || types.Same(joined, st.val))
	}
	if ok && !types.Same(joined, st.val) {
		st.val, b.changed = joined, true
	}
	return ok
}

// finish writes what was inferred into the map.
func (st *mapState) finish() *Map {
	if st.fixed {
		return st.Map
	}
	if st.key != nil {
		st.Key = types.Settle(st.key)
	}
	if st.val != nil {
		st.Value = types.Settle(st.val)
	}
	return st.Map
}

// checkMaps says what can only be known when all uses were seen.
func (c *checker) checkMaps() {
	for _, st := range c.order {
		if !st.mentioned {
			if st.Decl != nil {
				c.warnf(st.Decl, UnusedMap, "Unused map: %s", st.Name)
			}
			continue
		}
		if st.val == nil && st.First != nil {
			switch {
			case !st.assigned && !st.selfMade:
				c.errorf(st.First, UndefinedMap, "Undefined map: %s", st.Name)
			case !c.diags.HasErrors():
				c.errorf(st.First, UnresolvedType, "Could not resolve the type of this map: %s", st.Name)
			}
		}
		perCPU := st.Kind == PerCPUHashMap || st.Kind == LRUPerCPUHashMap
		if st.Kind != AutoMap && st.val != nil && isAggregate(st.val) != perCPU {
			needs := "hash"
			if !perCPU {
				needs = "percpuhash"
			}
			c.errorf(st.Decl, InvalidMapDeclaration, "Incompatible map types. Type from declaration: %s. Type from value/key type: %s",
				st.Decl.(*ast.MapDecl).Kind, needs)
		}
		if st.fixed {
			continue
		}
		switch {
		case st.shape != keyed:
			st.MaxEntries = 1
		case st.MaxEntries == 0:
			st.MaxEntries = int(c.cfg.MaxMapKeys)
		}
	}
}
