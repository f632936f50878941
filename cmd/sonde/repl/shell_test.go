package repl

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// shell starts a prompt on a machine as a job in the foreground, as a shell does. When the job
// is stopped it takes the terminal back in the mode that it had, says so, and goes on with the
// job. It gives the job's exit status.
func shell(machine string) (int, error) {
	const tty = 0
	signal.Ignore(syscall.SIGTTOU) // taking the terminal from the background
	mode, err := unix.IoctlGetTermios(tty, unix.TCGETS)
	if err != nil {
		return 1, err
	}
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	job := exec.Command(self)
	job.Stdin, job.Stdout, job.Stderr = os.Stdin, os.Stdout, os.Stderr
	job.Env = append(os.Environ(), childVariable+"="+machine)
	job.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: tty}
	if err := job.Start(); err != nil {
		return 1, err
	}
	pid := job.Process.Pid
	for {
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WUNTRACED, nil); err != nil {
			return 1, err
		}
		if !status.Stopped() {
			return status.ExitStatus(), nil
		}
		fmt.Println("\nstopped")
		for _, step := range []func() error{
			func() error { return unix.IoctlSetPointerInt(tty, unix.TIOCSPGRP, unix.Getpgrp()) },
			func() error { return unix.IoctlSetTermios(tty, unix.TCSETS, mode) },
			func() error { return unix.IoctlSetPointerInt(tty, unix.TIOCSPGRP, pid) },
			func() error { return unix.Kill(-pid, unix.SIGCONT) },
		} {
			if err := step(); err != nil {
				return 1, err
			}
		}
	}
}
