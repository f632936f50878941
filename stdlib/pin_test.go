package stdlib

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// A pinned iterator prints whenever its file is read, after the session has ended.
func TestPinned(t *testing.T) {
	featuretest.NeedRoot(t)
	featuretest.Need(t, feature.Iterators)
	dir := t.TempDir()
	if err := unix.Mount("bpf", dir, "bpf", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	pin := dir + "/list"
	script := `iter:task:` + pin + ` {
		if (ctx.task.tgid == ` + fmt.Sprint(os.Getpid()) + ` && ctx.task.pid == ctx.task.tgid) {
			printf("%-4s|%6d|%06x|%s|%%|%hhd\n", "abc", -1, 255, ctx.task.group_leader.comm, 511);
			exit();
		}
	}`
	out, errs := run(t, "pin", script, false)
	if want := "Program pinned to " + pin + "\n\n\n"; out != want {
		t.Errorf("printed %q, want %q", out, want)
	}
	if errs != "" {
		t.Errorf("said %q", errs)
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	want := "abc |    -1|0000ff|" + strings.TrimSpace(string(comm)) + "|%|-1\n"
	for range 2 {
		text, err := os.ReadFile(pin)
		if err != nil || string(text) != want {
			t.Errorf("read %q, %v, want %q", text, err, want)
		}
	}
}
