package stdlib

import (
	"strconv"
	"strings"
	"testing"

	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Attach points that are wrong, and what is said about them; "" for those that are right.
func TestAttachPoints(t *testing.T) {
	for _, test := range []struct{ arch, script, want string }{
		{"amd64", "iter:task { print(ctx.task.pid); }", ""},
		{"amd64", "it:task_file:list { printf(\"%s %d\", ctx.task.comm, ctx.fd); }", ""},
		{"amd64", "iter { }", "iter takes one to two arguments, not none"},
		{"amd64", "iter:task:pin:more { }", "iter takes one to two arguments, not three"},
		{"amd64", "iter:nothing { }", "iter nothing not available for your kernel version"},
		{"amd64", "iter:task__safe_trusted { }", "not available for your kernel version"},
		{"amd64", "iter:t* { }", "iter probe type does not support wildcards"},
		{"amd64", "iter:task { } begin { }", "iter probes can not stand in a script with other probes"},
		{"amd64", "iter:task { } iter:task_file { }", "iter probes can not stand in a script with other probes"},
		{"amd64", "iter:task { print(ctx.fd); }", "fd"},
		{"amd64", `iter:task:list { printf("%.2s", ctx.task.comm); }`, "the kernel has to format this"},

		{"amd64", "uprobe:/usr/bin/bash:0x401010 { }", ""},
		{"amd64", "uprobe:/usr/lib/libc.so.6:readahead { }", "No matches for uprobe /usr/lib/libc.so.6:readahead."},
		{"amd64", "uprobe:*:readline { }", ""},

		{"amd64", "watchpoint:0x10000000:8:rw { }", ""},
		{"amd64", "w:268435456:4:wr { unwatch(268435456); }", ""},
		{"amd64", "w:16:1:x { unwatch(\"text\"); }", "unwatch"},
		{"amd64", "w:16:8 { }", "watchpoint takes three arguments, not two"},
		{"amd64", "w:0:8:w { }", "watchpoint must be attached to a non-zero address"},
		{"amd64", "w:here:8:w { }", "Invalid function/address argument: here"},
		{"amd64", "w:16:x:w { }", "Invalid length argument: x"},
		{"amd64", "w:16:3:w { }", "watchpoint length must be one of (1,2,4,8)"},
		{"amd64", "w:16:8: { }", "watchpoint mode must be combination of (r,w,x)"},
		{"amd64", "w:16:8:rwq { }", "watchpoint mode must be combination of (r,w,x)"},
		{"amd64", "w:16:8:ww { }", "watchpoint modes may not be duplicated"},
		{"amd64", "w:16:8:r { }", "invalid watchpoint mode: r"},
		{"amd64", "w:18:4:w { }", "4 bytes at 0x12 can not be watched"},
		{"arm64", "w:16:8:r { }", ""},
		{"arm64", "w:18:4:w { }", ""},
		{"arm64", "w:22:4:w { }", "4 bytes at 0x16 can not be watched"},
		{"riscv64", "w:16:8:w { }", "watchpoints not supported"},

		{"amd64", "fentry:bpf:filter { print(args.skb.len); }", ""},
		{"amd64", "fentry:bpf:7:filter { print(args.skb.len); }", ""},
		{"amd64", "fentry:bpf:*:* { print(probe); }", ""},
		{"amd64", "fexit:bpf:7:part { print(retval); print(args.n); }", ""},
		{"amd64", "fentry:bpf { }", "the 'bpf' variant of this probe requires a bpf program name and optional bpf program id"},
		{"amd64", "fentry:bpf:7:part:more { }", "takes one to three arguments, not four"},
		{"amd64", "fentry:vmlinux:vfs_read:more { }", "Only the 'bpf' variant of this probe supports 4 arguments"},
		{"amd64", "fentry:bpf:seven:filter { }", "bpf program id must be a number or '*'"},
		{"amd64", "fentry:bpf:7: { }", "fentry/fexit should specify a function"},
		{"amd64", "fentry:bpf:8:filter { }", "there is no BPF program 8"},
		{"amd64", "fentry:bpf:7:nothing { }", "No matches for fentry bpf:7:nothing"},
		{"amd64", "fentry:bpf:10:bound { }", ""},
		{"amd64", "hardware:r01c2:1e5 { } hardware:r3c { } hardware:cycles:hz:99 { } software:cpu:hz:50 { }", ""},
		{"amd64", "fentry:bpf:old { }", "fentry can not be attached to BPF program 9 (old): it has no type information (BTF)"},
		{"amd64", "fentry:bpf:7:part { print(args.skb); }", "skb"},
	} {
		host := hosttest.New()
		host.Machine = test.arch
		host.Loaded = loaded(host)
		got := messages(test.script, host)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s, %s: %q, want %q", test.arch, test.script, got, test.want)
		}
	}
}

// Wildcards that match very much are bounded, and warn where the bound was raised.
func TestManyProbes(t *testing.T) {
	host := hosttest.New()
	for i := range 1100 {
		host.Funcs = append(host.Funcs, "vmlinux:many_"+strconv.Itoa(i))
	}
	for script, want := range map[string]string{
		"kprobe:* { }": "Can't attach to 1108 probes because it exceeds the current limit of 1024 probes.",
		"config = { max_probes = 5000 } kprobe:* { }":       "Attaching to 1108 probes can take a while, and slow the system down",
		"config = { max_probes = 5000 } kprobe:many_1* { }": "",
	} {
		parsed, diags := parse.Parse(source.NewFile("test", script), parse.Options{})
		if !diags.HasErrors() {
			_, diags = check.Check(parsed, Default(), host, &check.Options{})
		}
		got := ""
		if len(diags) > 0 {
			got = diags[0].Msg
		}
		if got != want || len(diags) > 1 {
			t.Errorf("%s: %v, want %q", script, diags, want)
		}
	}
}

// loaded are BPF programs: one that filters packets with a function of its own, and one that
// tells nothing about itself.
func loaded(host *hosttest.Host) []check.BPFProgram {
	context := types.NewStruct("struct", "__sk_buff", 8, nil)
	pointer := types.Pointer{Elem: context, Space: types.Kernel}
	return []check.BPFProgram{
		{ID: 7, Name: "filter", Funcs: []*types.Func{
			{Name: "filter", ID: 3, Params: []types.Field{{Name: "skb", Type: pointer}}, Result: types.Int32},
			{Name: "part", ID: 5, Params: []types.Field{{Name: "n", Type: types.Int32}}, Result: types.Int32},
		}},
		{ID: 9, Name: "old"},
		{ID: 10, Name: "bound", Tracing: true, Funcs: []*types.Func{{Name: "bound", Result: types.Int32}}},
	}
}

// messages are the errors of a script.
func messages(text string, host check.Host) string {
	script, diags := parse.Parse(source.NewFile("test", text), parse.Options{})
	if !diags.HasErrors() {
		_, diags = check.Check(script, Default(), host, &check.Options{})
	}
	var out []string
	for _, d := range diags {
		if d.Severity == source.Error {
			out = append(out, d.Msg)
		}
	}
	return strings.Join(out, "; ")
}
