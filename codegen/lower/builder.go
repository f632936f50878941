package lower

import (
	"sonde/codegen/ssa"
	"sonde/lang/check"
)

// Builder lowers one instance. Records use it to make their code.
type Builder struct {
	*ssa.Builder
	Instance *check.Instance
}
