package probe

import (
	_ "embed"
	"strings"

	"sonde/lang/types"
)

// syscallArgs lists the arguments of the system calls as the kernel's trace
// events name them: a line for each call, its name, then name=type words.
//
//go:embed syscalls.txt
var syscallArgs string

// Layout of a syscall event's record: the common fields (8 bytes), the call's
// number, then each argument, or the result, in a word of its own.
const (
	syscallNumberAt = 8
	syscallArgsAt   = 16
	wordSize        = 8
)

// knownRecord describes an event's record without asking tracefs: system calls
// from the list, others from the struct trace_event_raw_NAME that BTF holds for
// events that have a class of their own. It returns nil when neither knows it.
func knownRecord(category, event string, btf types.BTF) *types.Struct {
	if category == "syscalls" {
		if call, ok := strings.CutPrefix(event, "sys_enter_"); ok {
			return syscallRecord(event, call)
		}
		if strings.HasPrefix(event, "sys_exit_") {
			return types.NewStruct("struct", "_tracepoint_syscalls_"+event, syscallArgsAt+wordSize, func() []types.Field {
				return append(syscallCommon(), types.Field{Name: "ret", Type: types.Int64, Offset: syscallArgsAt})
			})
		}
	}
	if btf == nil {
		return nil
	}
	return btf.Struct("struct", "trace_event_raw_"+event)
}

func syscallCommon() []types.Field {
	return []types.Field{
		{Name: "common_type", Type: types.Uint16, Offset: 0},
		{Name: "common_flags", Type: types.Uint8, Offset: 2},
		{Name: "common_preempt_count", Type: types.Uint8, Offset: 3},
		{Name: "common_pid", Type: types.Int32, Offset: 4},
		{Name: "__syscall_nr", Type: types.Int32, Offset: syscallNumberAt},
	}
}

func syscallRecord(event, call string) *types.Struct {
	words, ok := syscallWords(call)
	if !ok {
		return nil
	}
	size := syscallArgsAt + wordSize*len(words)
	return types.NewStruct("struct", "_tracepoint_syscalls_"+event, size, func() []types.Field {
		fields := syscallCommon()
		for i, w := range words {
			name, kind, _ := strings.Cut(w, "=")
			fields = append(fields, types.Field{Name: name, Type: syscallType(kind), Offset: syscallArgsAt + wordSize*i})
		}
		return fields
	})
}

// syscallWords finds a call's line in the list.
func syscallWords(call string) ([]string, bool) {
	for line := range strings.Lines(syscallArgs) {
		words := strings.Fields(line)
		if len(words) > 0 && words[0] == call {
			return words[1:], true
		}
	}
	return nil, false
}

// syscallType reads the list's type words: s is a string of the caller, a an array
// of strings, p another pointer; u is a word.
func syscallType(kind string) types.Type {
	switch kind {
	case "s":
		return types.Pointer{Elem: types.Int8, Space: types.User}
	case "p":
		return types.Pointer{Elem: types.Void{}, Space: types.User}
	case "a":
		return types.Pointer{Elem: types.Pointer{Elem: types.Int8, Space: types.User}, Space: types.User}
	}
	return types.Uint64
}
