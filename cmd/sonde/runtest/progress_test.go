package runtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"sonde/runtime/feature/featuretest"
)

// screen is what a terminal was sent.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// attaching is the tool in front of a terminal, at work on so many probes that it can be
// stopped amid them.
type attaching struct {
	cmd      *exec.Cmd
	terminal *os.File
	screen   screen
	out      bytes.Buffer
	done     chan struct{}
	stopped  time.Duration // after it was started
}

// attachMany starts the tool, and stops it amid attaching for longer than it takes
// before it says how far it is.
func attachMany(t *testing.T) *attaching {
	t.Helper()
	featuretest.NeedRoot(t)
	// Each function by itself: hundreds of perf events.
	r := &attaching{
		cmd: exec.Command(tool, "--no-feature", "uprobe_multi",
			"-e", "begin { @begun = 1; } uprobe:/bin/bash:s* { @ = count(); } end { @ended = 1; }"),
		done: make(chan struct{}),
	}
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	r.terminal = terminal
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = tty, &r.out, tty
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	started := time.Now()
	err = r.cmd.Start()
	tty.Close()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.done)
		var part [4096]byte
		for { // until there is nobody at the other end
			n, err := terminal.Read(part[:])
			_, _ = r.screen.Write(part[:n])
			if err != nil {
				break
			}
		}
		_ = r.cmd.Wait() // ProcessState has the status
	}()
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.done
		terminal.Close()
	})
	r.until(t, "perf events", func() bool { return r.events() > 5 })
	r.signal(t, syscall.SIGSTOP)
	r.stopped = time.Since(started)
	time.Sleep(1200 * time.Millisecond)
	return r
}

func (r *attaching) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// events counts the perf events that the tool holds.
func (r *attaching) events() int {
	n := 0
	files, _ := filepath.Glob("/proc/" + itoa(r.cmd.Process.Pid) + "/fd/*")
	for _, f := range files {
		if to, _ := os.Readlink(f); to == "anon_inode:[perf_event]" {
			n++
		}
	}
	return n
}

// until waits for what must come. So many probes take minutes where a processor is
// emulated.
func (r *attaching) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		select {
		case <-r.done:
			t.Fatalf("no %s: it ended with %s\n%q\n%s", what, r.cmd.ProcessState, r.screen.String(), &r.out)
		default:
		}
		if time.Since(begin) > 10*patience {
			t.Fatalf("no %s: %q", what, r.screen.String())
		}
	}
}

// TestProgress: a terminal is shown how far attaching has come, on one line that is gone
// in the end.
func TestProgress(t *testing.T) {
	r := attachMany(t)
	if text := r.screen.String(); text != "" && r.stopped < time.Second {
		t.Errorf("shown before its time: %q", text)
	}
	r.signal(t, syscall.SIGCONT)
	whole := regexp.MustCompile(`^(\r\d+ of \d+ probes attached)+\r +\r`)
	r.until(t, "progress that is erased", func() bool { return whole.MatchString(r.screen.String()) })
	r.until(t, "end of it", func() bool { return strings.Contains(r.screen.String(), "Attached ") })
	r.signal(t, syscall.SIGINT)
	<-r.done
	// On the left margin, as if nothing had been there.
	if text := whole.ReplaceAllString(r.screen.String(), ""); strings.ContainsAny(strings.ReplaceAll(text, "\r\n", "\n"), "\r") {
		t.Errorf("the terminal shows %q", text)
	}
	if status := r.cmd.ProcessState.ExitCode(); status != 0 || !strings.Contains(r.out.String(), "@ended: 1") {
		t.Errorf("exit status %d, printed\n%s", status, &r.out)
	}
}

// TestInterruptAttaching: Ctrl-C amid attaching ends it, with nothing printed and nothing
// left behind.
func TestInterruptAttaching(t *testing.T) {
	r := attachMany(t)
	before := r.events()
	if _, err := r.terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	r.signal(t, syscall.SIGCONT)
	<-r.done
	t.Logf("gone after %s, with %d of the events made", time.Since(begin), before)
	if status := r.cmd.ProcessState.ExitCode(); status != 255 {
		t.Errorf("exit status %d, want 255, as bpftrace's", status)
	}
	if r.out.Len() > 0 {
		t.Errorf("it printed\n%s", &r.out)
	}
	shown := r.screen.String()
	rest := regexp.MustCompile(`\r\d+ of \d+ probes attached|\r +\r|\^C`).ReplaceAllString(shown, "")
	if rest != "" || strings.Contains(shown, "attached") && !strings.HasSuffix(strings.TrimSuffix(shown, "^C"), " \r") {
		t.Errorf("the terminal shows %q", shown)
	}
}
