package attach

import (
	"errors"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/sys"
)

// testRunArgs is how many arguments the kernel lets a raw tracepoint program have
// (MAX_BPF_FUNC_ARGS); they are all zero.
const testRunArgs = 12

// Run runs the programs of a stage once, in script order; those of OnSignal that are for
// the signal.
func (s *Set) Run(stage plan.Stage, signal int) *source.Diagnostic {
	for _, a := range s.plan.Attach {
		how, ok := a.How.(plan.TestRun)
		if !ok || how.Stage != stage || stage == plan.OnSignal && how.Signal != signal {
			continue
		}
		if _, err := s.runOnce(a); err != nil {
			return explain(a, err)
		}
	}
	return nil
}

// RunOnce runs the program of one attachment, and gives its result.
func (s *Set) RunOnce(a *plan.Attach) (uint32, error) {
	result, err := s.runOnce(a)
	if err != nil {
		return 0, explain(a, err)
	}
	return result, nil
}

func (s *Set) runOnce(a *plan.Attach) (uint32, error) {
	result, err := RunProgram(s.prog(a))
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.Errno(524)) {
		err = errNoTestRun
	}
	return result, err
}

// RunProgram runs a raw tracepoint program once, with arguments that are all zero, and gives
// its result.
func RunProgram(fd int) (uint32, error) {
	return sys.RunProgram(fd, make([]byte, 8*testRunArgs))
}

// RunTime gives how long the program of an attachment ran while the kernel kept
// statistics, ns, and how often.
func (s *Set) RunTime(a *plan.Attach) (ns, runs uint64, err error) {
	return sys.RunTime(s.prog(a))
}
