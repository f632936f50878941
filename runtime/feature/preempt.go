package feature

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// preemptFile says by which of its models of preemption the kernel runs, in brackets, if
// that can be chosen: "none voluntary (full) lazy".
const preemptFile = "/sys/kernel/debug/sched/preempt"

// unpreempted tells whether programs on trampolines run without another task getting in
// between, which would find the program busy and be left out. Trampolines, unlike
// kprobes, do not switch preemption off; a kernel that is preempted lazily, at a tick after
// it had time to yield by itself, hardly ever is within a program's microsecond.
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

// calm reads the words of uname(2)'s version and of preemptFile.
func calm(version, models string) answer {
	for _, word := range strings.Fields(version) {
		if strings.TrimRight(word, ",") == "PREEMPT_LAZY" {
			return yes
		}
	}
	for _, model := range []string{"(none)", "(voluntary)", "(lazy)"} {
		if strings.Contains(version, "PREEMPT_DYNAMIC") && strings.Contains(models, model) {
			return yes
		}
	}
	return no
}
