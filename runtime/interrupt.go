package runtime

import (
	"os"
	"os/signal"
	"syscall"
)

// StopOnSignals stops the session when the process is told to end: by SIGINT,
// SIGTERM, or SIGHUP unless that is ignored (nohup). At a second one it leaves
// the detaching to the kernel and calls leave, which should exit. The returned
// function undoes it.
func (s *Session) StopOnSignals(leave func(syscall.Signal)) (restore func()) {
	wanted := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		wanted = append(wanted, syscall.SIGHUP)
	}
	// A signal that arrives while the session ends counts as the second one.
	got := make(chan os.Signal, 2)
	signal.Notify(got, wanted...)
	quit := make(chan struct{})
	go func() {
		select {
		case <-got:
			s.Stop()
		case <-quit:
			return
		}
		select {
		case sig := <-got:
			s.Abandon()
			leave(sig.(syscall.Signal))
		case <-quit:
		}
	}()
	return func() {
		signal.Stop(got)
		close(quit)
	}
}
