package runtest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// tool is the binary under test; workDir holds a link to this test binary for each
// workload.
var tool, workDir string

// The main goroutine stays on the first thread, whose id is the process's: so a
// workload's calls all have tid == pid.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if run, ok := workloads[filepath.Base(os.Args[0])]; ok {
		os.Exit(work(run, os.Args[1:]))
	}
	flag.Parse()
	if signal.Ignored(syscall.SIGHUP) {
		// So it would be for the tool: whoever started the tests by nohup(1) does not mean that.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sonde-run-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := prepare(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func prepare(dir string) error {
	// Ordinary users' tests run what lies here.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	workDir = filepath.Join(dir, "work")
	if err := os.Mkdir(workDir, 0o755); err != nil {
		return err
	}
	for name := range workloads {
		if err := os.Symlink(self, filepath.Join(workDir, name)); err != nil {
			return err
		}
	}
	if tool = os.Getenv("SONDE"); tool != "" {
		tool, err = filepath.Abs(tool)
		return err
	}
	tool = filepath.Join(dir, "sonde")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", tool, "sonde/cmd/sonde")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return nil
}
