package builtin

import (
	"encoding/binary"
	"strconv"

	"github.com/cilium/ebpf"

	"sonde/codegen/lower"
	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/runtime/event"
	"sonde/stdlib/record"
)

// Ksym and Usym share this file with the types of their values: addresses that
// print as names.

// Ksym names an address of the kernel.
var Ksym = &record.Builtin{
	Func: check.Func{
		Name:    "ksym",
		Shape:   check.Function,
		Sigs:    []check.Sig{{Params: []check.Param{{Name: "address", Kind: check.PtrArg}}, Result: printed[kernelSymbol]{}}},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.Int(c.Args[0], types.Uint64)
	}},
	Types: []types.Type{printed[kernelSymbol]{}},
	Doc: `Shows an address of the kernel as the function or variable that it lies in.
The name is looked up when the value is printed; in maps it is the address that
counts. Addresses in no symbol are shown in hexadecimal.`,
	Examples: []record.Example{
		{Script: `profile:hz:99 { @[ksym(reg("ip"))] = count(); }`},
		{Script: `begin { print(ksym(0)); }`, Output: "0x0\n"},
	},
}

// Usym names an address of a process.
var Usym = &record.Builtin{
	Func: check.Func{
		Name:    "usym",
		Shape:   check.Function,
		Sigs:    []check.Sig{{Params: []check.Param{{Name: "address", Kind: check.PtrArg}}, Result: usymType{}}},
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		pid := b.Tgid(true)
		value := b.Temp(usymType{})
		b.Set(value.At(0, types.Uint64), b.Int(c.Args[0], types.Uint64))
		b.Set(value.At(8, types.Uint64), pid)
		firstTime(b, b.Addr(value), func() { announce(b, c, pid) })
		b.Assign(dst, lower.Memory(value))
	}},
	Handle: preload,
	Types:  []types.Type{usymType{}},
	Doc: `Shows an address of the current process as the function that it lies in.
The name is looked up when the value is printed, with what was known of the process
when the address was first seen if it has ended. Names come from the symbol tables of
the program or library, from its debug file below /usr/lib/debug, from what a stripped
Go program keeps for its own tracebacks, and for code made at run time from
/tmp/perf-PID.map. Addresses in no symbol are shown in hexadecimal.`,
	Examples: []record.Example{
		{Script: `uprobe:/bin/bash:readline { printf("%s\n", usym(reg("ip"))); }`},
	},
}

// firstTime runs f for addresses that have not been seen, or not for long.
func firstTime(b *lower.Builder, address *ssa.Value, f func()) {
	seen := b.KernelMap(plan.Map{
		Name: ".addresses", Kind: plan.Scratch, Type: ebpf.LRUHash, KeySize: uint32(usymType{}.Size()), ValueSize: 8, MaxEntries: 4096,
	})
	found := b.Call(ssa.HelperMapLookup, b.MapPtr(seen), address)
	b.If(ssa.EQ, found, b.Const(0), func() {
		mark := b.Temp(types.Uint64)
		b.Set(mark, b.Const(1))
		b.Call(ssa.HelperMapUpdate, b.MapPtr(seen), address, b.Addr(mark), b.Const(0))
		f()
	}, nil)
}

// announce tells the tracer at once of a process whose addresses it will be asked for,
// maybe when the process has ended. When there is no room that is no loss to count:
// nothing that the script wants to say.
func announce(b *lower.Builder, c *check.Call, pid *ssa.Value) {
	b.EmitElse(c.Func.Name, nil, true, func() {}, lower.ArgValue(pid, types.Uint32))
}

// preload handles what announce emits.
func preload(s event.Session, _ *plan.Event, payload []byte) {
	if symbols := types.ServiceOf[types.Symbols](s.Env()); symbols != nil {
		symbols.Preload(binary.NativeEndian.Uint32(payload))
	}
}

func appendAddress(dst []byte, addr uint64) []byte {
	return strconv.AppendUint(append(dst, "0x"...), addr, 16)
}

// kernelSymbol shows addresses of the kernel.
type kernelSymbol struct{}

func (kernelSymbol) name() string { return "ksym_t" }

func (kernelSymbol) appendWords(dst []byte, addr uint64, env types.Env) []byte {
	if s := types.ServiceOf[types.Symbols](env); s != nil {
		if f, ok := s.Kernel(addr); ok {
			return append(dst, f.Name...)
		}
	}
	return appendAddress(dst, addr)
}

// usymType is an address of a process: two words, the address and the process id.
type usymType struct{}

func (usymType) String() string { return "usym_t" }

// Size implements types.Type.
func (usymType) Size() int { return 16 }

// Align implements types.Type.
func (usymType) Align() int { return 8 }

// AppendText implements types.Renderer.
func (usymType) AppendText(dst, raw []byte, env types.Env) []byte {
	addr := uint64(types.Uint64.Load(raw))
	if s := types.ServiceOf[types.Symbols](env); s != nil && len(raw) >= 16 {
		if f, ok := s.User(uint32(types.Uint64.Load(raw[8:])), addr); ok {
			return types.AppendSafe(dst, []byte(f.Name), env)
		}
	}
	return appendAddress(dst, addr)
}

// AppendJSON implements types.Renderer.
func (t usymType) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.AppendText(nil, raw, env))
}

// Compare implements types.Renderer.
func (usymType) Compare(a, b []byte) int {
	return (types.Array{Elem: types.Uint64, N: 2}).Compare(a, b)
}
