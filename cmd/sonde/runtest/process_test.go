package runtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// attachedWord is the line that the tool prints once all probes are attached, when
// a variable of that name is set.
const attachedWord = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

// patience is how long a process may take before it counts as hanging, on the
// slowest machine: an emulated one.
const patience = time.Minute

// traced is a run of the tool.
type traced struct {
	cmd      *exec.Cmd
	attached chan struct{} // closed once all is attached, or the tool has ended
	done     chan struct{} // closed when the tool has ended
	mu       sync.Mutex    // guards out until then
	out, err bytes.Buffer
	waitErr  error
}

// trace starts the tool. The process ends with the test.
func trace(t *testing.T, args ...string) *traced {
	t.Helper()
	return start(t, patience, tool, os.Environ(), args...)
}

func start(t *testing.T, patience time.Duration, binary string, env []string, args ...string) *traced {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r := &traced{
		cmd:      exec.CommandContext(ctx, binary, args...),
		attached: make(chan struct{}),
		done:     make(chan struct{}),
	}
	r.cmd.Env = append(env, attachedWord+"=1")
	r.cmd.Stderr = &r.err
	pipe, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		r.read(pipe)
		r.waitErr = r.cmd.Wait()
		if ctx.Err() != nil {
			r.waitErr = errors.New("it hung")
		}
		close(r.done)
	}()
	t.Cleanup(func() {
		cancel()
		<-r.done
	})
	return r
}

// read collects what is printed, but for the word that says that all is attached.
func (r *traced) read(pipe io.Reader) {
	seen := false
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadString('\n')
		if !seen && line == attachedWord+"\n" {
			seen = true
			close(r.attached)
		} else {
			r.mu.Lock()
			r.out.WriteString(line)
			r.mu.Unlock()
		}
		if err != nil {
			break
		}
	}
	if !seen {
		close(r.attached)
	}
}

// awaitLine waits until a line that matches has been printed, or the tool has ended.
func (r *traced) awaitLine(want string) {
	for {
		r.mu.Lock()
		got := r.out.String()
		r.mu.Unlock()
		if slices.ContainsFunc(lines(got), func(l string) bool { return matchLine(want, l) }) {
			return
		}
		select {
		case <-r.done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// interrupt does what Ctrl-C does.
func (r *traced) interrupt(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// wait waits for the end, and gives the exit status and what was printed.
func (r *traced) wait(t *testing.T) (status int, out, err string) {
	t.Helper()
	<-r.done
	var exit *exec.ExitError
	if r.waitErr != nil && !errors.As(r.waitErr, &exit) {
		t.Fatalf("%s: %v\nstandard output:\n%s\nstandard error:\n%s", r.cmd, r.waitErr, &r.out, &r.err)
	}
	return r.cmd.ProcessState.ExitCode(), r.out.String(), r.err.String()
}

// workload is a program that waits to be let go.
type workload struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   bytes.Buffer
}

// prepareWorkload starts a workload, which waits. It ends with the test.
func prepareWorkload(t *testing.T, words []string) *workload {
	t.Helper()
	if workloads[words[0]] == nil {
		t.Fatalf("no workload %s", words[0])
	}
	w := &workload{cmd: exec.Command(filepath.Join(workDir, words[0]), words[1:]...)}
	// Signals by which Go takes a thread back would end its calls before their time.
	w.cmd.Env = append(os.Environ(), waitVariable+"=1", "GODEBUG=asyncpreemptoff=1")
	w.cmd.Stdout, w.cmd.Stderr = &w.out, &w.out
	ready, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	w.cmd.ExtraFiles = []*os.File{theirs}
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	err = w.cmd.Start()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if w.cmd.ProcessState == nil {
			_ = w.cmd.Process.Kill()
			_ = w.cmd.Wait()
		}
	})
	// None of its start must be traced.
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatalf("%s did not start: %v\n%s", w.cmd, err, &w.out)
	}
	return w
}

// run lets the workload go and waits for its end.
func (w *workload) run(t *testing.T) {
	t.Helper()
	if err := w.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := w.cmd.Wait(); err != nil && !(errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Exited()) {
		t.Fatal(err)
	}
	if w.out.Len() > 0 {
		t.Logf("%s printed %s", w.cmd, &w.out)
	}
}
