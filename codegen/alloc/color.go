package alloc

import (
	"slices"

	"sonde/codegen/ssa"
)

// colouring gives virtual registers real ones. Values are coloured in the order
// of their definitions along dominance, in which for code in SSA form as many
// registers suffice as values are live at once: first those that live across
// calls, from R6 to R9, then the others around them. Which of the possible
// registers a value gets follows from what would save a copy.
type colouring struct {
	*Result
	l       liveness
	near    [][]Reg // by virtual register: those live at the same time
	color   []Reg
	group   []Reg // union-find over registers that had better be the same
	wish    []wishes
	link    []int     // by virtual register: the copies that its group saves with it, weighed
	second  []other   // by virtual register
	taken   [R10]bool // given to some value
	noColor Reg       // the one that nothing was left for
}

// other is an operand whose register would do as well, and what that saves.
type other struct {
	reg  Reg
	freq int
}

// wishes weighs what each register would save.
type wishes [R10]int

// colour returns false when some value finds no register; it is then in noColor.
func (r *Result) colour(l liveness) (*colouring, bool) {
	n := len(r.vregs)
	c := &colouring{Result: r, l: l, near: make([][]Reg, n), color: make([]Reg, n), group: make([]Reg, n),
		wish: make([]wishes, n), link: make([]int, n), second: make([]other, n), noColor: NoReg}
	for i := range n {
		c.color[i], c.group[i], c.second[i].reg = NoReg, firstVirtual+Reg(i), NoReg
	}
	c.interfere()
	c.affinities()
	return c, c.assign(true) && c.assign(false)
}

func (c *colouring) conflict(a, b Reg) {
	if a != b {
		c.near[a-firstVirtual] = append(c.near[a-firstVirtual], b)
		c.near[b-firstVirtual] = append(c.near[b-firstVirtual], a)
	}
}

func (c *colouring) conflicting(a, b Reg) bool { return slices.Contains(c.near[a-firstVirtual], b) }

// interfere finds which registers can't be the same. Commutative operations are
// turned round here when that lets the result replace an operand no longer needed.
func (c *colouring) interfere() {
	for i, b := range c.Blocks {
		live := append(set(nil), c.l.out[i]...)
		c.backwards(b, live, func(in *Inst, after set) {
			d, ok := in.defines()
			if !ok {
				return
			}
			if in.Op.Info().Commutative && in.A.Mode == InReg && !deadAfter(in.A, after) && deadAfter(in.B, after) {
				in.A, in.B = in.B, in.A
			}
			after.each(func(x Reg) { c.conflict(d, x) })
			for _, o := range in.spared() {
				if o.Mode == InReg && o.Reg.virtual() {
					c.conflict(d, o.Reg)
				}
			}
		})
		var params []Reg
		for _, p := range b.params {
			if p.slot == nil {
				params = append(params, p.reg)
			}
		}
		if i == 0 {
			for _, x := range c.entry {
				if x != NoReg {
					params = append(params, x)
				}
			}
		}
		for k, p := range params {
			live.each(func(x Reg) {
				if !slices.Contains(params, x) {
					c.conflict(p, x)
				}
			})
			for _, q := range params[:k] {
				c.conflict(p, q)
			}
		}
	}
}

// spared lists the operands that are still read when the result is written, even
// where it is their last use.
func (in *Inst) spared() []Operand {
	switch {
	case in.Op == ssa.OpSetCond:
		return []Operand{in.A, in.B}
	case in.tied() == 2:
		return []Operand{in.A}
	case in.tied() == 1 && (in.A != in.B) && (!in.Op.Info().Commutative || in.A.Mode != InReg):
		return []Operand{in.B}
	}
	return nil
}

func (c *colouring) find(x Reg) Reg {
	for c.group[x-firstVirtual] != x {
		next := c.group[x-firstVirtual]
		c.group[x-firstVirtual] = c.group[next-firstVirtual]
		x = next
	}
	return x
}

func (c *colouring) join(a, b Reg) {
	a, b = c.find(a), c.find(b)
	if a == b {
		return
	}
	c.group[b-firstVirtual] = a
	for i, w := range c.wish[b-firstVirtual] {
		c.wish[a-firstVirtual][i] += w
	}
}

func (c *colouring) wishFor(x, real Reg, weight int) { c.wish[c.find(x)-firstVirtual][real] += weight }

// affinities groups registers that are copied to each other, and notes which real
// ones calls and returns want.
func (c *colouring) affinities() {
	together := func(a, b Reg, freq int) {
		if !c.conflicting(a, b) {
			c.join(a, b)
			c.link[a-firstVirtual] += freq
			c.link[b-firstVirtual] += freq
		}
	}
	for i, x := range c.entry {
		if x != NoReg {
			c.wishFor(x, R1+Reg(i), c.Blocks[0].frequency())
		}
	}
	for i, b := range c.Blocks {
		freq := b.frequency()
		if t := &b.Term; t.Kind == ssa.Return && t.A.Mode == InReg {
			c.wishFor(t.A.Reg, R0, freq)
		}
		for k := range b.Term.Succs {
			e := &b.Term.Succs[k]
			for j, a := range e.args {
				if p := e.To.params[j]; a.Mode == InReg && p.slot == nil {
					together(p.reg, a.Reg, freq)
				}
			}
		}
		live := append(set(nil), c.l.out[i]...)
		c.backwards(b, live, func(in *Inst, after set) {
			d, defines := in.defines()
			if in.isCall() {
				if defines {
					c.wishFor(d, R0, freq)
				}
				for k, a := range in.Args {
					if deadAfter(a, after) {
						c.wishFor(a.Reg, R1+Reg(k), freq)
					}
				}
				return
			}
			if !defines {
				return
			}
			if o := []Operand{{}, in.A, in.B}[in.tied()]; deadAfter(o, after) {
				together(d, o.Reg, freq)
			}
			if in.Op.Info().Commutative && deadAfter(in.B, after) {
				c.second[d-firstVirtual] = other{in.B.Reg, freq}
			}
		})
	}
}

// assign colours the registers that live across calls, or the others.
func (c *colouring) assign(crossing bool) bool {
	ok := true
	give := func(x Reg) {
		if ok && x.virtual() && c.color[x-firstVirtual] == NoReg && c.vreg(x).crossing == crossing {
			ok = c.choose(x)
		}
	}
	for _, x := range c.entry {
		give(x)
	}
	for _, b := range c.Blocks {
		for _, p := range b.params {
			if p.slot == nil {
				give(p.reg)
			}
		}
		for i := range b.Insts {
			give(b.Insts[i].Dst)
		}
	}
	return ok
}

// choose gives x the register that saves most.
func (c *colouring) choose(x Reg) bool {
	v := c.vreg(x)
	var blocked [R10]bool
	var others wishes
	for _, y := range c.near[x-firstVirtual] {
		if real := c.color[y-firstVirtual]; real != NoReg {
			blocked[real] = true
			continue
		}
		for real, w := range c.wish[c.find(y)-firstVirtual] {
			others[real] += w
		}
	}
	own := &c.wish[c.find(x)-firstVirtual]
	second := c.second[x-firstVirtual]
	best, bestScore := NoReg, 0
	for real := R0; real < R10; real++ {
		if blocked[real] || v.crossing && real < R6 || real == R0 && !v.scratch {
			continue
		}
		score := 8*(2*own[real]-others[real]) - c.price(real)
		if second.reg != NoReg && c.color[second.reg-firstVirtual] == real {
			score += 16 * second.freq
		}
		if best == NoReg || score > bestScore {
			best, bestScore = real, score
		}
	}
	if best == NoReg {
		c.noColor = x
		return false
	}
	c.color[x-firstVirtual] = best
	c.taken[best] = true
	own[best] += c.link[x-firstVirtual]
	return true
}

// price prefers, other things being equal, R1 to R5, then R0, and of those that
// functions must save for their callers the ones already in use.
func (c *colouring) price(real Reg) int {
	switch {
	case real == R0:
		return 1
	case real < R6:
		return 0
	case c.taken[real]:
		return 2
	}
	return 3
}

// victim is what to spill so that noColor finds a register: the cheapest of it
// and those that hold what it could have.
func (c *colouring) victim() Reg {
	list := []Reg{c.noColor}
	crossing := c.vreg(c.noColor).crossing
	for _, y := range c.near[c.noColor-firstVirtual] {
		if real := c.color[y-firstVirtual]; real != NoReg && (!crossing || real >= R6) {
			list = append(list, y)
		}
	}
	return c.cheapest(list, newSet(len(c.vregs)))
}
