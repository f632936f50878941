package feature

import (
	"errors"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"sonde/lang/feature"
)

// tests are how to find out about each feature. Those of what is not optional serve
// kernels that are older than they seem, because distributions bring features to old
// versions, and whoever measures kernels (Ask).
var tests = map[*feature.Feature]entry{
	feature.Ringbuf:         {mapType(ebpf.RingBuf), false},
	feature.ProbeReadKernel: {helper(asm.FnProbeReadKernel, ebpf.Kprobe), false},
	feature.CurrentTaskBTF:  {helper(asm.FnGetCurrentTaskBtf, ebpf.Kprobe), false},
	feature.AttachCookie:    {helper(asm.FnGetAttachCookie, ebpf.Kprobe), false},
	feature.RawTPCookie:     {helper(asm.FnGetAttachCookie, ebpf.RawTracepoint), false},
	feature.PerfLink:        {perfLink, false},
	feature.Loop:            {helper(asm.FnLoop, ebpf.Kprobe), false},
	feature.ForEachMapElem:  {helper(asm.FnForEachMapElem, ebpf.Kprobe), false},
	feature.MapLookupPerCPU: {helper(asm.FnMapLookupPercpuElem, ebpf.Kprobe), false},
	feature.BootTime:        {helper(asm.FnKtimeGetBootNs, ebpf.Kprobe), false},
	feature.TAITime:         {helper(asm.FnKtimeGetTaiNs, ebpf.Kprobe), false},
	feature.SignalThread:    {helper(asm.FnSendSignalThread, ebpf.Kprobe), false},
	feature.FuncIP:          {helper(asm.FnGetFuncIp, ebpf.Kprobe), false},
	feature.Strncmp:         {helper(asm.FnStrncmp, ebpf.Kprobe), false},
	feature.Jiffies64:       {helper(asm.FnJiffies64, ebpf.Kprobe), false},
	feature.ISAv4:           {isa4, false},
	feature.AtomicFetch:     {atomicFetch, false},

	feature.LargeKeys: {largeKeys, false},
	feature.MapAlloc:  {mapAlloc, false},
	feature.BatchOps:  {batches, false},

	feature.RawTracepoints: {rawTracepoint, false},
	feature.RawTPRecursion: {function("bpf_prog_inc_misses_counter"), false}, // of the same commit
	feature.RawTPTestRun:   {rawTracepointRun, false},

	feature.FentryAnywhere: {fentryAttach, false},
	feature.FentryTracing:  {fentryTracing, false},
	feature.IteratorPID:    {iteratorOfProcess, false},
	feature.DPathIter:      {dPathInIterator, false},
	feature.SocketCookie:   {socketCookie, false},
	feature.UprobeMultiPID: {uprobeMultiPID, false},
	feature.WatchpointStep: {watchpointStep, false},
	feature.UprobeFuncIP:   {member("bpf_trace_run_ctx", "is_uprobe"), false}, // of the same commit

	feature.TracingBTF:   {typedTracepoint, true},
	feature.ModuleBTF:    {moduleBTF, true},
	feature.Iterators:    {iterator, true},
	feature.RdonlyCast:   {function("bpf_rdonly_cast"), true},
	feature.IterNum:      {function("bpf_iter_num_new"), true},
	feature.FuncRet:      {function("get_func_ret"), true},
	feature.MapElemCount: {function("bpf_map_sum_elem_count"), true},

	feature.Fentry:           {fentry, true},
	feature.FentryCalm:       {unpreempted, true},
	feature.RawTPCalm:        {steadyTracepoints, true},
	feature.Watchpoints:      {watchpoint, true},
	feature.DPath:            {dPath, true},
	feature.Override:         {helper(asm.FnOverrideReturn, ebpf.Kprobe), true},
	feature.WriteUser:        {helper(asm.FnProbeWriteUser, ebpf.Kprobe), true},
	feature.Kprobes:          {exists("/sys/bus/event_source/devices/kprobe/type"), true},
	feature.KprobeMulti:      {outcome(features.HaveBPFLinkKprobeMulti), true},
	feature.KprobeSession:    {outcome(features.HaveBPFLinkKprobeSession), true},
	feature.UprobeMulti:      {outcome(features.HaveBPFLinkUprobeMulti), true},
	feature.UprobeRefCounter: {exists("/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset"), true},
}

// outcome reads the error of a test of package features.
func outcome(f func() error) test {
	return func(*Kernel) answer {
		err := f()
		switch {
		case err == nil:
			return yes
		case errors.Is(err, ebpf.ErrNotSupported):
			return no
		}
		return refused(err)
	}
}

// refused reads an error that is no clear answer: what the kernel forbids even to
// root it does not have for us.
func refused(err error) answer {
	forbidden := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
	if forbidden && os.Geteuid() != 0 {
		return unknown
	}
	return no
}

func helper(fn asm.BuiltinFunc, in ebpf.ProgramType) test {
	return outcome(func() error { return features.HaveProgramHelper(in, fn) })
}

func mapType(t ebpf.MapType) test {
	return outcome(func() error { return features.HaveMapType(t) })
}

func exists(path string) test {
	return func(*Kernel) answer {
		if _, err := os.Stat(path); err != nil {
			return no
		}
		return yes
	}
}

// moduleBTF goes by the modules there are.
func moduleBTF(k *Kernel) answer {
	loaded, err := os.ReadDir("/sys/module")
	if err != nil {
		return unknown
	}
	shown, err := os.ReadDir("/sys/kernel/btf")
	if err != nil {
		return no
	}
	if len(shown) > 1 { // one is the kernel itself
		return yes
	}
	for _, m := range loaded {
		// What is built in has no such file.
		if _, err := os.Stat("/sys/module/" + m.Name() + "/initstate"); err == nil {
			return no
		}
	}
	return unknown
}

// function tests for a function that programs may call or iterate with: the type
// information lists it exactly when the kernel has it.
func function(name string) test {
	return func(k *Kernel) answer {
		b := k.btf()
		if b == nil {
			return no
		}
		if _, ok := b.Func("", name); ok {
			return yes
		}
		return no
	}
}

// member tests for a member of one of the kernel's structs.
func member(of, name string) test {
	return func(k *Kernel) answer {
		if _, ok := k.offset(of, name); ok {
			return yes
		}
		return no
	}
}
