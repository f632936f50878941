package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// clock is one of the kernel's clocks, as a helper reads it.
type clock struct {
	name   string
	helper *ssa.Helper
	needs  *feature.Feature
	// offset names the word of plan.Global that is added to what the helper gives.
	offset string
}

// clocks are what nsecs() takes; the first is the default. A clock that a kernel
// lacks falls back to the next of the same name.
var clocks = []clock{
	{name: "boot", helper: helper("ktime_get_boot_ns", 125, ssa.Reads), needs: feature.BootTime},
	{name: "monotonic", helper: ssa.HelperKtime},
	{name: "tai", helper: helper("ktime_get_tai_ns", 208, ssa.Reads), needs: feature.TAITime},
	{name: "sw_tai", helper: helper("ktime_get_boot_ns", 125, ssa.Reads), needs: feature.BootTime, offset: "tai_minus_boot_ns"},
}

// Nsecs is the time.
var Nsecs = &record.Builtin{
	Func: check.Func{
		Name:  "nsecs",
		Shape: check.Value,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "clock", Kind: check.NameArg}},
			Optional: 1,
			Result:   types.Uint64,
		}},
		Check: checkNsecs,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		at := c.Data.(clock)
		now := b.Call(at.helper)
		if at.offset != "" {
			now = b.Bin(ssa.OpAdd, now, b.Global(at.offset))
		}
		return now
	}},
	Doc: `The time in nanoseconds.
nsecs and nsecs(boot) count from boot, sleep included; nsecs(monotonic) leaves
sleep out; nsecs(tai) is international atomic time, and nsecs(sw_tai) the same
reckoned from the boot clock, for kernels without it.`,
	Examples: []record.Example{{
		Script: `tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; } tracepoint:raw_syscalls:sys_exit /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start, tid); }`,
	}},
}

func checkNsecs(c *check.Call) types.Type {
	names := make([]string, len(clocks))
	for i, k := range clocks {
		names[i] = k.name
	}
	want, ok := nameArg(c, 0, clocks[0].name, names...)
	if !ok {
		return nil
	}
	for _, k := range clocks {
		if k.name != want {
			continue
		}
		if k.needs != nil && !c.Checker.Host().Features().Has(k.needs) {
			c.Checker.Report(source.Errorf(c.Node.Span(), "missing-feature",
				"nsecs(%s) needs %s, from kernel %s on", want, k.needs.What, k.needs.Since)).
				WithHint("nsecs(monotonic) works everywhere")
			return nil
		}
		c.Data = k
	}
	return c.Sig.Result
}

// Elapsed is the time since the session started.
var Elapsed = value("elapsed", types.Uint64, func(b *lower.Builder) *ssa.Value {
	now := b.Call(clocks[0].helper)
	return b.Bin(ssa.OpSub, now, b.Global("start_boot_ns"))
}, `The nanoseconds since tracing started.`,
	record.Example{Script: `interval:s:1 { printf("%d s\n", elapsed / 1000000000); exit(); }`})
