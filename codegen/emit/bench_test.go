package emit_test

import (
	"testing"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/ssa/ssagen"
)

// BenchmarkBackEnd allocates and emits 100 programs of some hundred values.
func BenchmarkBackEnd(b *testing.B) {
	insns := 0
	for b.Loop() {
		insns = 0
		for seed := range uint64(100) {
			p := ssagen.Program(seed, ssagen.Options{Kernel: true})
			code, _, err := compile(p, alloc.Allocate, emit.Options{})
			if err != nil {
				b.Fatal(err)
			}
			insns += code.Count()
		}
	}
	b.ReportMetric(float64(insns), "insns")
}
