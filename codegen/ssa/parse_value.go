package ssa

import (
	"strconv"
	"strings"
)

// valueOrTerm reads one line of a block.
func (p *parser) valueOrTerm() {
	switch {
	case p.accept("jump"):
		p.b.Term = Term{Kind: Jump, Succs: []Edge{p.edge()}}
	case p.accept("ret"):
		p.b.Term = Term{Kind: Return}
		if !p.end() {
			p.b.Term.X = p.arg()
		}
	case p.accept("br"):
		p.branch(64)
	case p.accept("br32"):
		p.branch(32)
	case p.accept("unterminated"):
	default:
		p.operation()
	}
}

func (p *parser) branch(width uint8) {
	t := Term{Kind: Branch, Width: width, Cond: p.cond(), X: p.arg()}
	p.want(",")
	if isName(p.tok, 'v') {
		t.Y = p.arg()
	} else {
		t.Imm = p.number()
	}
	p.want("->")
	t.Succs = []Edge{p.edge()}
	if p.accept("cold") {
		t.Likely = -1
	}
	p.want(",")
	t.Succs = append(t.Succs, p.edge())
	if p.accept("cold") {
		t.Likely = 1
	}
	p.b.Term = t
}

func (p *parser) edge() Edge {
	e := Edge{To: p.block(p.numbered(p.take(), 'b'))}
	if p.accept("(") {
		e.Args = p.args()
	}
	return e
}

func (p *parser) operation() {
	var v *Value
	if isName(p.tok, 'v') {
		v = p.value(p.numbered(p.take(), 'v'))
		v.Type = p.typeSuffix()
		p.want("=")
	} else {
		v = &Value{ID: -1}
		p.unnamed = append(p.unnamed, v)
	}
	p.define(v, p.b)
	v.Comment = p.comment
	p.b.Values = append(p.b.Values, v)
	p.opName(v)
	switch v.Op.Info().form {
	case formArgs:
		v.Args = p.list()
	case formConst:
		v.Imm = p.number()
	case formCond:
		v.Imm = int64(p.cond())
		v.Args = p.list()
	case formAux:
		v.Aux = p.aux(v.Op)
	case formAuxOff:
		v.Aux, v.Imm = p.aux(v.Op), p.number()
	case formArgOff:
		v.Args, v.Imm = []*Value{p.arg()}, p.number()
	case formMem, formMemArg, formMemAux:
		p.want("[")
		v.Args, v.Imm = []*Value{p.arg()}, p.number()
		p.want("]")
		if f := v.Op.Info().form; f != formMem {
			p.want(",")
			if f == formMemAux {
				v.Aux = p.number()
			} else {
				v.Args = append(v.Args, p.list()...)
			}
		}
	case formCall:
		v.Aux = p.aux(v.Op)
		p.want("(")
		v.Args = p.args()
	}
}

// opName reads the name of an operation and, where it has one, the width.
func (p *parser) opName(v *Value) {
	word := p.take()
	base := strings.TrimRight(word, "0123456789")
	for op := OpInvalid + 1; op < numOps; op++ {
		if info := op.Info(); info.Name == base && info.sized == (base != word) {
			v.Op = op
			if info.sized {
				width, err := strconv.ParseUint(word[len(base):], 10, 8)
				if err != nil {
					p.fail("%q: no such width", word)
				}
				v.Width = uint8(width)
			}
			return
		}
	}
	p.fail("there is no operation %q", word)
}

func (p *parser) aux(op Op) any {
	name := p.take()
	switch op {
	case OpFrameAddr:
		if id := int(p.numbered(name, 's')); id < len(p.f.Slots) {
			return p.f.Slots[id]
		}
	case OpMapPtr, OpMapValue:
		if m := p.maps[name]; m != nil {
			return m
		}
	case OpFuncAddr, OpSubcall:
		if f := p.funcs[name]; f != nil {
			return f
		}
	case OpCall:
		if h, ok := p.callees[name].(*Helper); ok {
			return h
		}
		if h := HelperByName(name); h != nil {
			return h
		}
	case OpKfunc:
		if k, ok := p.callees[name].(*Kfunc); ok {
			return k
		}
	}
	p.fail("%s: %q is not declared", op, name)
	return nil
}

func (p *parser) arg() *Value { return p.value(p.numbered(p.take(), 'v')) }

// list reads values to the end of the line.
func (p *parser) list() []*Value {
	list := []*Value{p.arg()}
	for p.accept(",") {
		list = append(list, p.arg())
	}
	return list
}

// args reads values up to the closing parenthesis.
func (p *parser) args() []*Value {
	if p.accept(")") {
		return nil
	}
	list := p.list()
	p.want(")")
	return list
}

func (p *parser) cond() Cond {
	word := p.take()
	for i, name := range condNames {
		if name == word {
			return Cond(i)
		}
	}
	p.fail("%q is no condition", word)
	return 0
}

func (p *parser) typeSuffix() Type {
	if p.accept(":") {
		return p.typ()
	}
	return Type{Kind: Scalar}
}

func (p *parser) typ() Type {
	word := p.take()
	base := strings.TrimRight(word, "0123456789")
	var n uint64
	if base != word {
		n, _ = strconv.ParseUint(word[len(base):], 10, 32)
	}
	t := Type{Size: int32(n)}
	if base == "rec" {
		base, t.Record = "mem", true
	}
	for k, name := range kindNames {
		if name != base {
			continue
		}
		t.Kind = Kind(k)
		if t.Kind == BTF {
			t.Size, t.BTFID = 0, uint32(n)
		}
		// The nullable kind follows the other in the list of kinds.
		if (t.Kind == BTF || t.Kind == Mem) && p.accept("?") {
			t.Kind++
		}
		return t
	}
	p.fail("%q is no type", word)
	return t
}
