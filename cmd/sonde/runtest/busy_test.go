package runtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sonde/runtime/feature/featuretest"
)

// busyScripts report more than the tool can handle.
var busyScripts = map[string]string{
	"commands": `config = { perf_rb_pages = 256 } tracepoint:sched:sched_switch { system("echo said"); @ = count(); } end { printf("end\n"); }`,
	"switches": `tracepoint:sched:sched_switch { printf("%s %s\n", kstack, comm); @ = count(); } end { printf("end\n"); }`,
	"calls":    `config = { perf_rb_pages = 4096 } tracepoint:raw_syscalls:sys_enter { printf("%s %s\n", ustack, comm); @ = count(); } end { printf("end\n"); }`,
	"timer":    `interval:us:1 { printf("%s\n", comm); @ = count(); } end { printf("end\n"); }`,
}

// limit is what a person would call hanging. What is meant is a few tenths of a second,
// which no test can rely on.
const limit = 10 * time.Second

// TestInterruptBusy: however much there is to handle, Ctrl-C ends the tool; end probes run
// and maps are printed; what was not handled is said.
func TestInterruptBusy(t *testing.T) {
	featuretest.NeedRoot(t)
	for name, script := range busyScripts {
		t.Run(name, func(t *testing.T) {
			r := trace(t, "--unsafe", "-e", script)
			<-r.attached
			time.Sleep(time.Second) // so that much piles up
			begin := time.Now()
			r.interrupt(t)
			status, out, errs := r.wait(t)
			took := time.Since(begin)
			t.Logf("gone after %s\n%s", took, errs)
			if took > limit {
				t.Errorf("took %s to end", took)
			}
			if status != 0 || !strings.Contains(out, "\nend\n") || !regexp.MustCompile(`\n@: [1-9]\d*\n`).MatchString(out) {
				t.Errorf("status %d, printed %.2000s", status, out[max(0, len(out)-2000):])
			}
			if name != "commands" {
				return
			}
			lost := regexp.MustCompile(`WARNING: (\d+) of them were waiting`).FindStringSubmatch(errs)
			if lost == nil {
				t.Fatalf("nothing is said of what was left: %s", errs)
			}
			if n, err := strconv.Atoi(lost[1]); err != nil || n == 0 || !strings.Contains(out, "said\n") {
				t.Errorf("%d events were left, printed %.2000s", n, out)
			}
		})
	}
}

// TestInterruptUnread: a reader that stands still does not keep the tool.
func TestInterruptUnread(t *testing.T) {
	featuretest.NeedRoot(t)
	for name, both := range map[string]bool{"output": false, "output and messages": true} {
		t.Run(name, func(t *testing.T) {
			ours, theirs, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, tool, "-e", busyScripts["timer"])
			cmd.Env = append(os.Environ(), attachedWord+"=1")
			var errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = theirs, &errs
			if both {
				cmd.Stderr = theirs
			}
			err = cmd.Start()
			theirs.Close()
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(ours)
			for lines.Scan() && lines.Text() != attachedWord {
			}
			waitFull(ctx, t, ours)
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || ctx.Err() != nil {
				t.Errorf("ended with %v, and said %s", err, &errs)
			}
			if !both && !strings.Contains(errs.String(), "ERROR: nobody reads the output") {
				t.Errorf("said %s", &errs)
			}
		})
	}
}

// waitFull waits until nothing more goes into a pipe that somebody writes to.
func waitFull(ctx context.Context, t *testing.T, pipe *os.File) {
	t.Helper()
	for before := 0; ; {
		now, err := unix.IoctlGetInt(int(pipe.Fd()), unix.TIOCINQ)
		if err != nil || ctx.Err() != nil {
			t.Fatalf("the pipe is not full: %d bytes, %v", now, err)
		}
		if now > 0 && now == before {
			return
		}
		before = now
		time.Sleep(time.Second)
	}
}
