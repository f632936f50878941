package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// cpuOffsets is the kernel's table of how far each CPU's own variables lie from where
// they were linked, by number of the CPU.
const cpuOffsets = "__per_cpu_offset"

// percpuSymbol is what is known of a call when compiling: addresses.
type percpuSymbol struct{ symbol, offsets uint64 }

// PercpuKaddr is the address of a CPU's own copy of a kernel variable.
var PercpuKaddr = &record.Builtin{
	Func: check.Func{
		Name:  "percpu_kaddr",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "symbol", Kind: check.ConstStringArg}, {Name: "cpu", Kind: check.IntArg}},
			Optional: 1,
			Result:   types.Pointer{Elem: types.Uint64, Space: types.Kernel},
		}},
		Check: func(c *check.Call) types.Type {
			name, ok := c.Checker.ConstString(c.Args[0])
			if !ok {
				return nil
			}
			symbol, ok1 := symbolAddress(c, name)
			offsets, ok2 := symbolAddress(c, cpuOffsets)
			if !ok1 || !ok2 {
				return nil
			}
			c.Data = percpuSymbol{symbol, offsets}
			return c.Sig.Result
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		at := c.Data.(percpuSymbol)
		var cpu *ssa.Value
		if len(c.Args) > 1 {
			cpu = b.Int(c.Args[1], types.Uint64)
		} else {
			cpu = b.Call(ssa.HelperSMPID)
		}
		return b.Choose(ssa.ULT, cpu, b.Const(int64(b.Host().NumCPU())), func() *ssa.Value {
			p := b.Temp(types.Uint64)
			b.Read(types.Kernel, p, b.Bin(ssa.OpAdd, b.Const(int64(at.offsets)), b.Bin(ssa.OpLsh, cpu, b.Const(3))))
			return b.Bin(ssa.OpAdd, b.Const(int64(at.symbol)), b.Get(p))
		}, func() *ssa.Value { return b.Const(0) })
	}},
	Doc: `The address of a CPU's own copy of a kernel variable, whose name must be a constant.
Without a number of a CPU it is the current one's; for CPUs that are not there it is
0. Cast it to what the variable is.`,
	Examples: []record.Example{
		{Script: `interval:s:1 { for ($c : 0..ncpus) { @processes[$c] = *percpu_kaddr("process_counts", $c); } }`},
	},
}
