package repl

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chzyer/readline"
)

// Prompts for a new input, and for more of one.
const (
	promptFirst = "sonde> "
	promptMore  = "  ...> "
)

// Run talks to the terminal on standard input and output until the user leaves. greeting is
// shown first.
func Run(opt Options, greeting string) error {
	tty, err := openTerminal(int(os.Stdin.Fd()))
	if err != nil {
		return err
	}
	defer tty.restore()
	f := &front{}
	opt.Out = f
	f.engine = New(opt)
	history, noHistory := historyFile()
	f.line, err = readline.NewEx(&readline.Config{
		Prompt:                 promptFirst,
		HistoryFile:            history,
		HistoryLimit:           historyLimit,
		DisableAutoSaveHistory: true,
		HistorySearchFold:      true,
		AutoComplete:           f,
		Painter:                f,
		InterruptPrompt:        "^C",
		EOFPrompt:              "\n",
		Stdin:                  readline.NewCancelableStdin(&pasteReader{r: os.Stdin}),
		FuncMakeRaw:            tty.editing,
		FuncExitRaw:            tty.working,
		FuncFilterInputRune:    f.filter(tty),
	})
	if err != nil {
		return err
	}
	defer f.line.Close()
	f.write([]byte(pasteOn + greeting + "\n"))
	defer f.write([]byte(pasteOff))
	f.forgetful(noHistory)

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	go f.heed(signals)

	f.loop()
	f.line.SetPrompt("")
	f.engine.Close()
	return nil
}

// front is the terminal side of the prompt.
type front struct {
	engine *Engine
	line   *readline.Instance
	// mu guards editing, which tells that a line is being edited, so that output must
	// go around it.
	mu      sync.Mutex
	editing bool
	// pending is what was typed of an input that is not complete.
	pending string
	// work ends what is being evaluated.
	work atomic.Pointer[context.CancelFunc]
	// told: that the history can't be kept was said.
	told bool
	// leaving is set when the process was told to end.
	leaving atomic.Bool
}

// loop reads and answers until the user leaves.
func (f *front) loop() {
	for !f.leaving.Load() {
		f.setEditing(true)
		text, err := f.line.Readline()
		f.setEditing(false)
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			f.interrupt(text)
			continue
		case err != nil:
			return // Ctrl-D, or the terminal is gone
		}
		pasted := strings.HasSuffix(text, pasteMark)
		f.pending += strings.TrimSuffix(text, pasteMark) + "\n"
		if pasted {
			f.line.SetPrompt(promptMore)
			continue
		}
		if !f.answer() {
			return
		}
	}
}

// answer evaluates what is pending; false when that means to leave.
func (f *front) answer() bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f.work.Store(&cancel)
	answer := f.engine.Eval(ctx, strings.TrimSuffix(f.pending, "\n"))
	f.work.Store(nil)
	if answer == More {
		f.line.SetPrompt(promptMore)
		return true
	}
	f.remember()
	f.reset()
	return answer != Quit
}

func (f *front) reset() {
	f.pending = ""
	f.line.SetPrompt(promptFirst)
}

// interrupt is Ctrl-C while nothing is evaluated: it drops what is typed, or else
// ends what runs.
func (f *front) interrupt(text string) {
	if text != "" || f.pending != "" {
		f.reset()
		return
	}
	if f.engine.Detach() == 0 {
		f.engine.out.printf("nothing runs; Ctrl-D or :quit leaves\n")
	}
}

// heed deals with signals: Ctrl-C while something is evaluated ends that, being told
// to end does what Ctrl-D does.
func (f *front) heed(signals <-chan os.Signal) {
	for sig := range signals {
		if cancel := f.work.Load(); cancel != nil {
			(*cancel)()
		}
		if sig != os.Interrupt {
			f.leaving.Store(true)
			f.line.Close()
		}
	}
}

// filter handles keys that readline would handle badly. It lets all of them through: for one
// that is held back readline would ask for another too many, and then wait for it when
// the prompt is left.
func (f *front) filter(tty *terminal) func(rune) (rune, bool) {
	return func(r rune) (rune, bool) {
		op := f.line.Operation
		switch r {
		case readline.CharCtrlZ:
			f.line.Clean()
			f.suspend(tty)
			return readline.CharBell, true // which does nothing
		case readline.CharInterrupt:
			op.ExitCompleteMode(true) // else that would be all it did
		case readline.CharEnter, readline.CharCtrlJ:
			// Left to readline, that would come after the line was handed over, and show the
			// prompt once more.
			if !op.IsInCompleteSelectMode() {
				op.ExitCompleteMode(false)
			}
		}
		return r, true
	}
}

// suspend stops the process, and those that it was started through, as the terminal
// itself would at Ctrl-Z. It returns when the shell goes on with it.
func (f *front) suspend(tty *terminal) {
	f.write([]byte(pasteOff))
	tty.restore()
	goOn := make(chan os.Signal, 1)
	signal.Notify(goOn, syscall.SIGCONT)
	defer signal.Stop(goOn)
	_ = syscall.Kill(0, syscall.SIGTSTP) // to itself: it may
	select {
	case <-goOn:
	case <-time.After(stopDelay):
	}
	_ = tty.editing()
	f.write([]byte(pasteOn))
	f.line.Refresh()
}

// stopDelay is how long the kernel may take to stop the process. It does not where nobody
// could go on with it.
const stopDelay = 100 * time.Millisecond

func (f *front) setEditing(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.editing = on
}

// Write shows text above the line that is being edited, if there is one.
func (f *front) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.editing && !f.line.Terminal.IsReading() {
		// Between the start of editing and readline's reading, and between Enter and the
		// line's being handed over, it can't be written around.
		f.mu.Unlock()
		time.Sleep(time.Millisecond)
		f.mu.Lock()
	}
	if f.editing {
		return f.line.Stdout().Write(b)
	}
	return os.Stdout.Write(b)
}

// write writes to the terminal as it is.
func (f *front) write(b []byte) {
	_, _ = os.Stdout.Write(b) // there is no other place to complain
}

// Do implements readline.AutoCompleter: what can follow, and how much of it stands there.
func (f *front) Do(line []rune, pos int) ([][]rune, int) {
	typed := string(line[:pos])
	if strings.TrimSpace(typed) == "" {
		return [][]rune{[]rune("    ")}, 0
	}
	text := f.pending + typed
	candidates, from := f.engine.Complete(text)
	var rest [][]rune
	for _, c := range candidates {
		rest = append(rest, []rune(c[len(text)-from:]))
	}
	return rest, len([]rune(text[from:]))
}

// Paint implements readline.Painter: the mark of pasted lines is not shown.
func (f *front) Paint(line []rune, _ int) []rune {
	return slices.DeleteFunc(slices.Clone(line), func(r rune) bool { return string(r) == pasteMark })
}

// remember puts an input into the history.
func (f *front) remember() {
	for _, entry := range entries(f.pending) {
		f.forgetful(f.line.SaveHistory(entry))
	}
}

// forgetful tells, once, that the history is of this session alone.
func (f *front) forgetful(err error) {
	if err != nil && !f.told {
		f.told = true
		f.engine.out.printf("WARNING: what is typed is not kept for the next session: %s\n", err)
	}
}

var (
	_ io.Writer              = (*front)(nil)
	_ readline.AutoCompleter = (*front)(nil)
)
