// Package emit turns allocated functions into eBPF instructions, with the tables
// by which the kernel and our own messages find the script's line of each.
//
// Comes in: an ssa.Program and its functions' allocations. Goes out: one
// instruction stream, the entry function first, complete but for map file
// descriptors: loads of maps carry the map's name as their Reference. Jumps and
// calls between functions are resolved, there are no symbols. Guaranteed: no
// jump, offset or immediate is out of range; no instruction is unreachable,
// provided the functions have no unreachable blocks; the same input gives the
// same bytes.
package emit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/asm"

	"sonde/codegen/alloc"
	"sonde/codegen/ssa"
	"sonde/lang/feature"
	"sonde/lang/source"
)

// Options say what the kernel's machine can do.
type Options struct {
	Features feature.Set
	// StackLimit is the stack of a chain of calls in bytes; 0: alloc.FrameLimit.
	StackLimit int32
}

// Code is an emitted program.
type Code struct {
	Instructions asm.Instructions
	// Spans gives the script's place of each of Instructions.
	Spans []source.Span
	// Funcs are the functions in the order of their code.
	Funcs []Func
}

// Func is where a function begins.
type Func struct {
	Name string
	// Offset counts 8-byte units from the start of the program.
	Offset int
	// Params is how many arguments the function has.
	Params int
}

// Program emits a program. The error is a *alloc.FrameError when a chain of calls
// needs more stack than there is.
func Program(p *ssa.Program, funcs []*alloc.Result, opt Options) (*Code, error) {
	if err := checkStack(p, funcs, cmp.Or(opt.StackLimit, alloc.FrameLimit)); err != nil {
		return nil, err
	}
	e := &emitter{isa4: opt.Features != nil && opt.Features.Has(feature.ISAv4)}
	if err := e.program(funcs); err != nil {
		if !e.isa4 {
			return nil, fmt.Errorf("program %s: %w", p.Name, err)
		}
		e = &emitter{isa4: true, long: true}
		if err := e.program(funcs); err != nil {
			return nil, fmt.Errorf("program %s: %w", p.Name, err)
		}
	}
	return &e.Code, nil
}

// emitter writes one program.
type emitter struct {
	Code
	isa4 bool
	// long: every jump between blocks has 32 bits of range.
	long   bool
	pos    int // in 8-byte units
	starts map[*alloc.Block]int
	entry  map[*ssa.Func]int
	jumps  []jump
	calls  []call
	err    error
}

// jump is an instruction whose target is not placed yet.
type jump struct {
	index, pos int
	to         *alloc.Block
}

// call refers to the start of a function.
type call struct {
	index, pos int
	to         *ssa.Func
}

func (e *emitter) program(funcs []*alloc.Result) error {
	e.starts, e.entry = map[*alloc.Block]int{}, map[*ssa.Func]int{}
	for _, f := range funcs {
		e.entry[f.Func] = e.pos
		e.Funcs = append(e.Funcs, Func{Name: f.Func.Name, Offset: e.pos, Params: len(f.Func.Blocks[0].Params)})
		e.function(f)
	}
	for _, j := range e.jumps {
		off := e.starts[j.to] - j.pos - 1
		in := &e.Instructions[j.index]
		switch {
		case in.OpCode.Class() == asm.Jump32Class && in.OpCode.JumpOp() == asm.Ja:
			in.Constant = int64(off)
		case off != int(int16(off)):
			return fmt.Errorf("a jump over %d instructions, the kernel's machine has %d", off, 1<<15-1)
		default:
			in.Offset = int16(off)
		}
	}
	for _, c := range e.calls {
		start, ok := e.entry[c.to]
		if !ok {
			return fmt.Errorf("function %s is called and not part of the program", c.to.Name)
		}
		e.Instructions[c.index].Constant = int64(uint32(start - c.pos - 1))
	}
	return e.err
}

// function writes the blocks that have code, in order.
func (e *emitter) function(f *alloc.Result) {
	order := make([]*alloc.Block, 0, len(f.Blocks))
	for i, b := range f.Blocks {
		if i == 0 || through(b) == b {
			order = append(order, b)
		}
	}
	for i, b := range order {
		var next *alloc.Block
		if i+1 < len(order) {
			next = order[i+1]
		}
		e.starts[b] = e.pos
		for k := range b.Insts {
			e.inst(&b.Insts[k])
		}
		e.term(&b.Term, next)
	}
}

// through follows jumps from blocks that do nothing else.
func through(b *alloc.Block) *alloc.Block {
	seen := 0
	for len(b.Insts) == 0 && b.Term.Kind == ssa.Jump && seen < 1000 {
		b = b.Term.Succs[0].To
		seen++ // a loop that does nothing stays one
	}
	return b
}

func (e *emitter) add(at source.Span, ins ...asm.Instruction) {
	for _, in := range ins {
		e.Instructions = append(e.Instructions, in)
		e.Spans = append(e.Spans, at)
		e.pos++
		if in.OpCode.IsDWordLoad() {
			e.pos++
		}
	}
}

func (e *emitter) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

// goTo jumps to a block.
func (e *emitter) goTo(at source.Span, to *alloc.Block) {
	in := asm.Instruction{OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.Ja)}
	if e.long {
		in.OpCode = asm.OpCode(asm.Jump32Class).SetJumpOp(asm.Ja)
	}
	e.jumps = append(e.jumps, jump{len(e.Instructions), e.pos, to})
	e.add(at, in)
}

// term ends a block; next is the block whose code follows.
func (e *emitter) term(t *alloc.Term, next *alloc.Block) {
	switch t.Kind {
	case ssa.Return:
		e.move(t.Span, asm.R0, t.A)
		e.add(t.Span, asm.Return())
	case ssa.Jump:
		if to := through(t.Succs[0].To); to != next {
			e.goTo(t.Span, to)
		}
	case ssa.Branch:
		e.branch(t, next)
	default:
		e.fail("a block without end")
	}
}

func (e *emitter) branch(t *alloc.Term, next *alloc.Block) {
	yes, no := through(t.Succs[0].To), through(t.Succs[1].To)
	if yes == no {
		if yes != next {
			e.goTo(t.Span, yes)
		}
		return
	}
	// The verifier follows the side that falls through first and keeps the other for
	// later, 8192 of them at most (BPF_COMPLEXITY_LIMIT_JMP_SEQ). Where it follows each
	// turn of a loop, leaving must fall through, so that the other side is next.
	cond := t.Cond
	negated, ok := cond.Negate()
	if ok && (t.Leaves == 1 || t.Leaves == 0 && yes == next) {
		cond, yes, no = negated, no, yes
	}
	in := compare(cond, t.A, t.B, t.Width)
	if e.long {
		in.Offset = 1
		e.add(t.Span, in)
		e.goTo(t.Span, no)
		e.goTo(t.Span, yes)
		return
	}
	e.jumps = append(e.jumps, jump{len(e.Instructions), e.pos, yes})
	e.add(t.Span, in)
	if no != next {
		e.goTo(t.Span, no)
	}
}

var jumpOps = [...]asm.JumpOp{
	ssa.EQ: asm.JEq, ssa.NE: asm.JNE, ssa.ULT: asm.JLT, ssa.ULE: asm.JLE, ssa.UGT: asm.JGT, ssa.UGE: asm.JGE,
	ssa.SLT: asm.JSLT, ssa.SLE: asm.JSLE, ssa.SGT: asm.JSGT, ssa.SGE: asm.JSGE, ssa.SET: asm.JSet,
}

// compare is a conditional jump, its offset still to be set.
func compare(c ssa.Cond, a, b alloc.Operand, width uint8) asm.Instruction {
	class := asm.JumpClass
	if width == 32 {
		class = asm.Jump32Class
	}
	in := asm.Instruction{Dst: asm.Register(a.Reg), Constant: b.Imm}
	src := asm.ImmSource
	if b.Mode == alloc.InReg {
		src, in.Src, in.Constant = asm.RegSource, asm.Register(b.Reg), 0
	}
	in.OpCode = asm.OpCode(class).SetJumpOp(jumpOps[c]).SetSource(src)
	return in
}

// checkStack adds up the frames along every chain of calls, as the kernel does
// (check_max_stack_depth in kernel/bpf/verifier.c, which rounds frames up to 32
// bytes).
func checkStack(p *ssa.Program, funcs []*alloc.Result, limit int32) error {
	frames := map[*ssa.Func]*alloc.Result{}
	for _, f := range funcs {
		frames[f.Func] = f
	}
	var deepest func(f *ssa.Func, chain []*ssa.Func) int32
	deepest = func(f *ssa.Func, chain []*ssa.Func) int32 {
		r := frames[f]
		if r == nil || slices.Contains(chain, f) {
			return 0
		}
		chain = append(chain, f)
		var below int32
		for _, b := range r.Blocks {
			for i := range b.Insts {
				if to, ok := b.Insts[i].Aux.(*ssa.Func); ok {
					below = max(below, deepest(to, chain))
				}
			}
		}
		return (max(r.Frame, 1)+31)&^31 + below
	}
	need := deepest(p.Funcs[0], nil)
	if need <= limit {
		return nil
	}
	e := &alloc.FrameError{Func: p.Name, Size: need}
	for _, f := range funcs {
		for _, s := range f.Slots {
			if s.Object != nil {
				e.Objects = append(e.Objects, s.Object)
			}
		}
	}
	slices.SortStableFunc(e.Objects, func(a, b *ssa.Slot) int { return int(b.Size - a.Size) })
	return e
}
