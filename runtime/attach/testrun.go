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
		if _, err := sys.RunProgram(s.prog(a), make([]byte, 8*testRunArgs)); err != nil {
			if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.Errno(524)) {
				err = errNoTestRun
			}
			return explain(a, err)
		}
	}
	return nil
}
