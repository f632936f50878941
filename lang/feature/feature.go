// Package feature names what a kernel may or may not offer.
//
// A Feature is a value: records list the ones they need, code generation asks a
// Set for the ones it can use, and runtime/feature knows how to ask the running
// kernel. This package itself asks nothing, so everything up to the plan stays
// independent of the machine.
package feature

import (
	"fmt"
	"slices"
	"strings"
)

// Version is a kernel version, major.minor.
type Version struct{ Major, Minor int }

// Less orders versions.
func (v Version) Less(o Version) bool {
	return v.Major < o.Major || v.Major == o.Major && v.Minor < o.Minor
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Feature is one ability of a kernel.
type Feature struct {
	// Name is the stable, lower-case name: "ringbuf", "iter_num".
	Name string
	// Since is the first mainline kernel that has it on the architectures we support.
	Since Version
	// What completes the sentence "this kernel has no ...".
	What string
	// Options are the configuration symbols that it rests on, besides CONFIG_BPF.
	Options []string
}

func (f *Feature) String() string { return f.Name }

// Origin completes the sentence "this script needs ..." by what to look for in a kernel.
func (f *Feature) Origin() string {
	text := fmt.Sprintf("%s, which Linux has from %s on", f.What, f.Since)
	if len(f.Options) > 0 {
		text += " when it is built with " + strings.Join(f.Options, " and ")
	}
	return text
}

// Set answers for one kernel. Implementations must be deterministic: the same
// question gets the same answer for the life of the set.
type Set interface {
	Has(*Feature) bool
}

// Only is a Set that has exactly the features listed; for tests, and for
// compiling for another machine.
type Only map[*Feature]bool

// Has implements Set.
func (o Only) Has(f *Feature) bool { return o[f] }

// UpTo is the Set of a mainline kernel of that version with everything enabled.
type UpTo Version

// Has implements Set.
func (v UpTo) Has(f *Feature) bool { return !Version(v).Less(f.Since) }

// all are the features below, in their order.
var all []*Feature

// All lists every feature there is.
func All() []*Feature { return slices.Clone(all) }

// Named gives the feature of that name, or nil.
func Named(name string) *Feature {
	i := slices.IndexFunc(all, func(f *Feature) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// known makes a feature and adds it to the list.
func known(name string, since Version, what string, options ...string) *Feature {
	f := &Feature{name, since, what, options}
	all = append(all, f)
	return f
}

// directCalls is the symbol that trampolines rest on.
const directCalls = "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"

// FunctionTracer is the symbol that the tracing of all functions rests on; a machine
// can forbid that to a kernel that has it.
const FunctionTracer = "CONFIG_FUNCTION_TRACER"

// The features that scripts and code generation can depend on. Since is
// mainline's version, from the kernel's own history of include/uapi/linux/bpf.h
// and kernel/bpf/.
var (
	Ringbuf         = known("ringbuf", Version{5, 8}, "BPF ring buffer")
	ProbeReadKernel = known("probe_read_kernel", Version{5, 5}, "bpf_probe_read_kernel")
	TracingBTF      = known("tp_btf", Version{5, 5}, "BTF-typed raw tracepoints", "CONFIG_DEBUG_INFO_BTF")
	CurrentTaskBTF  = known("get_current_task_btf", Version{5, 11}, "bpf_get_current_task_btf")
	ModuleBTF       = known("module_btf", Version{5, 11}, "type information (BTF) of modules", "CONFIG_DEBUG_INFO_BTF_MODULES")
	RdonlyCast      = known("rdonly_cast", Version{6, 2}, "bpf_rdonly_cast", "CONFIG_DEBUG_INFO_BTF")
	AttachCookie    = known("attach_cookie", Version{5, 15}, "attach cookies")
	Loop            = known("loop", Version{5, 17}, "bpf_loop")
	IterNum         = known("iter_num", Version{6, 4}, "open-coded numeric iterators")
	ForEachMapElem  = known("for_each_map_elem", Version{5, 13}, "bpf_for_each_map_elem")
	MapLookupPerCPU = known("map_lookup_percpu_elem", Version{5, 19}, "bpf_map_lookup_percpu_elem")
	// 6.1: "bpf: Relax the requirement to use preallocated hash maps in tracing progs", after
	// "bpf: Convert hash map to bpf_mem_alloc".
	MapAlloc  = known("map_alloc", Version{6, 1}, "safe allocation of map elements on demand")
	LargeKeys = known("large_keys", Version{5, 11}, "map keys of more than 512 bytes")
	// amd64 5.12, "bpf: Add BPF_FETCH field / create atomic_fetch_add instruction"; arm64 5.18,
	// "bpf, arm64: Support more atomic operations"; riscv64 5.19, "riscv, bpf: Implement more
	// atomic operations for RV64".
	AtomicFetch  = known("atomic_fetch", Version{5, 19}, "atomic instructions that give the old value")
	MapElemCount = known("map_sum_elem_count", Version{6, 6}, "bpf_map_sum_elem_count")
	BootTime     = known("ktime_get_boot_ns", Version{5, 8}, "bpf_ktime_get_boot_ns")
	TAITime      = known("ktime_get_tai_ns", Version{6, 1}, "bpf_ktime_get_tai_ns")
	SignalThread = known("send_signal_thread", Version{5, 5}, "bpf_send_signal_thread")
	UprobeMulti  = known("uprobe_multi", Version{6, 6}, "uprobe_multi links", "CONFIG_UPROBES")
	// 6.10, and 6.6.35 and 6.9.5: "bpf: fix multi-uprobe PID filtering logic". (Before 6.12
	// processes that share its memory, by vfork, count as the process.)
	UprobeMultiPID = known("uprobe_multi_pid", Version{6, 10}, "uprobe_multi links for one process")
	// 6.6: "bpf: Add support for bpf_get_func_ip helper for uprobe program".
	UprobeFuncIP  = known("uprobe_func_ip", Version{6, 6}, "bpf_get_func_ip in uprobe programs")
	Kprobes       = known("kprobe", Version{4, 17}, "kprobes", "CONFIG_KPROBE_EVENTS")
	KprobeMulti   = known("kprobe_multi", Version{5, 18}, "kprobe_multi links", "CONFIG_KPROBES", "CONFIG_FPROBE")
	KprobeSession = known("kprobe_session", Version{6, 10}, "kprobe sessions", "CONFIG_KPROBES", "CONFIG_FPROBE")
	PerfLink      = known("perf_link", Version{5, 15}, "BPF links for perf events")
	ISAv4         = known("isa_v4", Version{6, 6}, "BPF instruction set v4")
	// 5.6: "bpf: Add batch ops to all htab bpf map".
	BatchOps = known("map_batch", Version{5, 6}, "batched map access")
	FuncIP   = known("get_func_ip", Version{5, 15}, "bpf_get_func_ip", "CONFIG_KPROBES")
	FuncRet  = known("get_func_ret", Version{5, 17}, "bpf_get_func_ret")
	Fentry   = known("fentry", Version{5, 5}, "fentry and fexit programs", directCalls, FunctionTracer)
	// amd64 5.5; arm64 6.4, "arm64: ftrace: Add direct call support"; riscv64 6.8, "riscv: ftrace:
	// Add DYNAMIC_FTRACE_WITH_DIRECT_CALLS support".
	FentryAnywhere = known("fentry_anywhere", Version{6, 8}, "trampolines of functions on all processors", directCalls)
	// 6.8: "bpf: Relax tracing prog recursive attach rules".
	FentryTracing = known("fentry_tracing", Version{6, 8}, "fentry at BPF programs of its own type")
	FentryCalm    = known("fentry_calm", Version{5, 5}, "fentry programs that are not preempted (a kernel without preemption)")
	RawTPCalm     = known("raw_tp_calm", Version{4, 17}, "programs of raw tracepoints that are not preempted (a kernel before 7.0, or without preemption)")
	Override      = known("override_return", Version{4, 16}, "bpf_override_return", "CONFIG_BPF_KPROBE_OVERRIDE")
	WriteUser     = known("probe_write_user", Version{4, 8}, "bpf_probe_write_user, unless locked down")
	DPath         = known("d_path", Version{5, 10}, "bpf_d_path")
	// 5.12: "bpf: Allow bpf_d_path in bpf_iter program".
	DPathIter = known("d_path_iter", Version{5, 12}, "bpf_d_path in iterators")
	// 5.12: "bpf: Expose bpf_get_socket_cookie to tracing programs".
	SocketCookie = known("get_socket_cookie", Version{5, 12}, "bpf_get_socket_cookie in typed programs")
	Strncmp      = known("strncmp", Version{5, 17}, "bpf_strncmp")
	Jiffies64    = known("jiffies64", Version{5, 5}, "bpf_jiffies64")
	Watchpoints  = known("watchpoint", Version{2, 6}, "hardware watchpoints")
	// 6.6, and stable releases from September 2023 on: "hw_breakpoint: fix single-stepping when
	// using bpf_overflow_handler".
	WatchpointStep = known("watchpoint_step", Version{6, 6}, "stepping over what a watchpoint with a program has stopped")
	// 6.1: "bpf: Parameterize task iterators".
	IteratorPID      = known("iter_pid", Version{6, 1}, "BPF iterators for one process")
	Iterators        = known("iter", Version{5, 8}, "BPF iterators")
	UprobeRefCounter = known("uprobe_refcount", Version{4, 20}, "uprobe reference counters")
	// 4.17: "bpf: introduce BPF_RAW_TRACEPOINT".
	RawTracepoints = known("raw_tp", Version{4, 17}, "raw tracepoints")
	// 6.1, and a stable release of 6.0: "bpf: Prevent bpf program recursion for raw tracepoint probes".
	RawTPRecursion = known("raw_tp_recursion", Version{6, 1}, "raw tracepoint programs that are not run within themselves")
	// 5.10: "bpf: Enable BPF_PROG_TEST_RUN for raw_tracepoint".
	RawTPTestRun = known("raw_tp_test_run", Version{5, 10}, "runs of raw tracepoint programs by request")
	RawTPCookie  = known("raw_tp_cookie", Version{6, 10}, "attach cookies of raw tracepoints")
)
