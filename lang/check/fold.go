package check

import (
	"math/big"

	"sonde/lang/ast"
	"sonde/lang/types"
)

// Constants are folded exactly: what does not fit 64 bits is an error, not a
// surprise at run time.

func bigOf(v any) *big.Int {
	switch n := v.(type) {
	case int64:
		return big.NewInt(n)
	case uint64:
		return new(big.Int).SetUint64(n)
	}
	return nil
}

// fromBig gives the constant of value n, false when no 64-bit integer holds it.
func fromBig(n *big.Int) (operand, bool) {
	switch {
	case n.IsInt64():
		return constant(n.Int64()), true
	case n.IsUint64():
		return constant(n.Uint64()), true
	}
	return operand{}, false
}

func (b *body) overflow(e ast.Node) (operand, bool) {
	b.errorf(e, ConstantOverflow, "unable to fold literals due to overflow or underflow")
	return operand{}, true
}

// foldUnary computes - ~ ! of a constant.
func (b *body) foldUnary(e *ast.Unary, x operand) (operand, bool) {
	if truth, ok := isTrue(x.val); ok && e.Op == "!" {
		return constant(!truth), true
	}
	n := bigOf(x.val)
	if n == nil || !b.plainConst(x) {
		return operand{}, false
	}
	switch e.Op {
	case "-":
		r, ok := fromBig(new(big.Int).Neg(n))
		if !ok {
			b.errorf(e, ConstantOverflow, "negative value will underflow")
		}
		return r, true
	case "~":
		// The complement of 64 bits is never negative.
		return constant(^bits(x.val)), true
	}
	return operand{}, false
}

// plainConst tells whether a constant is a literal, or folded from literals:
// those that were given a type by a cast are computed at run time, in that type.
func (b *body) plainConst(x operand) bool {
	if _, flexible, ok := x.integer(); ok && !flexible {
		n, neg := x.val.(int64)
		_, big := x.val.(uint64)
		return big && x.typ == types.Uint64 || neg && n < 0 && types.Same(x.typ, types.SmallestInt(n))
	}
	return true
}

func bits(v any) uint64 {
	if n, ok := v.(int64); ok {
		return uint64(n)
	}
	return v.(uint64)
}

// foldBinary computes x op y of two constants, if they can be.
func (b *body) foldBinary(e ast.Node, op string, x, y operand) (operand, bool) {
	xs, xstr := x.val.(string)
	ys, ystr := y.val.(string)
	switch {
	case xstr && ystr:
		return b.foldStrings(e, op, xs, ys)
	case xstr || ystr:
		n, ok := y.val.(int64)
		if !xstr {
			xs = ys
			n, ok = x.val.(int64)
		}
		if op != "+" || !ok || n < 0 {
			return operand{}, false
		}
		if n >= int64(len(xs)) {
			b.warnf(e, EmptyString, "literal string will always be empty")
			return constant(""), true
		}
		return constant(xs[n:]), true
	}
	xt, xok := isTrue(x.val)
	yt, yok := isTrue(y.val)
	if xok && yok {
		switch op {
		case "&&":
			return constant(xt && yt), true
		case "||":
			return constant(xt || yt), true
		}
	}
	if xb, ok := x.val.(bool); ok {
		if yb, ok := y.val.(bool); ok && (op == "==" || op == "!=") {
			return constant((xb == yb) == (op == "==")), true
		}
		return operand{}, false
	}
	xn, yn := bigOf(x.val), bigOf(y.val)
	if xn == nil || yn == nil || !b.plainConst(x) || !b.plainConst(y) {
		return operand{}, false
	}
	return b.foldInts(e, op, xn, yn)
}

func (b *body) foldInts(e ast.Node, op string, x, y *big.Int) (operand, bool) {
	r := new(big.Int)
	switch op {
	case "+":
		r.Add(x, y)
	case "-":
		r.Sub(x, y)
	case "*":
		r.Mul(x, y)
	case "/", "%":
		if y.Sign() == 0 {
			b.errorf(e, DivisionByZero, "unable to fold literals: division by zero")
			return operand{}, true
		}
		if op == "/" {
			r.Quo(x, y)
		} else {
			r.Rem(x, y)
		}
	case "&":
		r.And(x, y)
	case "|":
		r.Or(x, y)
	case "^":
		r.Xor(x, y)
	case "<<", ">>":
		if y.Sign() < 0 || y.Cmp(big.NewInt(64)) >= 0 {
			return b.overflow(e)
		}
		if op == "<<" {
			// Bits shifted out are gone, as at run time.
			r.Lsh(x, uint(y.Uint64()))
			if x.Sign() >= 0 {
				return constant(r.And(r, new(big.Int).SetUint64(^uint64(0))).Uint64()), true
			}
			return constant(x.Int64() << y.Uint64()), true
		}
		r.Rsh(x, uint(y.Uint64()))
	case "==":
		return constant(x.Cmp(y) == 0), true
	case "!=":
		return constant(x.Cmp(y) != 0), true
	case "<":
		return constant(x.Cmp(y) < 0), true
	case "<=":
		return constant(x.Cmp(y) <= 0), true
	case ">":
		return constant(x.Cmp(y) > 0), true
	case ">=":
		return constant(x.Cmp(y) >= 0), true
	default:
		return operand{}, false
	}
	if c, ok := fromBig(r); ok {
		return c, true
	}
	return b.overflow(e)
}

func (b *body) foldStrings(e ast.Node, op string, x, y string) (operand, bool) {
	switch op {
	case "==":
		return constant(x == y), true
	case "!=":
		return constant(x != y), true
	case "<":
		return constant(x < y), true
	case "<=":
		return constant(x <= y), true
	case ">":
		return constant(x > y), true
	case ">=":
		return constant(x >= y), true
	case "+":
		return constant(x + y), true
	}
	b.errorf(e, InvalidOperand, "illegal literal operation with strings: %s", op)
	return operand{}, true
}

// fold evaluates an expression outside any probe, for declarations.
func (c *checker) fold(e ast.Expr) operand {
	return c.outside().expr(e)
}

// outside is a body for expressions that belong to no probe.
func (c *checker) outside() *body {
	b := &body{
		checker: c,
		inst:    &Instance{Probe: &ast.Probe{Body: &ast.Block{}}, Context: &Context{Provider: &Provider{Name: "unknown"}, Shared: true}},
		vars:    map[ast.Node]*varState{},
		inline:  map[ast.Expr]*ast.BlockExpr{},
		unclean: map[*ast.BlockExpr][]*ast.Map{},
		blind:   true,
	}
	b.round()
	return b
}
