package feature

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"sonde/lang/feature"
)

// preemptFile says by which of its models of preemption the kernel runs, in brackets, if
// that can be chosen: "none voluntary (full) lazy".
const preemptFile = "/sys/kernel/debug/sched/preempt"

// unpreempted tells whether programs on trampolines run without another task getting in
// between, which would find the program busy and be left out. Trampolines, unlike
// kprobes, do not switch preemption off.
func unpreempted(*Kernel) answer {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return no
	}
	version := unix.ByteSliceToString(u.Version[:])
	if !strings.Contains(version, "PREEMPT") {
		return yes
	}
	text, _ := os.ReadFile(preemptFile)
	return calm(version, string(text))
}

// steadyTracepoints tells the same of programs on raw tracepoints, which Linux runs with
// preemption off before 7.0. (A 7.3 with lazy preemption left out some of ten runs.)
func steadyTracepoints(k *Kernel) answer {
	if k.version.Less(feature.Version{Major: 7}) {
		return yes
	}
	return unpreempted(k)
}

// calm reads the words of uname(2)'s version and of preemptFile.
func calm(version, models string) answer {
	for _, model := range []string{"(none)", "(voluntary)"} {
		if strings.Contains(version, "PREEMPT_DYNAMIC") && strings.Contains(models, model) {
			return yes
		}
	}
	return no
}
