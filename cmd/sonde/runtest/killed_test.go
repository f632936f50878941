package runtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
)

// held is what a process holds in the kernel, by kind: numbers of programs and links. Maps
// are not looked for: asking for a prog_array again and again while the kernel empties
// it makes that leak (prog_array_map_clear of Linux 6.18).
type held map[string][]uint32

var objectID = regexp.MustCompile(`(?m)^(prog|link)_id:\t(\d+)$`)

// holding reads what a process holds. There must be programs and links.
func holding(t *testing.T, pid int) held {
	t.Helper()
	h := held{}
	files, err := filepath.Glob("/proc/" + itoa(pid) + "/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it is closed by now
		}
		for _, m := range objectID.FindAllStringSubmatch(string(text), -1) {
			n, err := strconv.ParseUint(m[2], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(h[m[1]], uint32(n)) {
				h[m[1]] = append(h[m[1]], uint32(n))
			}
		}
	}
	if len(h["prog"]) == 0 || len(h["link"]) == 0 && featuretest.Has(feature.PerfLink) {
		t.Fatalf("the process holds only %v", h)
	}
	return h
}

// left gives what the kernel still has.
func (h held) left() held {
	l := held{}
	for kind, ids := range h {
		for _, id := range ids {
			var err error
			switch kind {
			case "prog":
				var p *ebpf.Program
				if p, err = ebpf.NewProgramFromID(ebpf.ProgramID(id)); err == nil {
					p.Close()
				}
			case "link":
				var k link.Link
				if k, err = link.NewFromID(link.ID(id)); err == nil {
					k.Close()
				}
			}
			if !errors.Is(err, os.ErrNotExist) {
				l[kind] = append(l[kind], id)
			}
		}
	}
	return l
}

// gone checks that the kernel has nothing of it any more.
func (h held) gone(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // the kernel takes its time
		left := h.left()
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the kernel still has %v", left)
		}
	}
}

// lasting attaches in each way that differs in how it is taken down.
func lasting() string {
	return "tracepoint:syscalls:sys_enter_getppid,tracepoint:syscalls:sys_enter_get*,rawtracepoint:sched_switch { @[probe] = count(); } " +
		"interval:s:1 { @n++; } profile:hz:99 { @s[kstack] = count(); } software:page-faults:100 { @f = count(); } uprobe:" + tool + ":main.main { @m++ }"
}

// TestKilled: nothing is left in the kernel of a tool that is ended, whether it could
// clean up or not. SIGQUIT ends it as a panic does.
func TestKilled(t *testing.T) {
	featuretest.NeedRoot(t)
	// -1: by the signal.
	for sig, want := range map[syscall.Signal]int{
		syscall.SIGKILL: -1, syscall.SIGTERM: 0, syscall.SIGHUP: 0, syscall.SIGINT: 0, syscall.SIGQUIT: 2,
	} {
		t.Run(sig.String(), func(t *testing.T) {
			r := trace(t, "-e", lasting())
			<-r.attached
			h := holding(t, r.cmd.Process.Pid)
			if err := r.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if status, _, errs := r.wait(t); status != want {
				t.Errorf("status %d: %s", status, errs)
			}
			h.gone(t)
		})
	}
}

// TestKilledWithCommand: a command does not outlive the tool that runs it; it is told by
// SIGTERM, also by a tool that could not do so itself.
func TestKilledWithCommand(t *testing.T) {
	featuretest.NeedRoot(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "told")
			r := trace(t, "-c", filepath.Join(workDir, "told")+" "+file, "-e", `uprobe:`+tool+`:main.main { @ = 1 }`)
			<-r.attached
			await(t, file, "ready")
			if err := r.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			<-r.done
			await(t, file, "terminated")
		})
	}
}

// await waits for a file to say something.
func await(t *testing.T, file, text string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		got, err := os.ReadFile(file)
		if err == nil && string(got) == text {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%v: %s says %q, not %q", err, file, got, text)
		}
	}
}

// TestReaderLeaves: a reader that goes away ends the tool: on standard output by the signal,
// as other tools; elsewhere by an error.
func TestReaderLeaves(t *testing.T) {
	featuretest.NeedRoot(t)
	const script = `interval:ms:1 { printf("line\n"); } tracepoint:raw_syscalls:sys_enter { @ = count(); }`
	t.Run("standard output", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, tool, "-e", script)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(pipe).ReadString('\n'); line != "line\n" {
			t.Errorf("%v: %q", err, line)
		}
		h := holding(t, cmd.Process.Pid)
		pipe.Close()
		err = cmd.Wait()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGPIPE {
			t.Errorf("ended with %v", err)
		}
		h.gone(t)
	})
	t.Run("file", func(t *testing.T) {
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, tool, "-o", fifo, "-e", script)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		reader, err := os.Open(fifo)
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(reader).ReadString('\n'); line != "line\n" {
			t.Errorf("%v: %q", err, line)
		}
		h := holding(t, cmd.Process.Pid)
		reader.Close()
		_ = cmd.Wait() // the status tells
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(errs.String(), "broken pipe") {
			t.Errorf("%v: %s", cmd.ProcessState, &errs)
		}
		h.gone(t)
	})
}
