package runtime

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"sonde/lang/source"
)

// Child is a process that the tracer starts and watches. It stands at its first
// instruction, before its dynamic linker, until it is released.
type Child struct {
	PID     int
	release chan bool
	// done is closed when the child has ended, after status was set.
	done   chan struct{}
	status unix.WaitStatus
	err    error
}

// StartChild starts a program with its arguments and stops it behind execve. It
// inherits standard input, output and error, gets SIGTERM when the tracer dies,
// and runs on untraced if that happens before its release.
func StartChild(args []string) (*Child, error) {
	if len(args) == 0 {
		return nil, source.Errorf(source.Span{}, "no-command", "the command to run is empty")
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, source.Errorf(source.Span{}, "no-command", "can not run %q: %v", args[0], errors.Unwrap(err)).
			WithHint("give the path of an executable file, or a name that is found along PATH")
	}
	c := &Child{release: make(chan bool, 1), done: make(chan struct{})}
	started := make(chan error)
	go c.trace(path, args, started)
	if err := <-started; err != nil {
		return nil, source.Errorf(source.Span{}, "no-command", "can not run %q: %v", args[0], err)
	}
	return c, nil
}

// trace starts the child and sees it to its end. To the kernel, tracer and parent (for the
// death signal) is the thread, which therefore belongs to this goroutine.
func (c *Child) trace(path string, args []string, started chan<- error) {
	runtime.LockOSThread()
	p, err := os.StartProcess(path, args, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGTERM},
	})
	if err != nil {
		started <- errors.Unwrap(err)
		return
	}
	c.PID = p.Pid
	_ = p.Release() // waited for by number
	defer close(c.done)
	if status, err := c.wait(); err != nil || !status.Stopped() {
		c.err = err
		started <- fmt.Errorf("it did not come to its start")
		return
	}
	started <- nil
	<-c.release
	if err := unix.PtraceDetach(c.PID); err != nil {
		c.err = err
	}
	c.status, c.err = c.wait()
}

// wait waits for the child to stop or to end.
func (c *Child) wait() (status unix.WaitStatus, err error) {
	for {
		_, err = unix.Wait4(c.PID, &status, unix.WALL, nil)
		if err != unix.EINTR {
			return status, err
		}
	}
}

// Release lets the child run. Calls after the first do nothing.
func (c *Child) Release() {
	select {
	case c.release <- true:
	default:
	}
}

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Terminate asks the child to end by SIGTERM, unless it has.
func (c *Child) Terminate() {
	select {
	case <-c.done:
		return
	default:
	}
	_ = unix.Kill(c.PID, unix.SIGTERM)
	c.Release()
}

// Status gives how the child ended, once Done is closed: its exit code, or the signal
// that killed it.
func (c *Child) Status() (code int, signal unix.Signal) {
	if c.status.Signaled() {
		return 0, c.status.Signal()
	}
	return c.status.ExitStatus(), 0
}
