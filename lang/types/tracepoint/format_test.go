package tracepoint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sonde/lang/types"
	"sonde/lang/types/btftest"
	"sonde/lang/types/tracepoint"
)

// head is what every format file begins with.
const head = `name: x
ID: 77
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`

func describe(f types.Field) string {
	s := fmt.Sprintf("%s @%d", f.Type, f.Offset)
	for _, flag := range []struct {
		set  bool
		name string
	}{{f.Dynamic, "dynamic"}, {f.Relative, "relative"}, {f.Hidden, "hidden"}} {
		if flag.set {
			s += " " + flag.name
		}
	}
	for p, ok := f.Type.(types.Pointer); ok; p, ok = p.Elem.(types.Pointer) {
		s += map[types.Space]string{types.User: " user", types.Kernel: " kernel"}[p.Space]
	}
	return s
}

func TestField(t *testing.T) {
	tests := []struct{ category, line, want string }{
		{"sched", "unsigned char common_flags;	offset:2;	size:1;	signed:0;", "uint8 @2 hidden"},
		{"sched", "pid_t pid;	offset:8;	size:4;	signed:1;", "int32 @8"},
		{"sched", "char comm[16];	offset:8;	size:16;	signed:0;", "string[16] @8"},
		{"sched", "char comm[TASK_COMM_LEN];	offset:8;	size:16;	signed:0;", "string[16] @8"},
		{"sock", "__u8 saddr[4];	offset:32;	size:4;	signed:0;", "uint8[4] @32"},
		{"raw_syscalls", "unsigned long args[6];	offset:16;	size:48;	signed:0;", "uint64[6] @16"},
		{"sched", "__data_loc char[] filename;	offset:8;	size:4;	signed:0;", "string[0] @8 dynamic"},
		{"sched", "__rel_loc char[] filename;	offset:8;	size:4;	signed:0;", "string[0] @8 dynamic relative"},
		{"xhci", "__data_loc u64[] addrs;	offset:8;	size:4;	signed:0;", "uint64[0] @8 dynamic"},
		{"ftrace", "u32 buf[];	offset:24;	size:0;	signed:0;", "uint32[0] @24"},
		{"sched", "bool ok;	offset:9;	size:1;	signed:0;", "bool @9"},
		{"timer", "enum hrtimer_mode mode;	offset:40;	size:4;	signed:0;", "enum hrtimer_mode @40"},
		{"timer", "enum not_known mode;	offset:40;	size:4;	signed:0;", "uint32 @40"},
		{"kmem", "gfp_t gfp;	offset:8;	size:8;	signed:0;", "uint64 @8"},
		{"block", "sector_t sector;	offset:8;	size:8;	signed:0;", "uint64 @8"},
		{"block", "strange_t s;	offset:8;	size:2;	signed:1;", "int16 @8"},
		{"block", "struct odd s;	offset:8;	size:24;	signed:0;", "uint8[24] @8"},
		{"block", "struct path p;	offset:8;	size:16;	signed:0;", "struct path @8"},
		{"locks", "struct file * f;	offset:8;	size:8;	signed:0;", "struct file* @8 kernel"},
		{"locks", "struct file *f;	offset:8;	size:8;	signed:0;", "struct file* @8 kernel"},
		{"sock", "const void * skaddr;	offset:8;	size:8;	signed:0;", "void* @8 kernel"},
		{"x", `const char __attribute__((btf_type_tag("user"))) * s;	offset:8;	size:8;	signed:0;`, "int8* @8 user"},
		{"syscalls", "int dfd;	offset:16;	size:8;	signed:0;", "int32 @16"},
		{"syscalls", "umode_t mode;	offset:16;	size:8;	signed:0;", "uint16 @16"},
		{"syscalls", "size_t count;	offset:16;	size:8;	signed:0;", "uint64 @16"},
		{"syscalls", "long ret;	offset:16;	size:8;	signed:1;", "int64 @16"},
		{"syscalls", "unknown_t u;	offset:16;	size:8;	signed:0;", "uint64 @16"},
		{"syscalls", "const char * filename;	offset:24;	size:8;	signed:0;", "int8* @24 user"},
		{"syscalls", "const char *const * argv;	offset:24;	size:8;	signed:0;", "int8** @24 user user"},
		{"syscalls", "struct __kernel_timespec * t;	offset:24;	size:8;	signed:0;", "struct __kernel_timespec* @24 user"},
	}
	for _, tt := range tests {
		f, err := tracepoint.Parse(tt.category, "x", head+"\tfield:"+tt.line+"\n\nprint fmt: \"\"\n", btftest.Kernel)
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		fields := f.Record.Fields()
		if got := describe(fields[len(fields)-1]); got != tt.want || f.ID != 77 || len(fields) != 3 {
			t.Errorf("%s: %s, want %s (%d fields, id %d)", tt.line, got, tt.want, len(fields), f.ID)
		}
	}
}

func TestSize(t *testing.T) {
	f, err := tracepoint.Parse("a", "b", head+"\tfield:u64 n;	offset:16;	size:8;	signed:0;\n", nil)
	if err != nil || f.Record.Size() != 24 || f.Record.Align() != 8 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestBroken(t *testing.T) {
	for want, text := range map[string]string{
		"no ID or no fields": "name: x\nID: 7\n",
		"bad number":         head + "\tfield:int x;	offset:eight;	size:4;	signed:1;\n",
		"no name":            head + "\tfield:*;	offset:8;	size:8;	signed:1;\n",
	} {
		if _, err := tracepoint.Parse("cat", "ev", text, nil); err == nil ||
			!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cat:ev") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// All the formats of the running kernel must make sense.
func TestRunningKernel(t *testing.T) {
	files, _ := filepath.Glob("/sys/kernel/tracing/events/*/*/format")
	if len(files) == 0 {
		t.Skip("no tracefs here, or not permitted")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		event := filepath.Base(filepath.Dir(name))
		category := filepath.Base(filepath.Dir(filepath.Dir(name)))
		f, err := tracepoint.Parse(category, event, string(text), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, field := range f.Record.Fields() {
			if end := field.Offset + field.Type.Size(); end > f.Record.Size() && !field.Dynamic {
				t.Errorf("%s:%s: %s ends behind the record of %d bytes", category, event, describe(field), f.Record.Size())
			}
		}
	}
}
