package runtest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sonde/runtime/feature/featuretest"
)

var ignoredSignals = regexp.MustCompile(`(?m)^SigIgn:\t([0-9a-f]+)$`)

// TestEarlyInterrupt: what a shell's script runs in the background ignores interrupts from
// the start. One that comes before the script is compiled, or even read, counts all the same.
func TestEarlyInterrupt(t *testing.T) {
	featuretest.NeedRoot(t)
	cmd := exec.Command("sh", "-c", `trap "" INT; exec "$0" -`, tool)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	script, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	for begin := time.Now(); ignoresInterrupts(t, cmd.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("it ignores interrupts until the script is there")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(script, "interval:s:1 { @ = count(); }"); err != nil {
		t.Fatal(err)
	}
	script.Close()
	end := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer end.Stop()
	_ = cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 255 && status != 0 {
		t.Errorf("status %d, printed %s", status, out.Bytes())
	}
}

// ignoresInterrupts tells whether a process ignores SIGINT, or is no more than the shell that
// becomes it.
func ignoresInterrupts(t *testing.T, pid int) bool {
	t.Helper()
	status, err := os.ReadFile("/proc/" + itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	m := ignoredSignals.FindSubmatch(status)
	if m == nil {
		t.Fatalf("%s", status)
	}
	mask, err := strconv.ParseUint(string(m[1]), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.HasPrefix(status, []byte("Name:\tsh\n")) || mask&(1<<(syscall.SIGINT-1)) != 0
}
