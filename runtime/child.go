package runtime

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"sonde/lang/source"
)

// Child is a process that the tracer starts and watches. It stands right before the
// execve that makes it the program, which the tracer therefore sees, until it is
// released.
//
// It begins as a copy of the tracer's own program, started with the arguments and the
// environment that are the child's, and stopped, by ptrace(2), before its first
// instruction. That instruction is then made an execve of the program. A forked
// process could do the same only by running Go's code, and that makes system calls
// of its own.
type Child struct {
	PID int
	// Executed, if set before the release, is called when the program is there and has not
	// run yet.
	Executed func()
	release  chan bool
	// done is closed when the child has ended, after status was set.
	done   chan struct{}
	status unix.WaitStatus
	err    error
}

// StartChild starts a program with its arguments and stops it before execve. It
// inherits standard input, output and error, gets SIGTERM when the tracer dies,
// and is killed if that happens before its release.
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
		return nil, cannotRun(args[0], err)
	}
	return c, nil
}

func cannotRun(name string, err error) error {
	return source.Errorf(source.Span{}, "no-command", "can not run %q: %v", name, err)
}

// trace starts the child and sees it to its end. To the kernel, tracer and parent (for the
// death signal) is the thread, which therefore belongs to this goroutine.
func (c *Child) trace(path string, args []string, started chan<- error) {
	runtime.LockOSThread()
	if err := c.start(args); err != nil {
		started <- err
		return
	}
	defer close(c.done)
	err := c.prepare(path, len(args))
	started <- err
	if err != nil {
		c.kill()
		return
	}
	<-c.release
	if c.err = c.run(); c.err != nil {
		c.err = cannotRun(args[0], c.err)
	}
}

// start starts the process that is to be the child.
func (c *Child) start(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	attr := &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGTERM},
	}
	p, err := os.StartProcess(self, args, attr)
	if errors.Is(err, os.ErrNotExist) { // replaced by a newer version, say
		p, err = os.StartProcess("/proc/self/exe", args, attr)
	}
	if err != nil {
		return err
	}
	c.PID = p.Pid
	return p.Release() // waited for by number
}

// below is how far below the stack pointer the path of the program is put: out of the way
// of what anybody uses, and within what the kernel maps for a new program's stack.
const below = 2 * unix.PathMax

// prepare waits for the process's stop before its first instruction, and makes that an
// execve.
func (c *Child) prepare(path string, args int) error {
	if status, err := c.wait(); err != nil || !status.Stopped() {
		return errors.New("it did not come to its start")
	}
	if err := unix.PtraceSetOptions(c.PID, unix.PTRACE_O_EXITKILL|unix.PTRACE_O_TRACEEXEC); err != nil {
		return err
	}
	regs, err := registersOf(c.PID)
	if err != nil {
		return err
	}
	if len(path) >= unix.PathMax {
		return unix.ENAMETOOLONG
	}
	// The stack begins with the number of arguments, their addresses, a 0, and the
	// addresses of the environment.
	sp := uintptr(regs.stack())
	at, argv := sp-below, sp+8
	if _, err := unix.PtracePokeData(c.PID, at, append([]byte(path), 0)); err != nil {
		return err
	}
	if _, err := unix.PtracePokeText(c.PID, uintptr(regs.instruction()), execCode); err != nil {
		return err
	}
	regs.setCall(uint64(at), uint64(argv), uint64(argv)+8*uint64(args+1))
	return regs.store(c.PID)
}

// run lets the execve happen, then lets the child alone, and waits for its end.
func (c *Child) run() error {
	if err := unix.PtraceCont(c.PID, 0); err != nil {
		return err
	}
	for {
		status, err := c.wait()
		switch {
		case err != nil:
			return err
		case status.Exited(): // see execCode
			c.status = 127 << 8
			return syscall.Errno(status.ExitStatus())
		case status.Signaled():
			c.status = status
			return nil
		case status.TrapCause() == unix.PTRACE_EVENT_EXEC:
			if c.Executed != nil {
				c.Executed()
			}
			if err := unix.PtraceDetach(c.PID); err != nil {
				return err
			}
			c.status, err = c.wait()
			return err
		}
		// A signal that arrives before the program is there.
		if err := unix.PtraceCont(c.PID, int(status.StopSignal())); err != nil {
			return err
		}
	}
}

// kill ends a child that can't run.
func (c *Child) kill() {
	_ = unix.Kill(c.PID, unix.SIGKILL) // fails when it has ended
	for {
		var err error
		if c.status, err = c.wait(); err != nil || !c.status.Stopped() {
			return
		}
	}
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

// Err tells, once Done is closed, why the program could not be run; nil: it was.
func (c *Child) Err() error { return c.err }

// Status gives how the child ended, once Done is closed: its exit code, or the signal
// that killed it.
func (c *Child) Status() (code int, signal unix.Signal) {
	if c.status.Signaled() {
		return 0, c.status.Signal()
	}
	return c.status.ExitStatus(), 0
}
