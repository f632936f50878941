// Package codegen compiles a checked script: it lowers it to SSA, optimises,
// gives values registers, and emits instructions.
//
// Comes in: a *check.Program, the library's lowerings, and a host's answers. Goes
// out: a *plan.Plan. Guaranteed: the same script, options and answers give the
// same plan, to the byte; what the checker accepts compiles and passes the
// kernel's verifier, however much memory its values need at once (up to what
// per-CPU memory can hold).
package codegen

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/lower"
	"sonde/codegen/opt"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/source"
)

// Options say what to show on the way, and how carefully to work.
type Options struct {
	// File is the script's text, for the source lines in the instructions'
	// description; nil: none.
	File *source.File
	// Stages to dump: "ssa" (what is allocated), "ssa:PASS" (after that pass;
	// "ssa:lower" is before the first, "ssa:all" is each), "alloc", "asm"; "all"
	// is ssa and asm.
	Stages []string
	// Dump is given what Stages ask for, program by program.
	Dump func(stage, program, text string)
	// Verify checks the SSA after lowering and after each pass.
	Verify bool
	// Plain leaves out optimisation and gives every value a place in memory: what
	// the real thing is compared with in tests.
	Plain bool
	// OwnMechanisms leaves each probe on the mechanism of its type.
	OwnMechanisms bool
}

// defaultFrameLimit is the size up to which values lie in the stack frame when the
// configuration says nothing, bytes.
const defaultFrameLimit = 32

// Compile makes the plan of a checked script. What the script wants and the kernel
// can't do is reported as *source.Diagnostic (errors.As); anything else is a bug
// in the compiler.
func Compile(p *check.Program, lib lower.Library, host check.Host, o Options) (*plan.Plan, error) {
	limit := int(p.Config.OnStackLimit)
	if limit == 0 {
		limit = defaultFrameLimit
	}
	for {
		c := &compiler{Options: o, host: host}
		if limit < 0 {
			// It would bring back into registers what was put into memory.
			c.disable = []string{"loads"}
		}
		out, err := c.compile(p, lib, lower.Options{FrameLimit: limit, OwnMechanisms: o.OwnMechanisms})
		var full *alloc.FrameError
		if !errors.As(err, &full) || limit < 0 {
			if err == nil {
				c.flush()
			}
			return out, err
		}
		limit = lowerLimit(limit, full)
	}
}

// lowerLimit gives the next size to try: the stack is 512 bytes, and what does not
// fit moves to per-CPU memory, large values first, at last even what could be in
// registers.
func lowerLimit(limit int, full *alloc.FrameError) int {
	limit /= 2
	if len(full.Objects) > 0 {
		limit = min(limit, int(full.Objects[0].Size)-1)
	}
	if limit < 8 {
		return -1
	}
	return limit
}

// compiler is one attempt.
type compiler struct {
	Options
	host    check.Host
	disable []string // passes
	dumps   []dump
}

type dump struct{ stage, program, text string }

func (c *compiler) compile(p *check.Program, lib lower.Library, lo lower.Options) (*plan.Plan, error) {
	low, err := lower.Lower(p, lib, c.host, lo)
	if err != nil {
		return nil, err
	}
	debug := emit.NewDebug(c.line)
	for i, program := range low.Programs {
		code, err := c.program(program)
		if err != nil {
			return nil, fmt.Errorf("internal error: %s: %w", low.Plan.Programs[i].Probe, err)
		}
		out := low.Plan.Programs[i]
		out.Instructions, out.Spans = code.Instructions, code.Spans
		out.FuncInfo, out.LineInfo = debug.Add(code)
	}
	low.Plan.BTF = debug.BTF()
	if low.Cheaper {
		low.Plan.Plainly = func() (*plan.Plan, error) {
			again := c.Options
			again.Stages, again.OwnMechanisms = nil, true
			return Compile(p, lib, c.host, again)
		}
	}
	return low.Plan, nil
}

func (c *compiler) program(p *ssa.Program) (*emit.Code, error) {
	if c.Verify {
		if err := ssa.Verify(p); err != nil {
			return nil, fmt.Errorf("after lowering: %w", err)
		}
	}
	if err := opt.Run(p, opt.Options{Verify: c.Verify, Dump: c.passDump(), Disable: c.disable, DisableAll: c.Plain}); err != nil {
		return nil, err
	}
	if c.wants("ssa") {
		c.dump("ssa", p.Name, p.String())
	}
	allocate := alloc.Allocate
	if c.Plain {
		allocate = alloc.Trivial
	}
	var funcs []*alloc.Result
	for _, f := range p.Funcs {
		r, err := allocate(f)
		if err != nil {
			return nil, err
		}
		if c.wants("alloc") {
			c.dump("alloc", p.Name, r.String())
		}
		funcs = append(funcs, r)
	}
	code, err := emit.Program(p, funcs, emit.Options{Features: c.host.Features()})
	if err != nil {
		return nil, err
	}
	if c.wants("asm") {
		var text strings.Builder
		code.Print(&text, c.line)
		c.dump("asm", p.Name, text.String())
	}
	return code, nil
}

// line gives the script's line of a place.
func (c *compiler) line(at source.Pos) string {
	if c.File == nil || at.Filename != c.File.Name {
		return ""
	}
	return c.File.Line(at.Line)
}

func (c *compiler) wants(stage string) bool {
	return c.Dump != nil && (slices.Contains(c.Stages, stage) || stage != "alloc" && slices.Contains(c.Stages, "all"))
}

// passDump shows the program after the passes that were asked for.
func (c *compiler) passDump() func(pass string, p *ssa.Program) {
	if c.Dump == nil || !slices.ContainsFunc(c.Stages, func(s string) bool { return strings.HasPrefix(s, "ssa:") }) {
		return nil
	}
	return func(pass string, p *ssa.Program) {
		stage := "ssa:" + pass
		if slices.Contains(c.Stages, stage) || slices.Contains(c.Stages, "ssa:all") {
			c.dump(stage, p.Name, p.String())
		}
	}
}

// dump keeps what is to be shown until it is certain that this attempt stands.
func (c *compiler) dump(stage, program, text string) {
	c.dumps = append(c.dumps, dump{stage, program, text})
}

func (c *compiler) flush() {
	for _, d := range c.dumps {
		c.Dump(d.stage, d.program, d.text)
	}
}
