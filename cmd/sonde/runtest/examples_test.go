package runtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

const exampleDir = "../../../examples"

func exampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(exampleDir, "*.bt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	return files
}

// TestExamplesHaveCases: each example is run by a case.
func TestExamplesHaveCases(t *testing.T) {
	archive, err := txtar.ParseFile("../../../testdata/run/tool/examples.txtar")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := parseCases(archive)
	if err != nil {
		t.Fatal(err)
	}
	run := map[string]bool{}
	for _, c := range cases {
		if c.want["txt"] != nil {
			run[c.example] = true
		}
	}
	for _, path := range exampleFiles(t) {
		if name := filepath.Base(path); !run[name] {
			t.Errorf("no case runs %s", name)
		}
	}
}

// TestExamplesCompile: every example compiles for this machine without any
// privilege. As root it does so as nobody.
func TestExamplesCompile(t *testing.T) {
	featuretest.Need(t, feature.TracingBTF)
	for _, path := range exampleFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			script, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tool, "-c", "true", "-d", "asm", "-e", string(script))
			cmd.Dir = "/"
			if os.Geteuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestDumpUnprivileged: compiling needs no privilege, also where tracefs would tell most
// simply what a probe means.
func TestDumpUnprivileged(t *testing.T) {
	featuretest.Need(t, feature.TracingBTF)
	scripts := []string{
		`tracepoint:syscalls:sys_enter_exec* { @[str(args.filename)] = count(); }`,
		`tracepoint:sched:sched_process_exec { @[str(args.filename)] = count(); }`,
		`uprobe:/no/such:main { @[ustack] = count(); }`,
		`begin { print(kaddr("no_such_symbol")); }`,
	}
	// By its class an event is found only where BTF describes what cannot be traced, too.
	if _, ok := featuretest.BTF().Func("", "trace_event_raw_event_sched_wakeup_template"); ok {
		scripts = append(scripts, `tracepoint:sched:sched_wakeup { @[args.comm] = count(); }`)
	}
	for _, script := range scripts {
		cmd := exec.Command(tool, "-d", "asm", "-e", script)
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "exit\n") {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}
