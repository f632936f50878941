package builtin

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"github.com/cilium/ebpf"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Kstack and Ustack share this file with the type of their values. A stack trace
// is kept once, in a map of its own, under a hash of its addresses; the value is
// the hash, the number of frames and the process, so it is cheap as a key.

// Kstack is the kernel's stack.
var Kstack = stackTrace("kstack", false, `The stack trace of the kernel, innermost function first.
kstack(n) takes up to n frames instead of 127. kstack(perf), or kstack(perf, n),
shows addresses too, kstack(raw) addresses only; the config variable stack_mode
says how it is shown otherwise.`,
	record.Example{Script: `profile:hz:99 { @[kstack] = count(); }`},
	record.Example{Script: `tracepoint:sched:sched_switch { @[kstack(perf, 5), comm] = count(); }`})

// Ustack is the process's stack.
var Ustack = stackTrace("ustack", true, `The stack trace of the current process, innermost function first.
It takes the same arguments as kstack. Frames are found by frame pointers:
programs compiled without them have short or wrong traces. ustack(build_id) shows of
each frame the build id of its file and the offset in it, which tell the same place
in all processes that run the file, and on other machines.`,
	record.Example{Script: `profile:hz:99 { @[ustack(10)] = count(); }`},
	record.Example{Script: `uprobe:libc:malloc { @[ustack(perf, 3)] = count(); }`})

// Stack modes, in the words of the language.
const (
	modeNative  = "bpftrace" // name+offset
	modePerf    = "perf"     // address name+offset (module)
	modeRaw     = "raw"      // address
	modeBuildID = "build_id" // build id and offset in the file; user stacks only
)

const (
	defaultFrames = 127
	maxFrames     = 1024
	// maxBuildIDs frames of that kind find room in a program's scratch memory.
	maxBuildIDs = 512
)

// userStack is BPF_F_USER_STACK, userBuildID BPF_F_USER_BUILD_ID.
const (
	userStack   = 1 << 8
	userBuildID = 1 << 11
)

// existsError is -EEXIST.
const existsError = -17

func stackTrace(name string, user bool, doc string, examples ...record.Example) *record.Builtin {
	mode := check.Param{Name: "mode", Kind: check.NameArg}
	limit := check.Param{Name: "frames", Kind: check.ConstIntArg}
	// A process's stack is where the process left it, whatever ran since.
	reads := check.Frames
	if user {
		reads = 0
	}
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Value,
			Reads: reads,
			Sigs: []check.Sig{
				{},
				{Params: []check.Param{mode, limit}, Optional: 1},
				{Params: []check.Param{limit}},
			},
			Check:   func(c *check.Call) types.Type { return checkStack(c, user) },
			MustUse: true,
		},
		Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
			lowerStack(b, c, c.Type.(stackType), dst)
		}},
		Handle:   preload,
		Types:    []types.Type{stackType{user: user, mode: modeNative, limit: defaultFrames}},
		Doc:      doc,
		Examples: examples,
	}
}

func checkStack(c *check.Call, user bool) types.Type {
	t := stackType{user: user, mode: c.Checker.Config().StackMode, limit: defaultFrames}
	modes := []string{modeNative, modePerf, modeRaw}
	switch {
	case user:
		modes = append(modes, modeBuildID)
	case t.mode == modeBuildID:
		t.mode = modeRaw // the setting is meant for user stacks
	}
	if t.mode == "" {
		t.mode = modeNative
	}
	for i, a := range c.Args {
		if c.Sig.Params[i].Kind == check.NameArg {
			mode, ok := nameArg(c, i, modeNative, modes...)
			if !ok {
				return nil
			}
			t.mode = mode
			continue
		}
		n, ok := c.Checker.ConstInt(a)
		if !ok {
			return nil
		}
		most := int64(maxFrames)
		if t.mode == modeBuildID {
			most = maxBuildIDs
		}
		if n < 1 || n > most {
			return wrong(c, a.Span(), "%s([int limit]): limit shouldn't exceed %d, %d given", c.Func.Name, most, n)
		}
		t.limit = int(n)
	}
	return t
}

// stackType is a stack trace of up to limit frames: a word of hash, 32 bits for
// the number of frames, 32 for the process (0 where that makes no difference).
type stackType struct {
	user  bool
	mode  string
	limit int
}

const (
	stackFrames = 8
	stackPID    = 12
)

func (t stackType) String() string {
	if t.user {
		return "ustack_t"
	}
	return "kstack_t"
}

// What the kernel gives of a frame, bytes: its address, or struct bpf_stack_build_id.
const (
	addressSize   = 8
	buildIDSize   = 32
	buildIDOffset = 24
)

// frameSize is what is kept of a frame, bytes.
func (t stackType) frameSize() int {
	if t.mode == modeBuildID {
		return buildIDSize
	}
	return addressSize
}

// Size implements types.Type.
func (stackType) Size() int { return 16 }

// Align implements types.Type.
func (stackType) Align() int { return 8 }

// Compare implements types.Renderer.
func (stackType) Compare(a, b []byte) int {
	return (types.Array{Elem: types.Uint64, N: 2}).Compare(a, b)
}

// offStack is a size, in words, that is always given memory outside the stack.
const offStack = 64

func lowerStack(b *lower.Builder, c *check.Call, t stackType, dst lower.Place) {
	size := t.frameSize() * t.limit
	kept := b.KernelMap(plan.Map{
		Name:       "stacks_" + strconv.Itoa(size/8),
		Kind:       plan.Stacks,
		Type:       ebpf.Hash,
		KeySize:    8,
		ValueSize:  uint32(size),
		MaxEntries: uint32(b.Config().MaxMapKeys),
	})
	// Few frames would fit the stack of the program. But before Linux 5.12 that could not
	// be read at an offset that varies, as hashing does.
	frames := b.Temp(types.Array{Elem: types.Uint64, N: max(size/8, offStack)})
	id, count, pid := dst.At(0, types.Uint64), dst.At(stackFrames, types.Uint32), dst.At(stackPID, types.Uint32)
	flags := int64(0)
	if t.user {
		flags = userStack
	}
	if t.mode == modeBuildID {
		flags |= userBuildID
	}
	base := b.Addr(frames)
	got := b.Call(ssa.HelperGetStack, b.Ctx(), base, b.Const(int64(size)), b.Const(flags))
	if t.mode == modeBuildID {
		got = withoutStray(b, base, got)
	}
	b.If(ssa.SGT, got, b.Const(0), func() {
		// The number of frames is a value of its own, that the comparisons below tell
		// the verifier nothing about.
		n := b.Bin(ssa.OpRsh, got, b.Const(int64(bits.TrailingZeros(uint(t.frameSize())))))
		b.Set(count, n)
		seed, own := got, b.Const(0)
		if t.user && t.mode != modeBuildID {
			// The same addresses are others in another process.
			own = b.Tgid(true)
			seed = b.Bin(ssa.OpXor, got, b.Bin(ssa.OpLsh, own, b.Const(32)))
		}
		hash := hashFrames(b, base, got, seed, int64(size))
		key := b.Temp(types.Uint64)
		b.Set(key, hash)
		b.Set(id, hash)
		b.Set(pid, own)
		keep(b, kept, b.Addr(key), base, func() {
			if t.user && (t.mode == modeNative || t.mode == modePerf) {
				announce(b, c, own)
			}
		})
	}, func() {
		// No trace is the same for all processes.
		b.Set(id, b.Const(0))
		b.Set(count, b.Const(0))
		b.Set(pid, b.Const(0))
	})
}

// withoutStray leaves out the last frame of a trace of build ids when it is in no file.
// Traces by frame pointers end with an address of 0 or so; the kernel then gives the first
// file in memory, and an offset before its beginning, which differs between processes.
func withoutStray(b *lower.Builder, base, size *ssa.Value) *ssa.Value {
	rest := &ssa.Variable{Name: "rest", Type: ssa.Type{Kind: ssa.Scalar}}
	b.Def(rest, size)
	b.If(ssa.SGE, size, b.Const(buildIDSize), func() {
		before := b.Bin(ssa.OpSub, size, b.Const(buildIDSize))
		frame := base.Type
		frame.Size = buildIDSize
		last := b.Value(ssa.OpAddPtrVar, frame, 0, base, before)
		b.If(ssa.SLT, b.Load(64, last, buildIDOffset), b.Const(0), func() { b.Def(rest, before) }, nil)
	}, nil)
	return b.Use(rest)
}

// hashFrames hashes size bytes, most at most.
func hashFrames(b *lower.Builder, base, size, seed *ssa.Value, most int64) *ssa.Value {
	scalar := ssa.Type{Kind: ssa.Scalar}
	hash, at := &ssa.Variable{Name: "hash", Type: scalar}, &ssa.Variable{Name: "at", Type: scalar}
	word := base.Type
	word.Size = 8
	head, round, done := b.Func.NewBlock(), b.Func.NewBlock(), b.Func.NewBlock()
	more := b.Func.NewBlock()
	b.Def(hash, seed)
	b.Def(at, b.Const(0))
	b.Jump(head)

	b.SetBlock(head)
	b.BranchImm(ssa.ULT, b.Use(at), most, more, done)
	b.Seal(more)
	b.SetBlock(more)
	b.Branch(ssa.ULT, b.Use(at), size, round, done)
	b.Seal(round)
	b.SetBlock(round)
	x := b.Load(64, b.Value(ssa.OpAddPtrVar, word, 0, base, b.Use(at)), 0)
	h := b.Bin(ssa.OpMul, b.Bin(ssa.OpXor, b.Use(hash), x), b.Const(hashFactor))
	b.Def(hash, b.Bin(ssa.OpXor, h, b.Bin(ssa.OpRsh, h, b.Const(32))))
	b.Def(at, b.Bin(ssa.OpAdd, b.Use(at), b.Const(8)))
	b.Jump(head)
	b.Seal(head)

	b.Seal(done)
	b.SetBlock(done)
	return b.Use(hash)
}

// hashFactor is 2^64 divided by the golden ratio, made odd, as an int64.
const hashFactor = -0x61c8864680b583eb

// keep puts a stack trace into the map unless it is there, and then runs fresh.
func keep(b *lower.Builder, m *ssa.Map, key, frames *ssa.Value, fresh func()) {
	found := b.Call(ssa.HelperMapLookup, b.MapPtr(m), key)
	found.Type.Size = m.ValueSize
	b.If(ssa.EQ, found, b.Const(0), func() {
		r := b.Call(ssa.HelperMapUpdate, b.MapPtr(m), key, frames, b.Const(noExist))
		b.If(ssa.NE, r, b.Const(0), func() {
			// Maps gave 32 bits before Linux 6.4.
			r := b.Ext(ssa.OpSext, 32, r)
			b.If(ssa.NE, r, b.Const(existsError), func() { b.Count(plan.LostStacks) }, nil)
		}, fresh)
	}, nil)
}

// noExist is BPF_NOEXIST.
const noExist = 1

// stackLen is the number of frames of a stack trace.
func stackLen(b *lower.Builder, p lower.Place) *ssa.Value {
	return b.Get(p.At(stackFrames, types.Uint32))
}

// AppendText implements types.Renderer: a line for each frame, between line ends.
func (t stackType) AppendText(dst, raw []byte, env types.Env) []byte {
	dst = append(dst, '\n')
	if len(raw) < t.Size() || types.Uint32.Load(raw[stackFrames:]) == 0 {
		return dst
	}
	var words []uint64
	if s := types.ServiceOf[types.Stacks](env); s != nil {
		words, _ = s.Stack(t.limit*t.frameSize()/8, uint64(types.Uint64.Load(raw)))
	}
	if words == nil {
		return append(dst, "        [lost]\n"...)
	}
	words = words[:min(len(words), int(types.Uint32.Load(raw[stackFrames:]))*t.frameSize()/8)]
	if t.mode == modeBuildID {
		for frame := range slices.Chunk(words, buildIDSize/8) {
			dst = appendBuildID(dst, frame)
		}
		return dst
	}
	pid := uint32(types.Uint32.Load(raw[stackPID:]))
	for _, addr := range words {
		if addr == 0 {
			break // the end of frame pointers
		}
		dst = t.appendFrame(dst, addr, pid, env)
	}
	return dst
}

// buildIDValid is BPF_STACK_BUILD_ID_VALID: else an address stands for the offset.
const buildIDValid = 1

// appendBuildID shows a struct bpf_stack_build_id: 32 bits of status, 20 bytes of build
// id, and a word of offset.
func appendBuildID(dst []byte, frame []uint64) []byte {
	var raw []byte
	for _, w := range frame {
		raw = binary.NativeEndian.AppendUint64(raw, w)
	}
	if binary.NativeEndian.Uint32(raw) != buildIDValid {
		return append(strconv.AppendUint(dst, frame[3], 16), '\n')
	}
	return fmt.Appendf(dst, "%x 0x%02x\n", raw[4:24], frame[3])
}

func (t stackType) appendFrame(dst []byte, addr uint64, pid uint32, env types.Env) []byte {
	if t.mode == modeRaw {
		return append(strconv.AppendUint(dst, addr, 16), '\n')
	}
	f, known := t.symbol(addr, pid, env)
	if t.mode == modePerf {
		dst = append(strconv.AppendUint(append(dst, '\t'), addr, 16), ' ')
	} else {
		dst = append(dst, "        "...)
	}
	if known {
		dst = types.AppendSafe(dst, []byte(f.Name), env)
		dst = strconv.AppendUint(append(dst, '+'), f.Offset, 10)
	} else {
		dst = appendAddress(dst, addr)
	}
	switch {
	case t.mode == modePerf && t.user && f.Module == "":
		dst = append(dst, " ([unknown])"...)
	case t.mode == modePerf && f.Module != "":
		dst = append(types.AppendSafe(append(dst, " ("...), []byte(f.Module), env), ')')
	case t.mode == modeNative && f.File != "":
		dst = types.AppendSafe(append(dst, '@'), []byte(f.File), env)
		dst = strconv.AppendInt(append(dst, ':'), int64(f.Line), 10)
	}
	return append(dst, '\n')
}

func (t stackType) symbol(addr uint64, pid uint32, env types.Env) (types.Frame, bool) {
	s := types.ServiceOf[types.Symbols](env)
	switch {
	case s == nil:
		return types.Frame{}, false
	case t.user:
		return s.User(pid, addr)
	}
	return s.Kernel(addr)
}

// AppendJSON implements types.Renderer: the text as a string.
func (t stackType) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.AppendText(nil, raw, env))
}
