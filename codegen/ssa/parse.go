package ssa

import (
	"fmt"
	"strings"
)

// Parse reads the printed form of a program. Value and block names keep their
// numbers, so that printing gives the text back; helpers that helpers.go lacks
// must be declared. Lines of only a comment are skipped.
func Parse(text string) (p *Program, err error) {
	ps := &parser{prog: &Program{}, maps: map[string]*Map{}, callees: map[string]any{}, funcs: map[string]*Func{}}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case parseError:
			p, err = nil, fmt.Errorf("line %d: %s", ps.line, string(e))
		default:
			panic(e)
		}
	}()
	lines := strings.Split(text, "\n")
	ps.declareFuncs(lines)
	for i, line := range lines {
		ps.line = i + 1
		if ps.setLine(line); !ps.end() {
			ps.statement()
			ps.wantEnd()
		}
	}
	if ps.f != nil {
		ps.fail("func %s has no closing brace", ps.f.Name)
	}
	return ps.prog, nil
}

// ParseFunc reads a program of one function.
func ParseFunc(text string) (*Func, error) {
	p, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if len(p.Funcs) != 1 {
		return nil, fmt.Errorf("%d functions where one is wanted", len(p.Funcs))
	}
	return p.Funcs[0], nil
}

type parseError string

// parser reads line by line. Names of values and blocks may be used before the
// line that defines them: they are resolved when the function ends.
type parser struct {
	lexer
	prog    *Program
	maps    map[string]*Map
	callees map[string]any // *Helper or *Kfunc
	funcs   map[string]*Func

	f      *Func
	b      *Block
	values map[ID]*Value
	blocks map[ID]*Block
	// unnamed values get their numbers last.
	unnamed     []*Value
	entryParams []*Value
}

func (p *parser) fail(format string, args ...any) {
	panic(parseError(fmt.Sprintf(format, args...)))
}

// declareFuncs makes all functions first, since calls may precede what they call.
func (p *parser) declareFuncs(lines []string) {
	for i, line := range lines {
		p.line = i + 1
		p.setLine(line)
		if p.tok != "func" {
			continue
		}
		p.next()
		f := NewFunc(p.take())
		if p.funcs[f.Name] != nil {
			p.fail("func %s stands here twice", f.Name)
		}
		p.funcs[f.Name] = f
	}
}

func (p *parser) statement() {
	switch {
	case p.f == nil:
		switch word := p.take(); word {
		case "program":
			p.prog.Name = p.quoted()
		case "map":
			p.mapDecl()
		case "helper", "kfunc":
			p.calleeDecl(word)
		case "func":
			p.funcHead()
		default:
			p.fail("%q where program, map, helper, kfunc or func is wanted", word)
		}
	case p.accept("}"):
		p.funcEnd()
	case p.accept("slot"):
		p.slot()
	case isName(p.tok, 'b') && (p.peek() == ":" || p.peek() == "("):
		p.blockHead()
	case p.b == nil:
		p.fail("%q stands in no block", p.tok)
	case p.b.Term.Kind != NoTerm:
		p.fail("%q follows the end of its block", p.tok)
	default:
		p.valueOrTerm()
	}
}

func (p *parser) mapDecl() {
	name := p.take()
	m := &Map{Index: int(p.numbered(name, 'm')), Name: p.quoted()}
	for !p.end() {
		switch key := p.take(); key {
		case "key":
			p.want("=")
			m.KeySize = int32(p.number())
		case "value":
			p.want("=")
			m.ValueSize = int32(p.number())
		default:
			p.fail("a map has no %q", key)
		}
	}
	p.maps[name] = m
}

func (p *parser) calleeDecl(what string) {
	h := &Helper{Name: p.take(), ID: int32(p.number()), Effect: p.effect(), Result: p.typ()}
	for !p.end() {
		key := p.take()
		p.want("=")
		if key == "args" && (p.end() || p.peek() == "=") {
			h.Args = []ArgKind{} // known to take none
			continue
		}
		for more := true; more; more = p.accept(",") {
			switch key {
			case "args":
				h.Args = append(h.Args, p.argKind())
			case "reads":
				h.ReadsArg |= p.bit()
			case "writes":
				h.WritesArg |= p.bit()
			case "part":
				h.PartArg |= p.bit()
			default:
				p.fail("a %s has no %q", what, key)
			}
		}
	}
	if what == "helper" {
		p.callees[h.Name] = h
		return
	}
	p.callees[h.Name] = &Kfunc{Name: h.Name, BTFID: uint32(h.ID), Effect: h.Effect, WritesArg: h.WritesArg,
		ReadsArg: h.ReadsArg, PartArg: h.PartArg, Args: h.Args, Result: h.Result}
}

// bit reads the number of an argument.
func (p *parser) bit() uint8 {
	n := p.number()
	if n < 0 || n >= maxArgs {
		p.fail("there is no argument %d", n)
	}
	return 1 << n
}

func (p *parser) effect() Effect {
	word := p.take()
	for i, name := range effectNames {
		if name == word {
			return Effect(i)
		}
	}
	p.fail("%q is no effect", word)
	return 0
}

func (p *parser) argKind() ArgKind {
	word := p.take()
	for i, name := range argNames {
		if name == word {
			return ArgKind(i)
		}
	}
	p.fail("%q is no kind of argument", word)
	return 0
}

func (p *parser) funcHead() {
	p.f = p.funcs[p.take()]
	p.prog.Funcs = append(p.prog.Funcs, p.f)
	p.values, p.blocks, p.unnamed, p.b = map[ID]*Value{}, map[ID]*Block{}, nil, nil
	p.want("(")
	params := p.params()
	p.want("{")
	p.entryParams = params // the entry's label follows, without them
}

// params reads up to the closing parenthesis.
func (p *parser) params() []*Value {
	var list []*Value
	for !p.accept(")") {
		v := p.value(p.numbered(p.take(), 'v'))
		v.Type = p.typeSuffix()
		list = append(list, v)
		if p.tok != ")" {
			p.want(",")
		}
	}
	return list
}

func (p *parser) slot() {
	id := p.numbered(p.take(), 's')
	if int(id) != len(p.f.Slots) {
		p.fail("slot s%d where s%d is wanted", id, len(p.f.Slots))
	}
	size := p.number()
	p.want("align")
	s := p.f.NewSlot("", int32(size), int32(p.number()))
	if !p.end() {
		s.Name = p.quoted()
	}
}

func (p *parser) blockHead() {
	b := p.block(p.numbered(p.take(), 'b'))
	if b.Func != nil {
		p.fail("%s stands here twice", b)
	}
	b.Func, b.sealed = p.f, true
	if p.accept("(") {
		b.Params = p.params()
	}
	p.want(":")
	if len(p.f.Blocks) == 0 {
		b.Params, p.entryParams = p.entryParams, nil
	}
	for i, v := range b.Params {
		p.define(v, b)
		v.Op, v.Imm = OpParam, int64(i)
	}
	p.f.Blocks = append(p.f.Blocks, b)
	p.b = b
}

func (p *parser) define(v *Value, b *Block) {
	if v.Block != nil {
		p.fail("%s is defined twice", v)
	}
	v.Block = b
}

func (p *parser) value(id ID) *Value {
	v := p.values[id]
	if v == nil {
		v = &Value{ID: id}
		p.values[id] = v
		p.f.nextValue = max(p.f.nextValue, id+1)
	}
	return v
}

func (p *parser) block(id ID) *Block {
	b := p.blocks[id]
	if b == nil {
		b = &Block{ID: id}
		p.blocks[id] = b
		p.f.nextBlock = max(p.f.nextBlock, id+1)
	}
	return b
}

func (p *parser) funcEnd() {
	if len(p.f.Blocks) == 0 {
		p.fail("func %s has no block", p.f.Name)
	}
	for _, id := range sortedKeys(intKeys(p.values)) {
		if v := p.values[ID(id)]; v.Block == nil {
			p.fail("%s is used in func %s and defined nowhere", v, p.f.Name)
		}
	}
	for _, id := range sortedKeys(intKeys(p.blocks)) {
		if b := p.blocks[ID(id)]; b.Func == nil {
			p.fail("%s is a target in func %s and stands nowhere", b, p.f.Name)
		}
	}
	for _, v := range p.unnamed {
		v.ID = p.f.nextValue
		p.f.nextValue++
	}
	p.f.RebuildPreds()
	p.f = nil
}

func intKeys[K ~int32, V any](m map[K]V) map[int]V {
	out := make(map[int]V, len(m))
	for k, v := range m {
		out[int(k)] = v
	}
	return out
}
