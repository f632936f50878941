package lower

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Options tune how values are placed.
type Options struct {
	// FrameLimit is the size, in bytes, up to which a value may lie in the stack
	// frame; larger ones go to per-CPU scratch. Below 0 variables that could be in
	// registers go there as well: the registers may overflow into the frame.
	FrameLimit int
	// OwnMechanisms leaves each probe on the mechanism of its type, where a cheaper one
	// would do.
	OwnMechanisms bool
}

// Result is a lowered script: a plan without instructions, and the programs in
// the order of its Programs.
type Result struct {
	Plan     *plan.Plan
	Programs []*ssa.Program
	// Cheaper: some probes are on another mechanism than their own.
	Cheaper bool
}

// unit is what the programs of one script share.
type unit struct {
	checked *check.Program
	lib     Library
	host    check.Host
	opt     Options
	plan    *plan.Plan
	maps    map[*check.Map]*mapInfo
	kernel  map[string]*ssa.Map // by name
	globals map[string]uint32   // offsets
	zeroLen uint32              // how many bytes of zeroes are needed
	events  map[eventKey]int
	kfuncs  map[string]*ssa.Kfunc
	errs    []error

	// uses are those of instances, as far as asked for; ways are those that were
	// chosen for targets, and instead what is lowered in an instance's place.
	uses    map[*check.Instance]*Use
	ways    map[*check.Target]*Way
	instead map[*check.Instance][]*check.Instance
}

// Lower makes the programs of a checked script. An error joins *source.Diagnostic
// values: what the script wants and this kernel has no way to do.
func Lower(p *check.Program, lib Library, host check.Host, opt Options) (res *Result, err error) {
	u := &unit{
		checked: p, lib: lib, host: host, opt: opt,
		plan:    &plan.Plan{Config: p.Config},
		maps:    map[*check.Map]*mapInfo{},
		kernel:  map[string]*ssa.Map{},
		globals: map[string]uint32{},
		events:  map[eventKey]int{},
		kfuncs:  map[string]*ssa.Kfunc{},
		uses:    map[*check.Instance]*Use{},
		ways:    map[*check.Target]*Way{},
		instead: map[*check.Instance][]*check.Instance{},
	}
	u.counters()
	for _, m := range p.Maps {
		u.declare(m)
	}
	if !opt.OwnMechanisms {
		u.decide()
	}
	res = &Result{Plan: u.plan, Cheaper: len(u.ways) > 0}
	pairs := u.sessions()
	paired := map[*check.Instance]bool{}
	for _, ret := range pairs {
		paired[ret] = true
	}
	for _, inst := range p.Instances {
		switch ret := pairs[inst]; {
		case u.instead[inst] != nil:
			for _, own := range u.instead[inst] {
				res.Programs = append(res.Programs, u.program(part{own, own.Targets}))
			}
		case paired[inst]:
		case ret != nil:
			res.Programs = append(res.Programs, u.program(part{inst, inst.Targets}, part{ret, ret.Targets}))
		default:
			for _, targets := range u.share(inst) {
				res.Programs = append(res.Programs, u.program(part{inst, targets}))
			}
		}
	}
	u.finish()
	if len(u.errs) > 0 {
		return nil, errors.Join(u.errs...)
	}
	return res, nil
}

// share splits the targets of an instance into those that one program can serve.
func (u *unit) share(inst *check.Instance) [][]check.Target {
	ctx := inst.Context
	if len(inst.Targets) < 2 || !ctx.Bound && !(inst.UsesName && !u.tells(ctx.Provider)) {
		return [][]check.Target{inst.Targets}
	}
	var out [][]check.Target
	for i := range inst.Targets {
		out = append(out, inst.Targets[i:i+1])
	}
	return out
}

// tells tells whether a program can learn which of several targets ran it.
func (u *unit) tells(p *check.Provider) bool {
	return p != nil && p.Cookie != nil && u.host.Features().Has(p.Cookie)
}

// program is the state of one BPF program while it is made.
type program struct {
	index   int
	ssa     *ssa.Program
	targets []check.Target
	scratch scratch
	// calls are those of the macros that are being lowered, outermost first.
	calls []source.Span
	// assigns counts the assignments to each variable, see storage.
	assigns map[*check.Var]int
}

// program makes the program of a body, or of a session's two.
func (u *unit) program(parts ...part) *ssa.Program {
	index := len(u.plan.Programs)
	inst, targets := parts[0].inst, parts[0].targets
	ctx := inst.Context
	pp := &plan.Program{
		Name: fmt.Sprintf("p%d", index), Type: programTypes[ctx.Program].program,
		AttachTo: ctx.BindTo, AttachModule: ctx.BindModule, AttachProg: ctx.BindProg, AttachBTFID: ctx.BindID,
	}
	if len(targets) > 0 {
		pp.Probe = targets[0].Name
		pp.Name = programName(pp.Probe)
	}
	first := len(u.plan.Attach)
	for _, p := range parts {
		u.attach(index, p)
	}
	pp.AttachType = u.attachType(inst, u.plan.Attach[first:])
	if len(parts) > 1 {
		pp.AttachType = ebpf.AttachTraceKprobeSession
	}
	u.plan.Programs = append(u.plan.Programs, pp)

	prog := &program{index: index, ssa: &ssa.Program{Name: pp.Name}, targets: targets, assigns: map[*check.Var]int{}}
	f := ssa.NewFunc(pp.Name)
	prog.ssa.Funcs = []*ssa.Func{f}
	emit := ssa.NewBuilder(f, ssa.Type{Kind: ssa.Ctx})
	param := f.Blocks[0].Params[0]
	var blocks []*ssa.Block
	for i, p := range parts {
		maps.Copy(prog.assigns, countAssigns(p.inst))
		b := &Builder{Builder: emit, Instance: p.inst, unit: u, prog: prog, info: p.inst.Info}
		b.fn = newFunction(nil, emit)
		b.fn.ctx = param
		if i == 0 && len(parts) > 1 {
			entry, ret := b.choose()
			blocks = []*ssa.Block{entry, ret}
		}
		if blocks != nil {
			b.enter(blocks[i])
		}
		b.body()
	}
	for _, f := range prog.ssa.Funcs {
		f.RemoveUnreachable()
	}
	return prog.ssa
}

// attach adds the attachments of a program's part to the plan.
func (u *unit) attach(index int, p part) {
	for i := range p.targets {
		t := &p.targets[i]
		how, err := u.how(t, p.inst.Context)
		if err != nil {
			u.attachError(t, err)
			continue
		}
		at := &plan.Attach{Program: index, Name: t.Name, Func: t.Func, How: how, Found: t.Found, First: u.refusable(t)}
		if t.Point != nil && t.Point.Node != nil {
			at.Span = t.Point.Node.Span()
		}
		if p.inst.UsesName && len(p.targets) > 1 {
			at.Cookie = uint64(len(u.plan.Attach) + 1)
		}
		u.plan.Attach = append(u.plan.Attach, at)
	}
}

// how gives the mechanism for a target.
func (u *unit) how(t *check.Target, ctx *check.Context) (plan.Mechanism, error) {
	if way := u.ways[t]; way != nil {
		return way.How, nil
	}
	return u.lib.Attach(t, ctx)
}

// programName makes the kernel's name of a program from its probe's: all of it, or
// if that is too long the last part.
func programName(probe string) string {
	if len(probe) > maxName {
		probe = probe[strings.LastIndexByte(probe, ':')+1:]
	}
	return kernelName(probe)
}

// body lowers the probe: filter, predicate, statements, and the one way out.
func (b *Builder) body() {
	inst := b.Instance
	if inst.Probe != nil {
		b.Span = inst.Probe.Span()
	}
	b.fn.exit, b.fn.out = b.Func.NewBlock(), b.Func.NewBlock()
	b.awaitStart()
	zero := b.Const(0)
	if b.hasResult() {
		b.fn.result = &ssa.Variable{Name: "result", Type: ssa.Type{Kind: ssa.Scalar}}
		b.Def(b.fn.result, zero)
	}
	if pid := b.Options().PID; pid != 0 && (inst.Context.Provider == nil || !inst.Context.Provider.Unfiltered) {
		ok := b.Func.NewBlock()
		b.BranchImm(ssa.EQ, b.Tgid(true), int64(pid), ok, b.fn.out)
		b.enter(ok)
	}
	b.filterOwner()
	prologue, start := b.later()
	b.setResult(zero)
	if inst.Probe != nil {
		if p := inst.Probe.Predicate; p != nil {
			yes, no := b.Func.NewBlock(), b.Func.NewBlock()
			b.cond(p, yes, no)
			b.enter(no)
			if b.fn.scratch == nil && inst.Context.Program != check.ProgIter && !b.leaves(p) {
				// Only what passes has to find scratch.
				b.Jump(b.fn.out)
				b.enter(yes)
				if body := b.Block; body != nil {
					b.SetBlock(prologue)
					b.Jump(start)
					b.SetBlock(body)
					prologue, start = b.later()
					b.setResult(zero)
				}
			} else {
				b.Jump(b.fn.exit)
				b.enter(yes)
			}
		}
		b.block(inst.Probe.Body)
	}
	b.Jump(b.fn.exit)
	b.Block = prologue
	b.throttle()
	b.openScratch(start)
	b.enter(b.fn.exit)
	b.closeScratch()
	b.Jump(b.fn.out)
	b.enter(b.fn.out)
	switch {
	case b.fn.result != nil:
		b.Return(b.Use(b.fn.result))
	case b.Reachable():
		b.Return(b.Const(0))
	}
}

// later leaves the current block open for what must come before the code that is
// made now, in a block that it will jump to.
func (b *Builder) later() (before, start *ssa.Block) {
	before, start = b.Block, b.Func.NewBlock()
	b.Seal(start)
	b.SetBlock(start)
	return before, start
}

// hasResult tells whether what the body returns matters. Only what the runtime runs
// itself hands it to anyone; for others the kernel would read a meaning into it.
func (b *Builder) hasResult() bool {
	found := false
	if b.Context().Program == check.ProgTestRun && b.Instance.Probe != nil {
		walk(b.info, b.Instance.Probe, func(n ast.Node) {
			if j, ok := n.(*ast.Jump); ok && j.Value != nil {
				found = true
			}
		})
	}
	return found
}

func (b *Builder) setResult(v *ssa.Value) {
	if b.fn.result != nil {
		b.Def(b.fn.result, v)
	}
}

// finish sizes what grew while the programs were made.
func (u *unit) finish() {
	for _, m := range u.plan.Maps {
		switch {
		case m.Name == countersName:
			m.MaxEntries = uint32(u.nextCounter())
		case m.Name == zeroName:
			m.ValueSize = max(8, (u.zeroLen+7)&^7)
			u.kernel[zeroName].ValueSize = int32(m.ValueSize)
		case m.Name == namesName:
			u.fillNames(m)
		case m.Name == globalsName:
			m.ValueSize = uint32(8 * len(u.plan.Globals))
			m.Contents = make([]byte, m.ValueSize)
			u.kernel[globalsName].ValueSize = int32(m.ValueSize)
		}
	}
}

func (u *unit) attachError(t *check.Target, err error) {
	var d *source.Diagnostic
	if !errors.As(err, &d) {
		var at source.Span
		if t.Point != nil && t.Point.Node != nil {
			at = t.Point.Node.Span()
		}
		d = source.Errorf(at, "attach", "%s: %v", t.Name, err)
	}
	u.errs = append(u.errs, d)
}

// internal reports what the checker should not have let pass.
func (b *Builder) internal(at source.Span, what string) {
	b.unit.errs = append(b.unit.errs, fmt.Errorf("internal error: %v: %s", at.Start, what))
}

// fail reports what this kernel has no way to do.
func (b *Builder) fail(at source.Span, format string, args ...any) *source.Diagnostic {
	d := source.Errorf(at, "no-lowering", format, args...)
	b.unit.errs = append(b.unit.errs, d)
	return d
}

// lacks reports that this kernel has no way to do what who says, for want of a feature.
func (b *Builder) lacks(at source.Span, need *feature.Feature, format string, args ...any) {
	d := check.Missing(at, need, fmt.Sprintf(format, args...))
	b.unit.errs = append(b.unit.errs, d)
}

// programTypes are the kernel's names for the kinds of programs.
var programTypes = map[check.ProgramKind]struct {
	program ebpf.ProgramType
	attach  ebpf.AttachType
}{
	check.ProgTestRun:       {ebpf.RawTracepoint, ebpf.AttachNone},
	check.ProgTracepoint:    {ebpf.TracePoint, ebpf.AttachNone},
	check.ProgRawTracepoint: {ebpf.RawTracepoint, ebpf.AttachNone},
	check.ProgTracingBTF:    {ebpf.Tracing, ebpf.AttachTraceRawTp},
	check.ProgPerfEvent:     {ebpf.PerfEvent, ebpf.AttachNone},
	check.ProgKprobe:        {ebpf.Kprobe, ebpf.AttachNone},
	check.ProgFentry:        {ebpf.Tracing, ebpf.AttachTraceFEntry},
	check.ProgFexit:         {ebpf.Tracing, ebpf.AttachTraceFExit},
	check.ProgIter:          {ebpf.Tracing, ebpf.AttachTraceIter},
}

// isMemory tells whether values of t live in memory rather than in a register.
func isMemory(t types.Type) bool {
	if t == nil {
		return false
	}
	_, scalar := types.AsInt(t)
	_, void := t.(types.Void)
	return !scalar && !void
}
