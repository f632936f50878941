package ssagen

import (
	"testing"

	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
)

// TestPrograms checks what the package promises.
func TestPrograms(t *testing.T) {
	blocks := 0
	for seed := range uint64(1000) {
		for _, o := range []Options{{}, {Kernel: true}} {
			p := Program(seed, o)
			if err := ssa.Verify(p); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, p)
			}
			text := p.String()
			if Program(seed, o).String() != text {
				t.Fatalf("seed %d gives two programs", seed)
			}
			again, err := ssa.Parse(text)
			if err != nil || again.String() != text {
				t.Fatalf("seed %d: printed form is not stable: %v", seed, err)
			}
			if _, err := interp.New(seed).Run(p, make([]byte, ContextSize)); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, p)
			}
			blocks += len(p.Funcs[0].Blocks)
		}
	}
	if blocks < 10000 {
		t.Errorf("programs are too simple: %d blocks in all", blocks)
	}
}
