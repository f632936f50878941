package probe

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"sonde/lang/arch"
	"sonde/lang/types"
	"sonde/lang/types/tracepoint"
)

// syscallArgs lists the arguments of the system calls (Linux 6.18) as the kernel's
// trace events declare them: a line for each call, its name, a colon, and the
// declarations, with semicolons between them. A call that a processor declares
// otherwise has a line NAME@GOARCH for it as well.
//
//go:embed syscalls.txt
var syscallArgs string

// syscallHead is what the records of all calls begin with, in the words of the format
// files. The arguments, or the result, follow, each in a word of its own.
const syscallHead = `ID: 1
field:unsigned short common_type; offset:0; size:2; signed:0;
field:unsigned char common_flags; offset:2; size:1; signed:0;
field:unsigned char common_preempt_count; offset:3; size:1; signed:0;
field:int common_pid; offset:4; size:4; signed:1;
field:int __syscall_nr; offset:8; size:4; signed:1;
`

const (
	syscallArgsAt = 16
	wordSize      = 8
)

// knownRecord describes an event's record without asking tracefs: system calls
// from the list, others from the struct trace_event_raw_NAME that BTF holds for
// events that have a class of their own; with likely also for others, see likelyRecord. It
// returns nil when none knows it.
func knownRecord(category, event string, likely bool, processor *arch.Arch, btf types.BTF) *types.Struct {
	if category == syscalls {
		if call, ok := strings.CutPrefix(event, "sys_enter_"); ok {
			if args, ok := syscallDecls(call, processor); ok {
				return syscallRecord(event, args, 0, btf)
			}
			return nil
		}
		if strings.HasPrefix(event, "sys_exit_") {
			return syscallRecord(event, []string{"long ret"}, 1, btf)
		}
	}
	if btf == nil {
		return nil
	}
	if own := btf.Struct("struct", classRecord+event); own != nil || !likely {
		return asFormat(own)
	}
	return likelyRecord(btf, event)
}

// knownSyscallEvents gives the events of system calls in the list whose names match.
func knownSyscallEvents(pattern string) []string {
	var names []string
	for line := range strings.Lines(syscallArgs) {
		call, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		call, _, _ = strings.Cut(call, "@")
		for _, event := range []string{"sys_enter_" + call, "sys_exit_" + call} {
			if match(pattern, event) && !slices.Contains(names, syscalls+":"+event) {
				names = append(names, syscalls+":"+event)
			}
		}
	}
	slices.Sort(names)
	return names
}

// syscallRecord makes the record as if from its format file.
func syscallRecord(event string, decls []string, signed int, btf types.BTF) *types.Struct {
	text := []byte(syscallHead)
	for i, decl := range decls {
		text = fmt.Appendf(text, "field:%s; offset:%d; size:%d; signed:%d;\n", decl, syscallArgsAt+wordSize*i, wordSize, signed)
	}
	f, err := tracepoint.Parse("syscalls", event, string(text), func() types.BTF { return btf })
	if err != nil {
		return nil // the list is in order: see the test
	}
	return f.Record
}

// syscallDecls finds a call's line in the list.
func syscallDecls(call string, processor *arch.Arch) (decls []string, ok bool) {
	special := call + "@" + processor.Name
	for line := range strings.Lines(syscallArgs) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != call && name != special {
			continue
		}
		ok, decls = true, nil
		if text != "" {
			decls = strings.Split(strings.TrimSpace(text), "; ")
		}
		if name == special {
			break
		}
	}
	return decls, ok
}
