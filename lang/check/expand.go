package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// expand turns attach points into targets, and groups targets that can share a
// program into instances.
func (c *checker) expand() {
	total := 0
	var many, over *ast.AttachPoint
	alone, others := (*Point)(nil), false
	var first *ast.Probe
	for _, item := range c.script.Items {
		probe, ok := item.(*ast.Probe)
		if !ok {
			continue
		}
		if first == nil {
			first = probe
		}
		var targets []Target
		broken := false
		for _, ap := range probe.Points {
			p, ok := c.point(ap)
			if p == nil {
				broken = broken || !ok
				continue
			}
			switch {
			case p.Provider.Alone:
				if alone != nil {
					others = true
				}
				alone = p
			default:
				others = true
			}
			found, ok := c.targets(p)
			broken = broken || !ok
			targets = append(targets, found...)
			total += len(found)
			if over == nil && uint64(total) > c.cfg.MaxProbes {
				over = ap
			}
			if many == nil && total > manyProbes {
				many = ap
			}
		}
		c.instances(probe, targets, broken)
	}
	if alone != nil && (others || len(c.bodies) > 1) {
		c.errorf(alone.Node, InvalidProbe, "%s probes can not stand in a script with other probes", alone.Provider.Name)
	}
	c.unique()
	if len(c.bodies) == 0 && first != nil && !c.diags.HasErrors() {
		c.errorf(first, MissingProbe, "No probes to attach")
	}
	c.limits(total, many, over)
}

// manyProbes is how many slow a system down: the limit unless it was raised.
const manyProbes = 1024

// limits checks the number of probes, which grew large at the attach point many and too
// large at over, and of programs.
func (c *checker) limits(total int, many, over *ast.AttachPoint) {
	switch max := c.cfg.MaxProbes; {
	case over != nil:
		c.errorf(over, TooManyProbes, "Can't attach to %d probes because it exceeds the current limit of %d probes.", total, max).
			WithHint("BPFTRACE_MAX_PROBES or the setting max_probes raises the limit, but a high number of probes can slow the system down")
	case many != nil:
		c.warnf(many, TooManyProbes, "Attaching to %d probes can take a while, and slow the system down", total)
	}
	if max := c.cfg.MaxBPFProgs; uint64(len(c.bodies)) > max {
		c.errorf(c.bodies[max].inst.Probe, TooManyProbes, "Your program is trying to generate more than %d BPF programs, which exceeds the current limit of %d", len(c.bodies), max).
			WithHint("BPFTRACE_MAX_BPF_PROGS or the setting max_bpf_progs raises the limit")
	}
}

// point reads an attach point. There is none when it is wrong, or left out as the
// setting missing_probes allows: it is then ok.
func (c *checker) point(ap *ast.AttachPoint) (p *Point, ok bool) {
	parts, why := c.split(ap.Text)
	if why != "" {
		c.errorf(ap, InvalidProbe, "%s", why)
		return nil, false
	}
	pr := c.lib.Provider(parts[0])
	if pr == nil {
		d := c.errorf(ap, InvalidProbe, "Invalid probe type: %s", parts[0])
		suggest(d, parts[0], c.lib.Names("provider"))
		return nil, false
	}
	p = &Point{Node: ap, Provider: pr, Parts: parts[1:]}
	if d := pr.Parse(p); d != nil {
		c.place(d, ap)
		if d.Severity == source.Error {
			return nil, false
		}
	}
	for _, need := range pr.Needs {
		// Offline the script may be meant for another machine.
		if c.opt.Offline || c.host.Features().Has(need) {
			continue
		}
		msg := "Missing required kernel feature: " + need.Name
		switch c.cfg.MissingProbes {
		case "ignore":
		case "warn":
			c.warnf(ap, MissingFeature, "%s. Skipping.", msg)
		default:
			c.errorf(ap, MissingFeature, "%s", msg).
				WithHint("%s probes need %s%s", pr.Name, need.Origin(), c.noBTF())
			return nil, false
		}
		return nil, true
	}
	return p, true
}

// place reports what a provider said, at the attach point unless it knew better.
func (c *checker) place(d *source.Diagnostic, ap *ast.AttachPoint) {
	if !d.Span.IsValid() {
		d.Span = ap.Span()
	}
	if d.Code == "" {
		d.Code = InvalidProbe
	}
	c.report(d)
}

// split cuts an attach point at its colons, takes quotes away and fills in
// positional parameters.
func (c *checker) split(text string) (parts []string, why string) {
	if n, err := strconv.Atoi(strings.TrimPrefix(text, "$")); err == nil && n > 0 && text[0] == '$' {
		text, _ = c.paramText(n) // all of it, colons included
	}
	var part strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '"':
			quoted = !quoted
		case quoted && ch == '\\' && i+1 < len(text):
			i++
			part.WriteByte(text[i])
		case !quoted && ch == ':':
			parts = append(parts, strings.TrimSpace(part.String()))
			part.Reset()
		case !quoted && ch == '$':
			j := i + 1
			for j < len(text) && '0' <= text[j] && text[j] <= '9' {
				j++
			}
			n, err := strconv.Atoi(text[i+1 : j])
			if err != nil || n == 0 {
				return nil, fmt.Sprintf("invalid trailing character for positional param: %s. Try quoting this entire part if this is intentional", text[i+1:])
			}
			value, _ := c.paramText(n)
			part.WriteString(value)
			i = j - 1
		default:
			part.WriteByte(ch)
		}
	}
	return append(parts, strings.TrimSpace(part.String())), ""
}

// noBTF adds to a hint what many features are missing for.
func (c *checker) noBTF() string {
	if c.host.BTF() != nil {
		return ""
	}
	return ". There is no type information (BTF) here, which it may be for: that needs a kernel with CONFIG_DEBUG_INFO_BTF, or a file named by BPFTRACE_BTF"
}

// targets asks the provider what a point means on this machine.
func (c *checker) targets(p *Point) ([]Target, bool) {
	found, d := p.Provider.Expand(p, c.host, c.opt)
	if d != nil && d.Severity == source.Warning {
		if c.cfg.MissingProbes != "ignore" {
			c.place(d, p.Node)
		}
		d = nil
	}
	if d != nil {
		if c.missing(p, d.Msg, d.Hint) {
			return nil, false
		}
	} else if len(found) == 0 && !slices.ContainsFunc(p.Parts, isPattern) {
		if c.missing(p, fmt.Sprintf("No matches for %s %s", p.Provider.Name, strings.Join(p.Parts, ":")), "") {
			return nil, false
		}
	}
	for i := range found {
		if found[i].Point == nil {
			found[i].Point = p
		}
	}
	return found, true
}

// isPattern tells whether a part of an attach point has wildcards: that one of
// several patterns matches nothing is no mistake.
func isPattern(part string) bool { return strings.ContainsAny(part, "*?[") }

// missing reports a probe that does not exist as the setting missing_probes
// wants it, and tells whether that is an error.
func (c *checker) missing(p *Point, msg, hint string) bool {
	msg = strings.TrimSuffix(msg, ".")
	switch c.cfg.MissingProbes {
	case "ignore":
		return false
	case "warn":
		c.warnf(p.Node, MissingProbe, "%s. Skipping.", msg)
		return false
	}
	d := c.errorf(p.Node, MissingProbe, "%s.", msg)
	if hint == "" {
		hint = "if that is expected, set missing_probes to warn; -l lists what exists"
	}
	d.WithHint("%s", hint)
	return true
}

// instances makes the bodies of one probe.
func (c *checker) instances(probe *ast.Probe, targets []Target, broken bool) {
	if len(targets) == 0 {
		switch mode := c.cfg.MissingProbes; {
		case broken || mode == "ignore":
		case mode == "warn":
			c.warnf(probe, MissingProbe, "Probe has no valid attach points. It is being removed which may cause issues with program behavior.")
		default:
			broken = true
			d := c.errorf(probe.Points[0], MissingProbe, "Probe has no valid attach points.")
			d.WithHint("nothing matches %s; if that is expected, set missing_probes to warn; -l lists what exists", probe.Points[0].Text)
		}
		if broken {
			// Still look at the body, for its own mistakes and what it does to maps.
			c.body(probe, &Context{Provider: &Provider{Name: "unknown"}}, nil, uses{}).blind = true
		}
		return
	}
	u := c.usesOf(probe)
	type group struct {
		provider  string
		program   ProgramKind
		space     uint8
		user      bool
		key, name string
	}
	known := map[group]*body{}
	contexts := map[[2]string]*Context{}
	wide := c.wide(targets, u)
	for i := range targets {
		t := targets[i]
		pr := t.Point.Provider
		ctx := wide[pr]
		if ctx == nil {
			ctx = c.context(&t, contexts, u)
		}
		if ctx == nil {
			continue
		}
		g := group{provider: pr.Name, program: ctx.Program, space: uint8(ctx.Space), user: ctx.User}
		if u.perTarget {
			g.key = ctx.Key
		}
		if ctx.Bound || u.named && (pr.Cookie == nil || !c.host.Features().Has(pr.Cookie)) {
			g.name = t.Name
		}
		if b := known[g]; b != nil && g.name == "" {
			b.inst.Targets = append(b.inst.Targets, t)
			b.inst.Context.Targets = b.inst.Targets
			continue
		}
		known[g] = c.body(probe, ctx, []Target{t}, u)
	}
}

// wideFrom is how many targets are too many for a program each: to attach one that is
// bound to a function takes a kernel some ten milliseconds.
const wideFrom = 16

// wide gives, by provider, the contexts in which one program serves many targets.
func (c *checker) wide(targets []Target, u uses) map[*Provider]*Context {
	if len(targets) < wideFrom || u.perTarget || u.reads&(Registers|Frames) != 0 {
		return nil
	}
	wide := map[*Provider]*Context{}
	byProvider := map[*Provider][]Target{}
	for _, t := range targets {
		pr := t.Point.Provider
		byProvider[pr] = append(byProvider[pr], t)
	}
	for pr, list := range byProvider {
		if pr.Wide == nil || len(list) < wideFrom {
			continue
		}
		ctx := pr.Wide(list, c.host)
		if ctx != nil && !slices.ContainsFunc(u.funcs, func(f *Func) bool { return f.Ctx != nil && !works(f, ctx) }) {
			wide[pr] = ctx
		}
	}
	return wide
}

func works(f *Func, ctx *Context) bool {
	ok, _ := f.Ctx(ctx)
	return ok
}

// context asks for a target's context, or takes that of a target before that is
// alike as far as the body can tell. It is nil after an error.
func (c *checker) context(t *Target, known map[[2]string]*Context, u uses) *Context {
	pr := t.Point.Provider
	alike := [2]string{pr.Name}
	if pr.Group != nil && !u.perTarget {
		alike[1] = pr.Group(t)
		if ctx := known[alike]; ctx != nil && !ctx.Bound {
			return ctx
		}
	}
	ctx, d := pr.Context(t, c.host)
	if d != nil {
		c.place(d, t.Point.Node)
	}
	if ctx == nil || d != nil && d.Severity == source.Error {
		return nil
	}
	if ctx.Provider == nil {
		ctx.Provider = pr
	}
	known[alike] = ctx
	return ctx
}

func (c *checker) body(probe *ast.Probe, ctx *Context, targets []Target, u uses) *body {
	own := *ctx
	b := &body{
		checker: c,
		inst:    &Instance{Probe: probe, Context: &own, Targets: targets, UsesName: u.named},
		vars:    map[ast.Node]*varState{},
		inline:  map[ast.Expr]*ast.BlockExpr{},
		unclean: map[*ast.BlockExpr][]*ast.Map{},
	}
	own.Targets = targets
	c.bodies = append(c.bodies, b)
	return b
}

// uses tells how a body depends on the target that runs it, and what it calls.
type uses struct {
	perTarget, named bool
	reads            Parts
	funcs            []*Func
}

// usesOf looks for builtins whose value depends on the target, through macros
// and library functions too.
func (c *checker) usesOf(probe *ast.Probe) uses {
	var u uses
	var looked []string
	var visit func(n ast.Node)
	visit = func(n ast.Node) {
		ast.Walk(n, func(n ast.Node) bool {
			name := ""
			switch n := n.(type) {
			case *ast.Ident:
				name = n.Name
			case *ast.Call:
				name = n.Name
			default:
				return true
			}
			if slices.Contains(looked, name) {
				return true
			}
			looked = append(looked, name)
			if macros := c.definitionsOf(name); len(macros) > 0 {
				for _, m := range macros {
					visit(m.Body)
				}
			} else if f := c.lib.Func(name); f != nil {
				u.perTarget = u.perTarget || f.PerTarget
				u.named = u.named || f.Named
				u.reads |= f.Reads
				u.funcs = append(u.funcs, f)
			}
			return true
		})
	}
	if probe.Predicate != nil {
		visit(probe.Predicate)
	}
	visit(probe.Body)
	return u
}
