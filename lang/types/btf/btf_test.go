package btf_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	cilium "github.com/cilium/ebpf/btf"

	"sonde/lang/types"
	"sonde/lang/types/btf"
	"sonde/lang/types/btftest"
)

// describe writes a member the way the tests compare it.
func describe(f types.Field) string {
	s := fmt.Sprintf("%s %s @%d", f.Name, f.Type, f.Offset)
	if f.BitSize > 0 {
		s += fmt.Sprintf(" bits %d+%d", f.BitOffset, f.BitSize)
	}
	if p, ok := f.Type.(types.Pointer); ok && p.Space == types.User {
		s += " user"
	}
	if f.Anonymous {
		s += " anonymous"
	}
	return s
}

func TestFields(t *testing.T) {
	k := btftest.Kernel()
	tests := []struct{ kind, name, path, want string }{
		{"struct", "task_struct", "pid", "pid int32 @92"},
		{"struct", "task_struct", "comm", "comm string[16] @200"},
		{"struct", "task_struct", "real_parent", "real_parent struct task_struct* @104"},
		{"struct", "task_struct", "stack", "stack void* @24"},
		{"struct", "task_struct", "in_execve", "in_execve uint32 @88 bits 2+1"},
		{"struct", "task_struct", "jobctl_kind", "jobctl_kind uint32 @88 bits 3+5"},
		{"struct", "task_struct", "signed_kind", "signed_kind int32 @88 bits 8+4"},
		{"struct", "task_struct", "clear_child_tid", "clear_child_tid int32* @256 user"},
		{"struct", "task_struct", "numa_faults", "numa_faults uint32[3][2] @264"},
		{"struct", "task_struct", "cred", "cred struct cred* @192"},
		{"struct", "cred", "uid", "uid struct kuid_t @4"},
		{"struct", "qstr", "len", "len uint32 @4"},
		{"struct", "qstr", "hash_len", "hash_len uint64 @0"},
		{"struct", "mm_struct", "owner", "owner struct task_struct* @40"},
		{"struct", "mm_struct", "cpu_bitmap", "cpu_bitmap uint64[0] @48"},
		{"struct", "sock_common", "skc_rcv_saddr", "skc_rcv_saddr uint32 @4"},
		{"struct", "sock_common", "skc_reuseport", "skc_reuseport uint8 @15 bits 4+1"},
		{"struct", "sock_common", "skc_state", "skc_state uint8 @14"},
		{"struct", "in6_addr", "in6_u", "in6_u union <anonymous> @0"},
		{"struct", "odd_forms", "later", "later struct task_struct* @0"},
		{"struct", "odd_forms", "never", "never struct defined_nowhere* @8"},
		{"struct", "odd_forms", "wide", "wide uint64[2] @16"},
		{"struct", "odd_forms", "real", "real double @32"},
		{"struct", "odd_forms", "call", "call void* @40"},
		{"struct", "odd_forms", "u", "u union sigval @48"},
		{"struct", "odd_forms", "mode", "mode enum hrtimer_mode @72"},
		{"struct", "odd_forms", "flex", "flex uint8[0] @76"},
		{"union", "sigval", "sival_ptr", "sival_ptr void* @0 user"},
	}
	for _, tt := range tests {
		s := k.Struct(tt.kind, tt.name)
		if s == nil {
			t.Errorf("no %s %s", tt.kind, tt.name)
			continue
		}
		f, ok := s.Field(tt.path)
		if got := describe(f); !ok || got != tt.want {
			t.Errorf("%s.%s: %q, want %q", tt.name, tt.path, got, tt.want)
		}
	}
	if s := k.Struct("struct", "sigval"); s != nil {
		t.Errorf("a union is found as %s", s)
	}
	if s := k.Struct("struct", "defined_nowhere"); s != nil {
		t.Errorf("a declaration is found as %s", s)
	}
	if s := k.Struct("struct", ""); s != nil {
		t.Errorf("nothing is found as %s", s)
	}
}

// One type is one object, whatever way it is reached by.
func TestIdentity(t *testing.T) {
	k := btftest.Kernel()
	task := k.Struct("struct", "task_struct")
	parent, _ := task.Field("real_parent")
	if parent.Type.(types.Pointer).Elem != types.Type(task) {
		t.Error("the parent's type is another one")
	}
	if task.BTFID == 0 || task.Size() == 0 || task.Align() != 8 {
		t.Errorf("id %d, size %d, alignment %d", task.BTFID, task.Size(), task.Align())
	}
}

func TestEnums(t *testing.T) {
	k := btftest.Kernel()
	e, v, ok := k.EnumConst("PIDTYPE_PGID")
	if !ok || v != 2 || e != k.Enum("pid_type") || e.Int != types.Uint32 {
		t.Errorf("%v %d %v", e, v, ok)
	}
	if e, v, ok = k.EnumConst("NF_LOW"); !ok || v != -1 || e.Int != types.Int32 {
		t.Errorf("%v %d %v", e, v, ok)
	}
	if e, v, ok = k.EnumConst("WIDE_TOP"); !ok || v != 1<<40 || e.Int != types.Uint64 {
		t.Errorf("%v %d %v", e, v, ok)
	}
	if name, ok := e.NameOf(1 << 40); !ok || name != "WIDE_TOP" {
		t.Error(name)
	}
	for _, name := range []string{"", "pid_type", "PIDTYPE", "NOPE"} {
		if _, _, ok := k.EnumConst(name); ok {
			t.Errorf("%q is a constant", name)
		}
	}
}

func TestTypedefs(t *testing.T) {
	k := btftest.Kernel()
	for name, want := range map[string]string{
		"pid_t": "int32", "u64": "uint64", "__be16": "uint16", "bool": "bool", "long unsigned int": "uint64",
		"kuid_t": "struct kuid_t", "char": "uint8",
	} {
		if got := k.Typedef(name); got == nil || got.String() != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
	if got := k.Typedef("task_struct"); got != nil {
		t.Errorf("a struct is a typedef: %s", got)
	}
}

func signature(f *types.Func) string {
	var ps []string
	for _, p := range f.Params {
		ps = append(ps, describe(p))
	}
	return fmt.Sprintf("%s(%s) %s", f.Name, strings.Join(ps, ", "), f.Result)
}

func TestFuncs(t *testing.T) {
	k := btftest.Kernel()
	tests := []struct {
		f    func(string) (*types.Func, bool)
		name string
		want string
	}{
		{find(k, ""), "vfs_read", "vfs_read(file struct file* @0, buf uint8* @8 user, count uint64 @16, pos int64* @24) int64"},
		{find(k, "vmlinux"), "by_value", "by_value(p struct path @0, n int32 @16) bool"},
		{k.RawTracepoint, "sched_switch", "sched_switch(preempt bool @0, prev struct task_struct* @8, " +
			"next struct task_struct* @16, prev_state uint32 @24) void"},
		{k.RawTracepoint, "sys_enter", "sys_enter(regs struct pt_regs* @0, id int64 @8) void"},
	}
	for _, tt := range tests {
		f, ok := tt.f(tt.name)
		if !ok {
			t.Errorf("no %s", tt.name)
			continue
		}
		if got := signature(f); got != tt.want || f.ID == 0 || f.Module != "" {
			t.Errorf("got  %s (%d, %q)\nwant %s", got, f.ID, f.Module, tt.want)
		}
	}
	for _, find := range []func(string) (*types.Func, bool){find(k, ""), find(k, "ext4"), k.RawTracepoint} {
		if f, ok := find("task_struct"); ok || f != nil {
			t.Errorf("found %v", f)
		}
	}
}

func find(k types.BTF, module string) func(string) (*types.Func, bool) {
	return func(name string) (*types.Func, bool) { return k.Func(module, name) }
}

func TestDeclare(t *testing.T) {
	d := btftest.Kernel().(types.Declarer)
	for _, tt := range []struct{ kind, name, want string }{
		{"struct", "path", "struct path {\n\tstruct vfsmount *mnt;\n\tstruct dentry *dentry;\n}"},
		{"struct", "qstr", "struct qstr {\n\tunion {\n\t\tstruct {\n\t\t\tu32 hash;\n\t\t\tu32 len;\n\t\t};\n\t\tu64 hash_len;\n\t};\n" +
			"\tconst unsigned char *name;\n}"},
		{"enum", "pid_type", "enum pid_type {\n\tPIDTYPE_PID = 0,\n\tPIDTYPE_TGID = 1,\n\tPIDTYPE_PGID = 2,\n\tPIDTYPE_SID = 3,\n}"},
		{"union", "sigval", "union sigval {\n\tint sival_int;\n\tvoid __user *sival_ptr;\n}"},
		{"struct", "nope", ""},
		{"union", "path", ""},
	} {
		if got := d.Declare(tt.kind, tt.name); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
	odd := d.Declare("struct", "odd_forms")
	for _, want := range []string{"int (*call)(struct task_struct *p);", "char flex[0];", "enum hrtimer_mode mode;", "s64 when;"} {
		if !strings.Contains(odd, want) {
			t.Errorf("no %q in %s", want, odd)
		}
	}
	task := d.Declare("struct", "task_struct")
	for _, want := range []string{"unsigned int jobctl_kind: 5;", "char comm[16];", "unsigned int numa_faults[2][3];",
		"const struct cred *cred;", "int __user *clear_child_tid;"} {
		if !strings.Contains(task, want) {
			t.Errorf("no %q in %s", want, task)
		}
	}
	f, _ := btftest.Kernel().Func("", "vfs_write")
	if got := f.Params[1].Decl; got != "const char __user *buf" {
		t.Error(got)
	}
}

func TestNames(t *testing.T) {
	k := btftest.Kernel()
	for kind, want := range map[string]string{
		"struct": "task_struct", "union": "sigval", "enum": "pid_type", "func": "vfs_read", "rawtracepoint": "sched_switch",
		"typedef": "pid_t",
	} {
		names := k.Names(kind)
		if !slices.Contains(names, want) || !slices.IsSorted(names) || slices.Contains(names, "") {
			t.Errorf("%s: %v", kind, names)
		}
	}
	if k.Names("nonsense") != nil {
		t.Error("names of nonsense")
	}
}

// moduleBTF is one module, whose types are numbered after the kernel's.
type moduleBTF map[string][]byte

func (m moduleBTF) Modules() []string { return []string{"broken", "ext4"} }

func (m moduleBTF) ModuleBTF(name string) ([]byte, error) {
	if raw, ok := m[name]; ok {
		return raw, nil
	}
	return nil, os.ErrNotExist
}

// split writes BTF by hand: struct ext4_inode { struct list_head lru; } and a
// function that takes a pointer to it, on top of base.
func split(t *testing.T, base []byte, listHead uint32) []byte {
	t.Helper()
	spec, err := cilium.LoadSpecFromReader(strings.NewReader(string(base)))
	if err != nil {
		t.Fatal(err)
	}
	count := uint32(1)
	for {
		if _, err := spec.TypeByID(cilium.TypeID(count)); err != nil {
			break
		}
		count++
	}
	strs := binary.NativeEndian.Uint32(base[20:])
	names := "\x00ext4_inode\x00lru\x00ext4_sync\x00inode\x00"
	name := func(s string) uint32 { return strs + uint32(strings.Index(names, "\x00"+s+"\x00")) + 1 }
	word := func(b []byte, w ...uint32) []byte {
		for _, v := range w {
			b = binary.NativeEndian.AppendUint32(b, v)
		}
		return b
	}
	var types []byte
	types = word(types, name("ext4_inode"), 4<<24|1, 16, name("lru"), listHead, 0)
	types = word(types, 0, 2<<24, count)
	types = word(types, 0, 13<<24|1, 0, name("inode"), count+1)
	types = word(types, name("ext4_sync"), 12<<24, count+2)
	raw := binary.NativeEndian.AppendUint16(nil, 0xeb9f)
	raw = append(raw, 1, 0)
	raw = word(raw, 24, 0, uint32(len(types)), uint32(len(types)), uint32(len(names)))
	return append(append(raw, types...), names...)
}

func TestModules(t *testing.T) {
	base := btftest.Raw()
	listHead := btftest.Kernel().Struct("struct", "list_head").BTFID
	spec, err := btf.New(base, moduleBTF{"ext4": split(t, base, listHead), "broken": []byte("no BTF")})
	if err != nil {
		t.Fatal(err)
	}
	s := spec.Struct("struct", "ext4_inode")
	if s == nil {
		t.Fatal("no struct ext4_inode")
	}
	if f, ok := s.Field("lru"); !ok || describe(f) != "lru struct list_head @0" || s.BTFID != 0 {
		t.Errorf("%s, id %d", describe(f), s.BTFID)
	}
	for _, module := range []string{"", "ext4"} {
		f, ok := spec.Func(module, "ext4_sync")
		if !ok || f.Module != "ext4" || signature(f) != "ext4_sync(inode struct ext4_inode* @0) void" {
			t.Errorf("%q: %v %v", module, f, ok)
		}
	}
	if _, ok := spec.Func("vmlinux", "ext4_sync"); ok {
		t.Error("the kernel has the module's function")
	}
	if f, ok := spec.Func("", "vfs_read"); !ok || f.Module != "" {
		t.Errorf("%v %v", f, ok)
	}
	if !slices.Contains(spec.Names("struct"), "ext4_inode") {
		t.Error("names without the module's")
	}
}

func TestDamaged(t *testing.T) {
	raw := btftest.Raw()
	edit := func(f func([]byte) []byte) []byte { return f(slices.Clone(raw)) }
	for want, raw := range map[string][]byte{
		"too short":        raw[:10],
		"wrong magic":      edit(func(b []byte) []byte { b[0] = 0; return b }),
		"other byte order": edit(func(b []byte) []byte { b[0], b[1] = b[1], b[0]; return b }),
		"version 9":        edit(func(b []byte) []byte { b[2] = 9; return b }),
		"beyond the end":   raw[:len(raw)-5],
		"unknown kind":     edit(func(b []byte) []byte { b[24+7] = 31; return b }),
		"cut off":          edit(func(b []byte) []byte { b[12] -= 2; return b }),
	} {
		spec, err := btf.New(raw, nil)
		if err == nil {
			err = spec.Damage()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// A struct that contains itself must not hang whoever asks for its layout.
func TestSelfContained(t *testing.T) {
	inner := &cilium.Struct{Name: "ouroboros", Size: 8}
	middle := &cilium.Struct{Name: "middle", Size: 8, Members: []cilium.Member{{Name: "o", Type: inner}}}
	inner.Members = []cilium.Member{{Name: "m", Type: middle}}
	b, err := cilium.NewBuilder([]cilium.Type{inner}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.New(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := spec.Struct("struct", "ouroboros")
	if len(s.Fields()) != 0 || s.Align() != 1 {
		t.Errorf("%v, alignment %d", s.Fields(), s.Align())
	}
}

// FuzzNew: no BTF may crash or hang the reader.
func FuzzNew(f *testing.F) {
	f.Add(btftest.Raw())
	f.Fuzz(func(t *testing.T, raw []byte) {
		spec, err := btf.New(raw, nil)
		if err != nil {
			return
		}
		for _, kind := range []string{"struct", "union", "enum", "typedef", "func", "rawtracepoint"} {
			for i, name := range spec.Names(kind) {
				if i == 8 {
					break
				}
				walk(spec, kind, name)
			}
		}
	})
}

func walk(spec types.BTF, kind, name string) {
	switch kind {
	case "struct", "union":
		if s := spec.Struct(kind, name); s != nil {
			s.Align()
			s.Field("no such member")
			_ = s.String()
		}
	case "enum":
		spec.Enum(name)
	case "typedef":
		spec.Typedef(name)
	case "func":
		spec.Func("", name)
	}
	if d, ok := spec.(types.Declarer); ok {
		d.Declare(kind, name)
	}
	if kind == "rawtracepoint" {
		spec.RawTracepoint(name)
	}
}

// The running kernel's types must all make sense, and agree with an independent
// reader.
func TestRunningKernel(t *testing.T) {
	raw, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		t.Skipf("no BTF here: %v", err)
	}
	spec, err := btf.New(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range spec.Names("struct") {
		if i%16 != 0 {
			continue // all of them take seconds
		}
		s := spec.Struct("struct", name)
		for _, f := range s.Fields() {
			if end := f.Offset + f.Type.Size(); end > s.Size() {
				t.Fatalf("struct %s: member %s ends at %d, behind the end at %d", name, describe(f), end, s.Size())
			}
		}
	}
	other, err := cilium.LoadSpecFromReader(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"task_struct", "file", "sk_buff", "mm_struct", "inode", "request"} {
		var want *cilium.Struct
		if err := other.TypeByName(name, &want); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := spec.Struct("struct", name)
		id, _ := other.TypeID(want)
		if s == nil || s.Size() != int(want.Size) || s.BTFID != uint32(id) {
			t.Errorf("%s: differs", name)
			continue
		}
		for _, m := range want.Members {
			if f, ok := s.Field(m.Name); ok && m.BitfieldSize == 0 && f.Offset != int(m.Offset/8) {
				t.Errorf("%s.%s at %d, want %d", name, m.Name, f.Offset, m.Offset/8)
			}
		}
	}
}

func BenchmarkStartup(b *testing.B) {
	raw, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		spec, err := btf.New(raw, nil)
		if err != nil {
			b.Fatal(err)
		}
		spec.Struct("struct", "task_struct").Field("real_parent")
	}
}
