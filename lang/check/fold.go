package check

import (
	"math/big"
	"slices"

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
	if xe, ok := x.val.(Elements); ok {
		if ye, ok := y.val.(Elements); ok && (op == "==" || op == "!=") {
			return constant(equal(xe, ye) == (op == "==")), true
		}
		return operand{}, false
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

// equal tells whether two known tuples or records are equal.
func equal(x, y Elements) bool {
	return slices.EqualFunc(x, y, func(a, b any) bool {
		if a, ok := a.(Elements); ok {
			b, ok := b.(Elements)
			return ok && equal(a, b)
		}
		return a == b
	})
}

// foldInts computes with two literals.
func (b *body) foldInts(e ast.Node, op string, x, y *big.Int) (operand, bool) {
	switch op {
	case "/", "%":
		if y.Sign() == 0 {
			b.errorf(e, DivisionByZero, "unable to fold literals: division by zero")
			return operand{}, true
		}
	case "<<", ">>":
		if y.Sign() < 0 || y.Cmp(big.NewInt(64)) >= 0 {
			return b.overflow(e)
		}
		if op == "<<" {
			// Bits shifted out are gone, as at run time.
			if x.Sign() >= 0 {
				return constant(x.Uint64() << y.Uint64()), true
			}
			return constant(x.Int64() << y.Uint64()), true
		}
	}
	n, ok := exactly(op, x, y)
	if !ok {
		return operand{}, false
	}
	if truth, ok := n.(bool); ok {
		return constant(truth), true
	}
	if c, ok := fromBig(n.(*big.Int)); ok {
		return c, true
	}
	return b.overflow(e)
}

// exactly computes x op y without bounds: a bool for comparisons, else a
// *big.Int. The caller has seen to it that y can be divided or shifted by.
func exactly(op string, x, y *big.Int) (any, bool) {
	r := new(big.Int)
	switch op {
	case "+":
		return r.Add(x, y), true
	case "-":
		return r.Sub(x, y), true
	case "*":
		return r.Mul(x, y), true
	case "/":
		return r.Quo(x, y), true
	case "%":
		return r.Rem(x, y), true
	case "&":
		return r.And(x, y), true
	case "|":
		return r.Or(x, y), true
	case "^":
		return r.Xor(x, y), true
	case "<<":
		return r.Lsh(x, uint(y.Uint64())), true
	case ">>":
		return r.Rsh(x, uint(y.Uint64())), true
	case "==":
		return x.Cmp(y) == 0, true
	case "!=":
		return x.Cmp(y) != 0, true
	case "<":
		return x.Cmp(y) < 0, true
	case "<=":
		return x.Cmp(y) <= 0, true
	case ">":
		return x.Cmp(y) > 0, true
	case ">=":
		return x.Cmp(y) >= 0, true
	}
	return nil, false
}

// convert gives the value that a known integer has as a t.
func convert(x operand, t types.Type) operand {
	i, _, ok := of(t).integer()
	if !ok || bigOf(x.val) == nil {
		return operand{}
	}
	return operand{mode: value, val: wrap(x.val, i)}
}

// computed adds the value to an operation on known integers of which not all are
// literals: it is computed now as it would be at run time, in the result's type.
func (b *body) computed(e ast.Node, op string, r, x, y operand) operand {
	xn, yn := bigOf(x.val), bigOf(y.val)
	if _, inPlace := e.(*ast.Assign); inPlace || xn == nil || yn == nil {
		return r
	}
	switch op {
	case "/", "%":
		if yn.Sign() == 0 {
			return r
		}
	case "<<", ">>":
		if yn.Sign() < 0 || yn.Cmp(big.NewInt(64)) >= 0 {
			return r
		}
	}
	n, ok := exactly(op, xn, yn)
	if !ok {
		return r
	}
	if truth, ok := n.(bool); ok {
		r.val = truth
	} else if t, ok := r.typ.(types.Int); ok {
		bits := new(big.Int).And(n.(*big.Int), new(big.Int).SetUint64(^uint64(0)))
		r.val = wrap(bits.Uint64(), t)
	}
	return r
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
		inst:    &Instance{Probe: &ast.Probe{Body: &ast.Block{}}, Context: &Context{Provider: &Provider{Name: "unknown"}}},
		vars:    map[ast.Node]*varState{},
		inline:  map[ast.Expr]*ast.BlockExpr{},
		unclean: map[*ast.BlockExpr][]*ast.Map{},
		blind:   true,
	}
	b.round()
	return b
}
