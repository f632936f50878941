package main

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"sonde/lang/feature"
	kernelfeature "sonde/runtime/feature"
)

// infoSection is a headed list of --info. The words are those that scripts look
// for in the output of earlier tools.
type infoSection struct {
	title string
	lines []infoLine
}

type infoLine struct {
	name    string
	feature *feature.Feature
}

var infoSections = []infoSection{
	{"Kernel helpers", []infoLine{
		{"dpath", feature.DPath},
		{"get_tai_ns", feature.TAITime},
		{"get_func_ip", feature.FuncIP},
		{"get_boot_ns", feature.BootTime},
		{"get_current_task_btf", feature.CurrentTaskBTF},
		{"jiffies64", feature.Jiffies64},
		{"lookup_percpu_elem", feature.MapLookupPerCPU},
		{"loop", feature.Loop},
		{"probe_read_kernel", feature.ProbeReadKernel},
		{"send_signal", feature.SignalThread},
		{"strncmp", feature.Strncmp},
	}},
	{"Kernel features", []infoLine{
		{"attach_cookie", feature.AttachCookie},
		{"iter_num", feature.IterNum},
		{"map_batch", feature.BatchOps},
		{"rdonly_cast", feature.RdonlyCast},
		{"ringbuf", feature.Ringbuf},
		{"uprobe refcount", feature.UprobeRefCounter},
	}},
	{"Probe types", []infoLine{
		{"fentry", feature.Fentry},
		{"iter", feature.Iterators},
		{"kprobe_multi", feature.KprobeMulti},
		{"kprobe_session", feature.KprobeSession},
		{"tp_btf", feature.TracingBTF},
		{"uprobe_multi", feature.UprobeMulti},
	}},
}

// info prints what this kernel offers.
func info(a *arguments) int {
	h := newHost(a)
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		complain(err)
		return 1
	}
	fmt.Printf("System\n  OS: %s %s %s\n  Arch: %s\n\n", text(u.Sysname[:]), text(u.Release[:]), text(u.Version[:]), text(u.Machine[:]))
	fmt.Printf("Build\n  version: %s\n  language: %s\n  compiler: built in\n\n", version, languageVersion)
	for _, s := range infoSections {
		fmt.Println(s.title)
		for _, l := range s.lines {
			fmt.Printf("  %s: %s\n", l.name, yesNo(h.Features().Has(l.feature)))
		}
		if s.title == "Kernel features" {
			fmt.Printf("  Instruction limit: %d\n", kernelfeature.InstructionLimit())
			fmt.Printf("  btf: %s\n  module btf: %s\n", yesNo(h.BTF() != nil), yesNo(h.Features().Has(feature.ModuleBTF)))
		}
		fmt.Println()
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "WARNING: not root: what could not be tried is shown as no")
	}
	return 0
}

func text(field []byte) string {
	if i := bytes.IndexByte(field, 0); i >= 0 {
		field = field[:i]
	}
	return string(field)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
