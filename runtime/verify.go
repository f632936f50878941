package runtime

import (
	"context"

	"sonde/codegen/plan"
)

// Verify creates a plan's maps and has the kernel verify its programs, and lets go
// of all again. The error is that of Start; *Rejected has the verifier's log.
func Verify(p *plan.Plan) error {
	k, err := load(context.Background(), p, nil, NewClock(), nil)
	if err != nil {
		return err
	}
	k.close()
	return nil
}
