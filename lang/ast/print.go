package ast

import "strings"

// Format returns a script as source in the one canonical style: tabs, a
// statement a line, parentheses only where needed, blank lines kept but one at
// a time, long lines broken. Comments stay where they are: before the statement
// that they are before, or at the end of its line. Formatting what it returns
// changes nothing, and parsing that gives the same tree.
func Format(s *Script) string {
	p := &printer{comments: s.Comments}
	if s.Header != "" {
		p.startLine()
		p.text(s.Header)
		p.end = s.Pos
		p.end.Line = 1
	}
	for i, item := range s.Items {
		apart := i > 0 && (hasBody(item) || hasBody(s.Items[i-1]))
		p.before(item.Span().Start, apart)
		p.startLine()
		p.item(item)
		p.after(item)
	}
	p.before(s.EndPos, false)
	p.flush()
	return p.out.String()
}

func hasBody(item Item) bool {
	switch item.(type) {
	case *Probe, *Macro, *Config:
		return true
	}
	return false
}

func (p *printer) item(item Item) {
	switch n := item.(type) {
	case *CDef:
		p.text(n.Text)
	case *Config:
		p.text("config = {")
		p.indent++
		p.first = true
		for _, s := range n.Settings {
			p.before(s.Pos, false)
			p.startLine()
			p.text(s.Name + " = ")
			if s.Quoted {
				p.text(Quote(s.Value))
			} else {
				p.text(s.Value)
			}
			p.text(";")
			p.after(s)
		}
		p.closeBrace(n.EndPos)
	case *Import:
		p.text("import " + Quote(n.Path) + ";")
	case *MapDecl:
		p.text("let " + n.Name + " = " + n.Kind + "(")
		p.list(n.Args, p.expr)
		p.text(");")
	case *Macro:
		p.text("macro " + n.Name + "(")
		p.list(n.Params, p.expr)
		p.text(")")
		p.startLine()
		p.block(n.Body)
	case *Probe:
		p.probe(n)
	}
}

func (p *printer) probe(n *Probe) {
	for i, pt := range n.Points {
		if i > 0 {
			p.text(",")
			p.before(pt.Pos, false)
			p.blank = false
			p.startLine()
		}
		if pt.Label != "" {
			p.text(pt.Label + "=")
		}
		p.text(pt.Text)
		p.end = pt.EndPos
	}
	if n.Predicate != nil {
		p.before(n.Predicate.Span().Start, false)
		p.blank = false
		p.startLine()
		p.text("/")
		if begins(n.Predicate, "*") {
			p.text(" ") // a slash and a star begin a comment
		}
		p.expr(n.Predicate)
		p.text("/")
		p.end = n.Predicate.Span().End
	}
	p.before(n.Body.Pos, false)
	p.blank = false
	p.startLine()
	p.block(n.Body)
}

// block prints { statements }, the brace at the end of the current line.
func (p *printer) block(b *Block) {
	p.text("{")
	if len(b.Stmts) == 0 && !p.pending(b.EndPos) {
		p.text("}")
		return
	}
	first := b.EndPos
	if len(b.Stmts) > 0 {
		first = b.Stmts[0].Span().Start
	}
	p.end = b.Pos
	p.trailing(b.Pos, first)
	p.indent++
	p.first = true
	for _, s := range b.Stmts {
		p.before(s.Span().Start, false)
		p.startLine()
		p.stmt(s)
		p.after(s)
	}
	p.closeBrace(b.EndPos)
}

// closeBrace ends a block, whose last comments come before the brace.
func (p *printer) closeBrace(end Pos) {
	p.before(end, false)
	p.indent--
	p.blank = false
	p.startLine()
	p.text("}")
	p.end = end
}

func (p *printer) stmt(s Stmt) {
	switch n := s.(type) {
	case *ExprStmt:
		switch n.X.(type) {
		case *BlockExpr, *If:
			p.parens(n.X) // without them it is a statement of its own kind
		default:
			p.expr(n.X)
		}
		if n.Last {
			return
		}
		p.text(";")
	case *Assign:
		p.expr(n.Target)
		p.text(" " + n.Op + " ")
		p.expr(n.Value)
		p.text(";")
	case *Let:
		p.text("let " + n.Var.Name)
		if n.Type != nil {
			p.text(": ")
			p.typeExpr(n.Type)
		}
		if n.Value != nil {
			p.text(" = ")
			p.expr(n.Value)
		}
		p.text(";")
	case *Discard:
		p.text("_ = ")
		p.expr(n.Value)
		p.text(";")
	case *Import:
		p.text("import " + Quote(n.Path) + ";")
	case *If:
		p.branches(n, p.block)
	case *For:
		p.text("for (" + n.Var.Name + " : ")
		p.expr(n.Over)
		p.text(") ")
		p.block(n.Body)
	case *While:
		p.text("while (")
		p.expr(n.Cond)
		p.text(") ")
		p.block(n.Body)
	case *Unroll:
		p.text("unroll (")
		p.expr(n.Count)
		p.text(") ")
		p.block(n.Body)
	case *Jump:
		p.text(n.Keyword)
		if n.Value != nil {
			p.text(" ")
			p.expr(n.Value)
		}
		p.text(";")
	case *Block:
		p.block(n)
	}
}

// branches prints an if; block prints its blocks.
func (p *printer) branches(n *If, block func(*Block)) {
	p.text("if (")
	p.expr(n.Cond)
	p.text(") ")
	block(n.Then)
	switch other := n.Else.(type) {
	case *If:
		p.text(" else ")
		p.branches(other, block)
	case *Block:
		p.text(" else ")
		block(other)
	}
}

// Quote writes a string as a literal of the language.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	quoteInto(&b, s)
	b.WriteByte('"')
	return b.String()
}
