package probe

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"sonde/codegen/plan"
	"sonde/lang/arch"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Kprobe attaches to the kernel's functions and instructions.
var Kprobe = kernelFunction("kprobe", "k", false, `Runs when a function of the kernel is entered, or at an instruction of it.
argN are the arguments in registers; cast them to the kernel's types. A module may be
named first, and wildcards may stand in both parts. Functions come and go with the
kernel's versions: a tracepoint that says the same lasts longer.

A function of the kernel proper that is no symbol because the compiler inlined it is
looked for in the kernel's debugging information (the package linux-image-…-dbg or
kernel-debuginfo, a vmlinux that was built here, or the file that BPFTRACE_VMLINUX names), and
a probe goes to each place where its code begins. There probe is the attach point, func
the function that the code was put into, and kstack and reg() work; argN and retval do not
exist. Compilers move code: at some places the probe may run a little before or after
what the source has there, or once before a loop. A function that is a symbol as well is
probed there only (which kernels refuse where it is declared inline), and wildcards and -l
know symbols only. Modules are not looked into.`,
	record.Example{Script: `kprobe:vfs_read { @[comm] = count(); }`},
	record.Example{Script: `kprobe:vfs_open { printf("%s\n", str(((struct path *)arg0).dentry.d_name.name)); }`})

// Kretprobe attaches to the returns of the kernel's functions.
var Kretprobe = kernelFunction("kretprobe", "kr", true, `Runs when a function of the kernel returns; retval is its result.
The arguments are gone by then: keep them in a map keyed by tid at the entry, or use
fexit.`,
	record.Example{Script: `kretprobe:vfs_read { @bytes = hist(retval); }`})

// kernelTarget is what an attach point on a kernel function says: a symbol with an
// offset, or an address when the symbol is empty.
type kernelTarget struct {
	module, symbol  string
	offset, address uint64
}

func kernelFunction(name, alias string, ret bool, doc string, examples ...record.Example) *record.Probe {
	forms := []string{name + ":function", name + ":module:function", name + ":address"}
	if !ret {
		forms = append(forms, name+":function+offset")
	}
	return &record.Probe{
		Provider: check.Provider{
			Name:    name,
			Aliases: []string{alias},
			Parse:   func(p *check.Point) *source.Diagnostic { return parseKernel(p, ret, forms) },
			Expand: func(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
				return expandKernel(p, host, opt, ret)
			},
			Context: func(t *check.Target, _ check.Host) (*check.Context, *source.Diagnostic) {
				return kernelContext(t, ret), nil
			},
			Needs:  []*feature.Feature{feature.Kprobes},
			Cookie: feature.AttachCookie,
		},
		Attach:  mechanism,
		Cheaper: trampolineWay,
		List: func(host check.Host, parts []string, _ int) ([]string, error) {
			return listFunctions(host, name, parts)
		},
		Syntax:   forms,
		Doc:      doc,
		Examples: examples,
	}
}

func parseKernel(p *check.Point, ret bool, forms []string) *source.Diagnostic {
	if d := wantParts(p, 1, 2, forms...); d != nil {
		return d
	}
	at := kernelTarget{symbol: p.Parts[len(p.Parts)-1]}
	if len(p.Parts) == 2 {
		at.module = p.Parts[0]
	}
	if at.symbol == "" {
		return bad(p, codeValue, "%s should be attached to a function", p.Provider.Name).
			WithHint("write %s", forms[0])
	}
	if address, err := strconv.ParseUint(at.symbol, 0, 64); err == nil {
		at.symbol, at.address = "", address
		p.Data = at
		return nil
	}
	var d *source.Diagnostic
	at.symbol, at.offset, d = readOffset(p, at.symbol, ret, forms[0])
	p.Data = at
	return d
}

// readOffset reads symbol+offset, the offset in bytes. Probes on returns take none.
func readOffset(p *check.Point, text string, ret bool, form string) (symbol string, offset uint64, d *source.Diagnostic) {
	symbol, digits, found := strings.Cut(text, "+")
	if !found {
		return symbol, 0, nil
	}
	offset, err := strconv.ParseUint(digits, 0, 64)
	switch {
	case err != nil:
		d = bad(p, codeValue, "Invalid offset %s", digits).
			WithHint("an offset is a number of bytes, such as +8 or +0x10")
	case ret && offset != 0:
		d = bad(p, codeValue, "%s can not be attached to an offset", p.Provider.Name).
			WithHint("write %s", form)
	}
	return symbol, offset, d
}

// misplaced tells that no instruction begins at an address, or that far into a
// function; nil when one may.
func misplaced(p *check.Point, host check.Host, address uint64) *source.Diagnostic {
	processor := host.Arch()
	if address%processor.Instruction == 0 {
		return nil
	}
	return bad(p, codeValue, "no instruction begins at %d", address).
		WithHint("addresses of instructions are multiples of %d on %s", processor.Instruction, processor.Name)
}

func expandKernel(p *check.Point, host check.Host, opt *check.Options, ret bool) ([]check.Target, *source.Diagnostic) {
	at := p.Data.(kernelTarget)
	if d := misplaced(p, host, at.address+at.offset); d != nil {
		return nil, d
	}
	name := p.Provider.Name + ":"
	target := func(module, symbol string) check.Target {
		full := symbol
		if module != "" && (module != kernelModule || at.module == module) {
			full = module + ":" + symbol
		}
		if at.offset != 0 {
			full += "+" + strconv.FormatUint(at.offset, 10)
		}
		return check.Target{Point: p, Name: name + full, Func: symbol,
			Data: plan.Kprobe{Module: module, Symbol: symbol, Offset: at.offset, Return: ret}}
	}
	switch {
	case at.symbol == "":
		if !opt.Unsafe && !opt.Offline {
			return nil, bad(p, codeHost, "attaching to an address of the kernel is not safe: nothing tells that an instruction begins there").
				WithHint("name the function, or add --unsafe")
		}
		return []check.Target{{
			Point: p, Name: name + strconv.FormatUint(at.address, 10), Func: host.KernelFunction(at.address),
			Data: plan.Kprobe{Address: at.address, Return: ret},
		}}, nil
	case isGlob(at.symbol) || isGlob(at.module):
		return expandFunctions(p, host, opt, at, func(module, symbol string) (check.Target, bool) {
			return target(module, symbol), whyRefused(symbol) == ""
		})
	}
	one := []check.Target{target(at.module, at.symbol)}
	if why := whyRefused(at.symbol); why != "" && !opt.Unsafe {
		return nil, refused(p, at.symbol, why)
	}
	if opt.Offline || !opt.Traceable && known(host, at) {
		return one, nil
	}
	if opt.Traceable {
		if found, err := host.Functions(cmp.Or(at.module, "*"), at.symbol); err == nil && len(found) > 0 {
			return one, nil
		}
	} else {
		if module := at.module; module != "" && module != kernelModule && !loaded(host, module) {
			return nil, bad(p, codeHost, "specified module %s in probe %s:%s is not loaded", module, p.Provider.Name, joined(p.Parts)).
				WithHint("modprobe %s loads it", module)
		}
		if address, err := host.KernelSymbol(at.symbol); err != nil || address != 0 {
			return one, nil // the kernel has the last word
		}
	}
	d := source.Warningf(p.Node.Span(), codeHost, "%s is not traceable (either non-existing, inlined, or marked as \"notrace\"); attaching to it will likely fail", at.symbol)
	var none error
	if !opt.Traceable && at.offset == 0 && (at.module == "" || at.module == kernelModule) {
		var targets []check.Target
		var wrong *source.Diagnostic
		if targets, wrong, none = expandInlined(p, host, at, ret, opt.Unsafe); none == nil {
			return targets, wrong
		}
	}
	untraceable(d, p, host, at.symbol, none)
	if opt.Unsafe {
		return one, d
	}
	return nil, d
}

// known tells whether the kernel's type information, which is quickly asked, has the
// function.
func known(host check.Host, at kernelTarget) bool {
	btf := host.BTF()
	if btf == nil {
		return false
	}
	_, ok := btf.Func(at.module, at.symbol)
	return ok
}

// loaded tells whether the kernel has a module.
func loaded(host check.Host, module string) bool {
	all, err := host.Functions(module, "*")
	return err != nil || len(all) > 0
}

// expandFunctions resolves wildcards among what the kernel can trace; target tells
// which functions it wants.
func expandFunctions(p *check.Point, host check.Host, opt *check.Options, at kernelTarget, target func(module, symbol string) (check.Target, bool)) ([]check.Target, *source.Diagnostic) {
	found, err := host.Functions(cmp.Or(at.module, "*"), at.symbol)
	if err != nil {
		if opt.Offline {
			t, _ := target(at.module, at.symbol)
			return []check.Target{t}, nil
		}
		return nil, bad(p, codeHost, "can not list the kernel's functions: %v", err)
	}
	var targets []check.Target
	for _, f := range found {
		module, symbol, _ := cut(f)
		if t, ok := target(module, symbol); ok {
			t.Found = true
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// suggestFunction adds a hint on what the function may be called.
func suggestFunction(d *source.Diagnostic, provider string, host check.Host, symbol string) {
	if all, err := host.Functions("*", "*"); err == nil {
		for i, f := range all {
			_, all[i], _ = cut(f)
		}
		if call, ok := arch.Call(symbol); ok && slices.Contains(all, host.Arch().Syscall+call) {
			d.WithHint("on %s, the function of that system call is %s", host.Arch().Name, host.Arch().Syscall+call)
			return
		}
		if near := source.Closest(symbol, all); near != "" {
			d.WithHint("did you mean %s:%s?", provider, near)
			return
		}
	}
	d.WithHint("%s", listHint(provider))
}

func listHint(provider string) string { return "sonde -l '" + provider + ":*' lists what there is" }

// kernelContext is that of programs on kernel functions.
func kernelContext(t *check.Target, ret bool) *check.Context {
	if at := t.Data.(plan.Kprobe); at.Inlined != "" {
		return inlinedContext(t, at.Inlined)
	}
	ctx := &check.Context{
		// Nothing in it depends on the function, so all targets are alike.
		Key:      t.Point.Provider.Name,
		Provider: t.Point.Provider,
		Program:  check.ProgKprobe,
		Layout:   check.ArgsRegs,
		NumArgs:  -1,
		Regs:     true,
		Space:    types.Kernel,
	}
	if ret {
		ctx.NumArgs, ctx.Layout = 0, check.ArgsNone
		ctx.Retval = types.Uint64
	}
	return ctx
}

func listFunctions(host check.Host, provider string, parts []string) ([]string, error) {
	module, symbol := rawParts(parts)
	found, err := host.Functions(module, symbol)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for _, f := range found {
		m, s, _ := cut(f)
		if len(parts) < 2 && m == kernelModule {
			f = s
		}
		names = append(names, provider+":"+f)
	}
	return slices.Compact(names), nil
}

// recursive lists functions that handling a probe runs through, or that machines do
// not survive being probed: they are left out of wildcards and refused by name. (The
// kernel refuses many more; these it may let pass.)
var recursive = []string{
	"arch_cpu_idle", "default_idle", "bpf_dispatcher_xdp_func",
	"rcu_*", "__rcu_*", "migrate_disable", "migrate_enable", "preempt_count_add", "preempt_count_sub",
	"__bpf_prog_enter*", "__bpf_prog_exit*", "__bpf_tramp_*", "__ftrace_invalid_address__*",
}

// whyRefused tells why a function must not be traced, or "".
func whyRefused(symbol string) string {
	for _, glob := range recursive {
		if match(glob, symbol) {
			return "handling a probe runs through it"
		}
	}
	return ""
}

func refused(p *check.Point, symbol, why string) *source.Diagnostic {
	return bad(p, codeValue, "%s can not be traced: %s", symbol, why).
		WithHint("trace a function that calls it")
}
