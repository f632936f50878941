package attach

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/sys"
)

// listing is an attached iterator.
type listing struct {
	at   *plan.Attach
	how  plan.Iterator
	link int
}

var errNoIterPID = errors.New("this kernel can not restrict iterators to a process (Linux 6.1)")

func (s *Set) iterator(a *plan.Attach, how plan.Iterator) error {
	link, err := sys.LinkIterator(s.prog(a), how.PID, how.Order)
	if how.PID != 0 && (errors.Is(err, unix.E2BIG) || errors.Is(err, unix.EINVAL)) {
		return errNoIterPID
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.listings = append(s.listings, listing{a, how, link})
	s.mu.Unlock()
	s.hold(link, -1, 1)
	return nil
}

// Iterating is what Iterate asks of the one who calls it.
type Iterating struct {
	// Stopped tells that it is time to end.
	Stopped func() bool
	// Drain makes room in the ring buffer.
	Drain func()
	// Pinned is told the file that an iterator was pinned to.
	Pinned func(path string)
}

// Iterate runs the programs of iterators for all that there is, or leaves them in the
// files that they are pinned to.
func (s *Set) Iterate(by Iterating) *source.Diagnostic {
	s.mu.Lock()
	listings := s.listings
	s.mu.Unlock()
	for _, l := range listings {
		if l.how.Pin != "" {
			if err := sys.Pin(l.link, l.how.Pin); err != nil {
				return explainPin(l, err)
			}
			by.Pinned(l.how.Pin)
			continue
		}
		if err := l.read(by); err != nil {
			return source.Errorf(l.at.Span, "iterator", "can not read %s: %v", l.at.Name, err)
		}
	}
	return nil
}

// read goes through all objects. What programs have to tell goes through the ring
// buffer; the kernel answers EAGAIN when the program found that to be full, or to
// let others run after a million objects.
func (l listing) read(by Iterating) error {
	fd, err := sys.ReadIterator(l.link)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var buf [4096]byte
	for !by.Stopped() {
		n, err := unix.Read(fd, buf[:])
		switch {
		case errors.Is(err, unix.EAGAIN):
			by.Drain()
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return nil
		}
	}
	return nil
}

func explainPin(l listing, err error) *source.Diagnostic {
	d := source.Errorf(l.at.Span, "pin", "unable to pin %s to %s: %v", l.at.Name, l.how.Pin, err)
	switch {
	case errors.Is(err, unix.EEXIST):
		d.WithHint("remove what is there: rm %s", l.how.Pin)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOENT):
		d.WithHint("the file must lie in a directory of a BPF file system: %s", "mount -t bpf bpf /sys/fs/bpf")
	}
	return d
}

func iteratorReason(how plan.Iterator, err error) (reason, hint string) {
	switch {
	case errors.Is(err, errNoIterPID):
		return err.Error(), ""
	case errors.Is(err, unix.EBADF), errors.Is(err, unix.EINVAL):
		return fmt.Sprintf("the kernel wants to be told more about what %s shall iterate over than there is a way to write", how.Name), ""
	case errors.Is(err, unix.ESRCH):
		return fmt.Sprintf("there is no process %d", how.PID), ""
	}
	return err.Error(), ""
}
