package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// result is what one run of a tool took.
type result struct {
	attached, stopped, wall time.Duration
	maxRSS                  int64 // bytes
}

// notify is the line by which tools say that all is attached, and the variable
// that asks them to.
const notify = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

// strlen is how long strings are, bytes: the cost of one as a key goes with it, and tools have
// different defaults (1024 since bpftrace 0.23, 64 before). The variable's name has changed too.
const strlen = "64"

// process is a tool that runs a script.
type process struct {
	cmd      *exec.Cmd
	started  time.Time
	attached chan time.Duration // closed without a value when the tool ended first
	done     chan error
}

// start runs the script; the tool is killed at the deadline.
func start(tool, script string) (*process, error) {
	p := &process{
		cmd:      exec.Command(tool, "-e", script),
		attached: make(chan time.Duration, 1),
		done:     make(chan error, 1),
	}
	p.cmd.Env = append(os.Environ(), notify+"=1", "BPFTRACE_STRLEN="+strlen, "BPFTRACE_MAX_STRLEN="+strlen)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	w.Close()
	go p.watch(r)
	return p, nil
}

func (p *process) watch(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	said := false
	for lines.Scan() {
		text := lines.Text()
		if !said && (strings.Contains(text, notify) || strings.HasPrefix(text, "Attached ")) {
			said = true
			p.attached <- time.Since(p.started)
		}
	}
	close(p.attached)
	p.done <- p.cmd.Wait()
}

// stop interrupts the tool and waits for it. bpftrace 0.17 now and then loses an
// interrupt: it gets another after a quarter of the time, and the run does not count.
func (p *process) stop(limit time.Duration) (time.Duration, error) {
	from := time.Now()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	select {
	case <-p.done:
		return time.Since(from), nil
	case <-time.After(limit / 4):
		p.cmd.Process.Signal(os.Interrupt)
	}
	select {
	case <-p.done:
		return 0, fmt.Errorf("did not stop within %v", limit/4)
	case <-time.After(limit - limit/4):
		p.cmd.Process.Kill()
		<-p.done
		return 0, fmt.Errorf("did not stop within %v", limit)
	}
}

// runOnce runs a script until it exits by itself or, when it has attached and goes
// on, is interrupted.
func runOnce(tool, script string, limit time.Duration) (result, error) {
	var r result
	p, err := start(tool, script)
	if err != nil {
		return r, err
	}
	select {
	case at, ok := <-p.attached:
		if ok {
			r.attached = at
		}
	case <-time.After(limit):
		p.cmd.Process.Kill()
		<-p.done
		return r, errors.New("did not attach")
	}
	select {
	case err = <-p.done:
		if err != nil {
			return r, errors.New("failed")
		}
	case <-time.After(200 * time.Millisecond):
		if r.stopped, err = p.stop(limit); err != nil {
			return r, err
		}
	}
	r.wall = time.Since(p.started)
	if usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.maxRSS = usage.Maxrss * 1024
	}
	return r, nil
}
