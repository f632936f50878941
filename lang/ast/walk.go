package ast

// Walk calls f for n and, where f returns true, for what is below it, in source
// order. Nil children are left out.
func Walk(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	for _, c := range Children(n) {
		Walk(c, f)
	}
}

// Children returns the nodes right below n, in source order.
func Children(n Node) []Node {
	var c children
	switch n := n.(type) {
	case *Script:
		add(&c, n.Items)
	case *Config:
		add(&c, n.Settings)
	case *MapDecl:
		add(&c, n.Args)
	case *Macro:
		add(&c, n.Params)
		c.one(n.Body)
	case *Probe:
		add(&c, n.Points)
		c.expr(n.Predicate)
		c.one(n.Body)
	case *Block:
		add(&c, n.Stmts)
	case *ExprStmt:
		c.one(n.X)
	case *Assign:
		c.one(n.Target, n.Value)
	case *Let:
		c.one(n.Var)
		if n.Type != nil {
			c.one(n.Type)
		}
		c.expr(n.Value)
	case *Discard:
		c.one(n.Value)
	case *If:
		c.one(n.Cond, n.Then)
		if n.Else != nil {
			c.one(n.Else)
		}
	case *For:
		c.one(n.Var, n.Over, n.Body)
	case *Range:
		c.one(n.From, n.To)
	case *While:
		c.one(n.Cond, n.Body)
	case *Unroll:
		c.one(n.Count, n.Body)
	case *Jump:
		c.expr(n.Value)
	case *Map:
		add(&c, n.Keys)
	case *Call:
		add(&c, n.Args)
	case *Unary:
		c.one(n.X)
	case *Postfix:
		c.one(n.X)
	case *Binary:
		c.one(n.X, n.Y)
	case *Cond:
		c.one(n.Cond)
		c.expr(n.Then)
		c.one(n.Else)
	case *Field:
		c.one(n.X)
	case *Index:
		c.one(n.X, n.I)
	case *Cast:
		c.one(n.Type, n.X)
	case *TypeExpr:
		c.expr(n.Of)
		for _, s := range n.Suffixes {
			c.expr(s.Len)
		}
	case *Tuple:
		add(&c, n.Elems)
	case *Record:
		add(&c, n.Elems)
	case *BlockExpr:
		c.one(n.Body)
	}
	return c
}

type children []Node

// one adds nodes that are always there.
func (c *children) one(n ...Node) { *c = append(*c, n...) }

// expr adds an expression that may be missing.
func (c *children) expr(x Expr) {
	if x != nil {
		*c = append(*c, x)
	}
}

func add[T Node](c *children, list []T) {
	for _, n := range list {
		*c = append(*c, n)
	}
}
