package repl

import "golang.org/x/sys/unix"

// terminal switches the modes of the terminal. Between two lines it stays without echo, so
// that what is typed ahead, or pasted, is not shown twice.
type terminal struct {
	fd       int
	original unix.Termios
}

func openTerminal(fd int) (*terminal, error) {
	state, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	return &terminal{fd, *state}, nil
}

// editing: each byte comes as it is typed, Ctrl-C among them.
func (t *terminal) editing() error { return t.set(0) }

// working: the same, but Ctrl-C and its like are signals.
func (t *terminal) working() error { return t.set(unix.ISIG) }

func (t *terminal) set(local uint32) error {
	state := t.original
	state.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	state.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	state.Lflag |= local
	state.Cflag = state.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	state.Cc[unix.VMIN], state.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(t.fd, unix.TCSETS, &state)
}

// restore brings back the mode that the terminal was in.
func (t *terminal) restore() {
	_ = unix.IoctlSetTermios(t.fd, unix.TCSETS, &t.original) // a terminal that is gone needs no mode
}
