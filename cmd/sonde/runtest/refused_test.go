package runtest

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sonde/runtime/feature/featuretest"
)

// refusal runs the tool where something is missing: what is said is one message that
// says what to do, nothing is output, and the status is 1.
func refusal(t *testing.T, cmd *exec.Cmd, want string) {
	t.Helper()
	cmd.Dir = "/"
	stop := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer stop.Stop()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the status tells
	if cmd.ProcessState.ExitCode() != 1 || out.Len() > 0 || !regexp.MustCompile(`^`+want+`\n$`).MatchString(errs.String()) {
		t.Errorf("%v, printed %q, said\n%s", cmd.ProcessState, &out, &errs)
	}
}

const harmless = `tracepoint:syscalls:sys_enter_getppid { exit(); }`

// TestUnprivileged: who may not trace is told what is missing, and how to do it.
func TestUnprivileged(t *testing.T) {
	cmd := exec.Command(tool, "-e", harmless)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	refusal(t, cmd, `ERROR: tracing the kernel needs privileges that this process lacks: CAP_BPF and CAP_PERFMON \(or CAP_SYS_ADMIN\)`+"\n"+
		`HINT: run it as root: sudo \S+ -e 'tracepoint:syscalls:sys_enter_getppid \{ exit\(\); \}'`)
}

// apart runs f on a thread of its own, which ends with it, after prepare has changed what
// its processes get.
func apart(t *testing.T, prepare func() error, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread is of no use to others
		err := prepare()
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestNoCapability: also root may lack them, in a container say.
func TestNoCapability(t *testing.T) {
	featuretest.NeedRoot(t)
	drop := func() error {
		for _, c := range []uintptr{unix.CAP_PERFMON, unix.CAP_SYS_ADMIN} {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
				return err
			}
		}
		return nil
	}
	apart(t, drop, func() {
		refusal(t, exec.Command(tool, "-e", harmless),
			`ERROR: tracing the kernel needs privileges that this process lacks: CAP_PERFMON \(or CAP_SYS_ADMIN\)`+"\nHINT: .*")
	})
}

// TestMissingFiles: file systems that a machine may lack, or may not show.
func TestMissingFiles(t *testing.T) {
	featuretest.NeedRoot(t)
	without := func(dirs ...string) func() error {
		return func() error {
			if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
				return err
			}
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return err
			}
			for _, dir := range dirs {
				if err := unix.Mount("none", dir, "tmpfs", 0, ""); err != nil {
					return err
				}
			}
			return nil
		}
	}
	t.Run("tracefs", func(t *testing.T) {
		apart(t, without("/sys/kernel/tracing", "/sys/kernel/debug"), func() {
			refusal(t, exec.Command(tool, "-e", harmless),
				`stdin:1:1-\d+: ERROR: .*tracefs is not mounted\n.*\n~+\nHINT: mount it: mount -t tracefs nodev /sys/kernel/tracing`)
		})
	})
	t.Run("BTF", func(t *testing.T) {
		apart(t, without("/sys/kernel/btf"), func() {
			refusal(t, exec.Command(tool, "-e", `begin { print(curtask.pid); }`),
				`stdin:1:15-26: ERROR: Can not access field 'pid' .*\n.*\n *~+\nHINT: this kernel gives no type information \(BTF, .*`)
		})
	})
}

// TestMisspelt: what is nearly right is told, without any privilege where the script alone
// tells.
func TestMisspelt(t *testing.T) {
	featuretest.NeedRoot(t)
	for script, want := range map[string]string{
		`tracpoint:a:b { }`: `stdin:1:1-14: ERROR: Invalid probe type: tracpoint\n.*\n~+\nHINT: did you mean .tracepoint.\?`,
		`tracepoint:syscals:sys_enter_openat { }`: `stdin:1:1-36: ERROR: No matches for tracepoint syscals:sys_enter_openat\.\n.*\n~+\n` +
			`HINT: did you mean tracepoint:syscalls:sys_enter_openat\?`,
		`begin { print(pidd); }`:         `stdin:1:15-19: ERROR: Unknown identifier: 'pidd'\n.*\n *~+\nHINT: did you mean .pid.\?`,
		`begin { prnt(1); }`:             `stdin:1:9-13: ERROR: Unknown function: 'prnt'\n.*\n *~+\nHINT: did you mean .print.\?`,
		`begin { print(curtask.comn); }`: `stdin:1:23-27: ERROR: Struct/union of type 'struct task_struct' does not contain .*\n.*\n *~+\nHINT: did you mean .comm.\?`,
	} {
		refusal(t, exec.Command(tool, "-e", script), want)
	}
	refusal(t, exec.Command(tool, "--outptu", "x"), `ERROR: USAGE: unknown flag: --outptu; did you mean --output\?\n(.*\n)*.* --help shows the options\.`)
}
