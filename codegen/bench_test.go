package codegen_test

import (
	"testing"

	"sonde/codegen"
	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/runtime/host"
	"sonde/stdlib"
)

// BenchmarkStart is what a run does before anything is loaded, on this machine, with
// nothing kept from one to the next but what parsing keeps.
func BenchmarkStart(b *testing.B) {
	for name, text := range map[string]string{
		"exit":   `begin { exit(); }`,
		"openat": `tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args.filename)); }`,
		"struct": `rawtracepoint:sched_switch { @[curtask.real_parent.comm] = count(); }`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				start(b, text)
			}
		})
	}
}

func start(b *testing.B, text string) {
	lib, h := stdlib.Default(), host.New(host.Options{})
	f := source.NewFile("stdin", text)
	script, diags := parse.Parse(f, parse.Options{IsValue: func(n string) bool {
		fn := lib.Func(n)
		return fn != nil && fn.Shape == check.Value
	}})
	if diags.HasErrors() {
		b.Fatal(diags[0])
	}
	settings, err := config.Load(nil)
	if err != nil {
		b.Fatal(err)
	}
	program, diags := check.Check(script, lib, h, &check.Options{Config: settings})
	if diags.HasErrors() {
		b.Fatal(diags[0])
	}
	if _, err := codegen.Compile(program, lib, h, codegen.Options{File: f}); err != nil {
		b.Fatal(err)
	}
}
