package ast

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ExprString returns an expression as source, on one line where it has no
// block, for messages.
func ExprString(x Expr) string {
	p := &printer{}
	p.startLine()
	p.expr(x)
	p.flush()
	return strings.TrimSuffix(p.out.String(), "\n")
}

// How tightly the forms of expressions bind, below and above the binary
// operators.
const (
	levelCond    = 0
	levelUnary   = 100
	levelPostfix = 101
)

// level tells how tightly an expression binds.
func level(x Expr) int {
	switch n := x.(type) {
	case *Cond, *Range, *BlockExpr, *If:
		return levelCond
	case *Binary:
		return Precedence[n.Op]
	case *Unary, *Cast:
		return levelUnary
	}
	return levelPostfix
}

// operand prints an expression, in parentheses if it binds less than min.
func (p *printer) operand(x Expr, min int) {
	if level(x) < min {
		p.parens(x)
		return
	}
	p.expr(x)
}

// side prints an operand of a binary operator. Where operators on bits mix with
// others it has parentheses even if it could do without: few know by heart that
// a & b + 1 is a & (b + 1).
func (p *printer) side(of *Binary, x Expr, min int) {
	if b, ok := x.(*Binary); ok && b.Op != of.Op && (onBits[of.Op] || onBits[b.Op] && !logical[of.Op]) {
		p.parens(x)
		return
	}
	p.operand(x, min)
}

var (
	onBits  = map[string]bool{"|": true, "^": true, "&": true, "<<": true, ">>": true}
	logical = map[string]bool{"||": true, "&&": true}
)

func (p *printer) parens(x Expr) {
	p.text("(")
	p.depth++
	p.expr(x)
	p.depth--
	p.text(")")
}

func (p *printer) expr(x Expr) {
	p.inline(x.Span().Start)
	switch n := x.(type) {
	case *Int:
		p.text(n.Text)
	case *Str:
		p.text(Quote(n.Value))
	case *Bool:
		p.text(fmt.Sprint(n.Value))
	case *Param:
		if n.N == 0 {
			p.text("$#")
		} else {
			p.text(fmt.Sprintf("$%d", n.N))
		}
	case *Ident:
		p.text(n.Name)
	case *Var:
		p.text(n.Name)
	case *Map:
		p.text(n.Name)
		if n.Keys != nil {
			p.text("[")
			p.list(n.Keys, p.expr)
			p.text("]")
		}
	case *Call:
		p.call(n)
	case *Unary:
		p.unary(n)
	case *Postfix:
		p.operand(n.X, levelPostfix)
		p.text(n.Op)
	case *Binary:
		own := Precedence[n.Op]
		p.side(n, n.X, own)
		p.text(" " + n.Op + " ")
		p.breakHere(own)
		p.side(n, n.Y, own+1)
	case *Cond:
		p.operand(n.Cond, levelCond+1)
		if n.Then == nil {
			p.text(" ?: ")
		} else {
			p.text(" ? ")
			p.breakHere(0)
			p.operand(n.Then, levelCond+1)
			p.text(" : ")
		}
		p.breakHere(0)
		if _, ok := n.Else.(*Cond); ok {
			p.expr(n.Else)
		} else {
			p.operand(n.Else, levelCond+1)
		}
	case *Range:
		p.operand(n.From, levelPostfix)
		p.text("..")
		p.operand(n.To, levelPostfix)
	case *Field:
		p.operand(n.X, levelPostfix)
		p.text(map[bool]string{false: ".", true: "->"}[n.Arrow] + n.Name)
	case *Index:
		if m, ok := n.X.(*Map); ok && m.Keys == nil {
			p.parens(n.X) // @x[1] is a map's element
		} else {
			p.operand(n.X, levelPostfix)
		}
		p.text("[")
		p.expr(n.I)
		p.text("]")
	case *Cast:
		p.text("(")
		p.typeExpr(n.Type)
		p.text(")")
		if begins(n.X, "++") || begins(n.X, "--") {
			p.parens(n.X) // (a)++$x is no cast
		} else {
			p.operand(n.X, levelUnary)
		}
	case *TypeExpr:
		p.text("typeof(")
		p.typeExpr(n)
		p.text(")")
	case *Tuple:
		p.text("(")
		p.list(n.Elems, p.expr)
		if len(n.Elems) == 1 {
			p.text(",")
		}
		p.text(")")
	case *Record:
		p.text("(")
		i := 0
		p.list(n.Elems, func(x Expr) {
			p.text(n.Names[i] + "=")
			p.expr(x)
			i++
		})
		p.text(")")
	case *BlockExpr:
		p.inlineBlock(n.Body)
	case *If:
		p.branches(n, p.inlineBlock)
	}
}

func (p *printer) unary(n *Unary) {
	p.text(n.Op)
	switch {
	case n.Op == "comptime":
		p.text(" ")
	case n.Op == "-" && begins(n.X, "-"):
		p.parens(n.X) // two of them are the decrement
		return
	case n.Op == "&" && begins(n.X, "&"):
		p.parens(n.X)
		return
	}
	p.operand(n.X, levelUnary)
}

func (p *printer) call(n *Call) {
	p.text(n.Name)
	if n.Bang {
		p.text("!")
	}
	p.text("(")
	i := 0
	p.list(n.Args, func(x Expr) {
		if i == 0 && takesType[n.Name] {
			p.typeOrExpr(x)
		} else if t, ok := x.(*TypeExpr); ok && t.Of != nil {
			p.inline(t.Pos)
			p.typeExpr(t)
		} else {
			p.expr(x)
		}
		i++
	})
	p.text(")")
}

// takesType holds the words of the language whose first argument may be a type.
var takesType = map[string]bool{"sizeof": true, "offsetof": true, "typeinfo": true}

// typeOrExpr prints where either may stand; what would read as a type but is
// none goes in parentheses.
func (p *printer) typeOrExpr(x Expr) {
	if t, ok := x.(*TypeExpr); ok {
		p.inline(t.Pos)
		p.typeExpr(t)
		return
	}
	inner := x
	for {
		i, ok := inner.(*Index)
		if !ok {
			break
		}
		inner = i.X
	}
	if _, ok := inner.(*Ident); ok {
		p.parens(x)
		return
	}
	p.expr(x)
}

func (p *printer) typeExpr(t *TypeExpr) {
	if t.Keyword != "" {
		p.text(t.Keyword + " ")
	}
	p.text(t.Name)
	if t.Of != nil {
		p.text("typeof(")
		p.typeOrExpr(t.Of)
		p.text(")")
	}
	for _, s := range t.Suffixes {
		switch {
		case s.Pointer:
			p.text("*")
		case s.Len == nil:
			p.text("[]")
		default:
			p.text("[")
			p.expr(s.Len)
			p.text("]")
		}
	}
}

// list prints expressions between commas, where a long line may be broken.
func (p *printer) list(list []Expr, one func(Expr)) {
	p.depth++
	for i, x := range list {
		if i > 0 {
			p.text(", ")
			p.breakHere(0)
		}
		one(x)
	}
	p.depth--
}

// inlineBlock prints a block within a line if it is one expression.
func (p *printer) inlineBlock(b *Block) {
	if len(b.Stmts) == 1 && !p.pending(b.EndPos) {
		if s, ok := b.Stmts[0].(*ExprStmt); ok && s.Last {
			p.text("{ ")
			p.stmt(s)
			p.text(" }")
			return
		}
	}
	p.block(b)
}

// begins tells whether the printed form of x begins with the sign.
func begins(x Expr, sign string) bool {
	for {
		switch n := x.(type) {
		case *Unary:
			return strings.HasPrefix(n.Op, sign)
		case *Binary:
			if level(n.X) < Precedence[n.Op] {
				return false
			}
			x = n.X
		case *Cond:
			if level(n.Cond) <= levelCond {
				return false
			}
			x = n.Cond
		default:
			return false
		}
	}
}

// quoteInto writes the inside of a string literal.
func quoteInto(b *strings.Builder, s string) {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for i := range size {
				fmt.Fprintf(b, `\x%02x`, s[i])
			}
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
}
