package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/config"
	"sonde/lang/source/golden"
	"sonde/runtime"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
	"sonde/runtime/services"
	"sonde/stdlib"
)

// options are a prompt's: on a made-up machine, on which nothing can run, or on this one.
func options(real bool) Options {
	lib := stdlib.Default()
	opt := Options{
		Library: lib,
		Host:    hosttest.New(),
		Check:   check.Options{Config: config.Default()},
		Describe: func(name string) (string, bool) {
			if b := lib.Builtin(name); b != nil {
				return strings.Join(b.Forms(), "\n") + "\n", true
			}
			return "", false
		},
		List: func(w io.Writer, pattern string) error {
			_, err := fmt.Fprintf(w, "(probes that match %s)\n", pattern)
			return err
		},
	}
	if !real {
		opt.Start = func(context.Context, *plan.Plan, runtime.Options) (*runtime.Session, error) {
			return nil, errors.New("nothing can run here")
		}
	} else {
		h := host.New(host.Options{})
		opt.Host = h
		opt.Env = services.New(services.Options{Kernel: h.Kernel})
	}
	return opt
}

// needsRoot skips a test that loads programs.
func needsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads BPF programs")
	}
}

// TestEngine plays the sessions in testdata/repl. Lines behind a prompt are typed, others are
// what was answered; <TAB> at the end of a line asks how it can go on. Sessions in files
// that are named root… load programs.
func TestEngine(t *testing.T) {
	golden.Archives(t, "../../../testdata/repl/[^t]*.txtar", func(t *testing.T, a *golden.Archive) {
		root := strings.HasPrefix(a.Name, "root")
		if root {
			needsRoot(t)
		}
		for _, f := range a.Files {
			t.Run(f.Name, func(t *testing.T) {
				session := string(f.Data)
				got := play(t, options(root), session)
				if !golden.Update() && got != session {
					featuretest.Refused(t, got)
				}
				a.Expect(t, f.Name, got)
			})
		}
	})
}

// play types what was typed in a transcript, and gives the transcript of that.
func play(t *testing.T, opt Options, transcript string) string {
	t.Chdir(t.TempDir())
	var out strings.Builder
	opt.Out = &out
	e := New(opt)
	defer e.Close()
	pending, prompt := "", promptFirst
	for line := range strings.Lines(transcript) {
		typed, first := strings.CutPrefix(line, promptFirst)
		more := false
		if !first {
			typed, more = strings.CutPrefix(line, promptMore)
		}
		if !first && !more {
			continue
		}
		e.out.printf("%s%s", prompt, typed)
		if text, ok := strings.CutSuffix(typed, "<TAB>\n"); ok {
			words, from := e.Complete(pending + text)
			e.out.printf("%s|%s\n", (pending + text)[:from], strings.Join(words, " "))
			continue
		}
		pending += typed
		switch e.Eval(context.Background(), strings.TrimSuffix(pending, "\n")) {
		case More:
			prompt = promptMore
		case Done:
			pending, prompt = "", promptFirst
		case Quit:
			return out.String()
		}
	}
	return out.String()
}

// TestInterrupted has input ended before it has begun to run.
func TestInterrupted(t *testing.T) {
	needsRoot(t)
	var out strings.Builder
	opt := options(true)
	opt.Out = &out
	e := New(opt)
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e.Eval(ctx, "interval:s:1000 { @x++ }")
	e.Eval(ctx, "begin { printf(\"never\\n\") }")
	for _, r := range e.running() {
		<-r.over
	}
	if got := out.String(); got != "interrupted\ninterrupted\n" {
		t.Errorf("got %q", got)
	}
}
