package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sonde/lang/source/golden"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// childVariable makes the test binary a prompt: on the made-up machine, or the real one.
// shellVariable makes it a shell that runs one.
const (
	childVariable = "SONDE_TEST_PROMPT"
	shellVariable = "SONDE_TEST_SHELL"
)

func TestMain(m *testing.M) {
	if machine := os.Getenv(shellVariable); machine != "" {
		os.Unsetenv(shellVariable)
		status, err := shell(machine)
		if err != nil {
			fmt.Println(err)
		}
		os.Exit(status)
	}
	if machine := os.Getenv(childVariable); machine != "" {
		opt := options(machine == "real")
		if err := Run(opt, "greeting"); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// timeout is when a prompt that does not answer is given up.
const timeout = 60 * time.Second

// TestTerminal plays the sessions in testdata/repl/terminal*.txtar on a pseudo-terminal: of
// each two files, the first is what is typed, and the second what the screen shows at
// the end. What is typed, by line: "line TEXT" and Enter, and then a wait for the next
// prompt; "keys TEXT", with ^C, <tab> and the like, without either; "wait TEXT" until the
// screen shows it; "prompt" for the next prompt; "signal NAME", which must end it. First can
// stand "state DIR", where the history is to be kept, in place of a folder with some, and
// "shell": the prompt is a shell's job.
func TestTerminal(t *testing.T) {
	golden.Archives(t, "../../../testdata/repl/terminal*.txtar", func(t *testing.T, a *golden.Archive) {
		machine := "made-up"
		if strings.HasSuffix(a.Name, "root") {
			needsRoot(t)
			machine = "real"
		}
		for _, f := range slices.Clone(a.Files) {
			if strings.HasSuffix(f.Name, ".screen") {
				continue
			}
			t.Run(f.Name, func(t *testing.T) {
				a.Expect(t, f.Name+".screen", typed(t, machine, string(f.Data)))
			})
		}
	})
}

// person sits at a pseudo-terminal.
type person struct {
	t     *testing.T
	tty   *os.File
	child *exec.Cmd
	ended chan struct{}

	mu     sync.Mutex
	screen *screen
	// prompted is the number of the line that the last prompt was seen in.
	prompted int
}

// typed types what a session says, and gives what the screen shows at the end.
func typed(t *testing.T, machine, session string) string {
	var p *person
	state, started := "", childVariable
	begin := func() {
		if p == nil {
			p = sitDown(t, started+"="+machine, state)
			p.prompt()
		}
	}
	told := false
	for line := range strings.Lines(session) {
		verb, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch verb {
		case "state":
			state = text
			continue
		case "shell":
			started = shellVariable
			continue
		}
		begin()
		switch verb {
		case "line":
			p.keys(text + "<enter>")
			p.prompt()
		case "keys":
			p.keys(text)
		case "prompt":
			p.prompt()
		case "wait":
			p.wait(text, func() bool { return strings.Contains(p.screen.String(), text) })
		case "signal":
			told = true
			if err := p.child.Process.Signal(unix.SignalNum("SIG" + text)); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("%q is no verb", verb)
		}
	}
	if !told {
		p.keys("<ctrl-d>")
	}
	select {
	case <-p.ended:
	case <-time.After(timeout):
		t.Fatalf("the prompt does not end; the screen shows\n%s", p.screen)
	}
	if err := p.child.Wait(); err != nil {
		t.Errorf("the prompt ended with %v", err)
	}
	return p.screen.String()
}

// withHistory makes a state folder that has a history.
func withHistory(t *testing.T) string {
	state := t.TempDir()
	if err := os.MkdirAll(filepath.Join(state, "sonde"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "sonde", "history"), []byte("6 * 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return state
}

// sitDown starts a prompt as the variable says that makes the test binary one.
func sitDown(t *testing.T, variable, state string) *person {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if state == "" {
		state = withHistory(t)
	}
	p := &person{t: t, child: exec.Command(self), screen: newScreen(80), prompted: -1, ended: make(chan struct{})}
	p.child.Dir = t.TempDir()
	p.child.Env = append(os.Environ(), variable, "XDG_STATE_HOME="+state, "TERM=xterm")
	p.tty, err = pty.StartWithSize(p.child, &pty.Winsize{Rows: 40, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.tty.Close()
		_ = p.child.Process.Kill() // most often it has ended
	})
	go p.look()
	return p
}

// look reads the screen until the other end is closed, which the kernel tells as EIO.
func (p *person) look() {
	defer close(p.ended)
	buf := make([]byte, 4096)
	for {
		n, err := p.tty.Read(buf)
		p.mu.Lock()
		p.screen.Write(buf[:n])
		p.mu.Unlock()
		if err != nil {
			if !errors.Is(err, syscall.EIO) && !errors.Is(err, io.EOF) {
				p.t.Error(err)
			}
			return
		}
	}
}

var keyNames = strings.NewReplacer("<enter>", "\r", "<tab>", "\t", "^C", "\x03", "^Z", "\x1a", "<ctrl-d>", "\x04", "<up>", "\x1b[A", "<left>", "\x1b[D",
	"<paste>", pasteBegin, "</paste>", pasteEnd, "<nl>", "\n")

func (p *person) keys(text string) {
	if _, err := io.WriteString(p.tty, keyNames.Replace(text)); err != nil {
		p.t.Fatal(err)
	}
}

// prompt waits for an empty prompt below the last.
func (p *person) prompt() {
	p.wait("the prompt", func() bool {
		text, row := p.screen.beforeCursor()
		if row <= p.prompted || text != promptFirst && text != promptMore {
			return false
		}
		p.prompted = row
		return true
	})
}

func (p *person) wait(what string, done func() bool) {
	p.t.Helper()
	for end := time.Now().Add(timeout); ; time.Sleep(2 * time.Millisecond) {
		p.mu.Lock()
		ok, shown := done(), p.screen.String()
		p.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("waited for %s in vain; the screen shows\n%s", what, shown)
		}
	}
}
