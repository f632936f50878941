package emit_test

import (
	"testing"

	"github.com/cilium/ebpf/asm"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/ssa"
)

// TestKfunc checks calls of kernel functions by number, and the instruction that
// turns a pointer into a number, which no golden can have run everywhere.
func TestKfunc(t *testing.T) {
	f := ssa.NewFunc("f")
	b := ssa.NewBuilder(f, ssa.Type{Kind: ssa.Ctx, Size: 64})
	cast := &ssa.Kfunc{Name: "bpf_rdonly_cast", BTFID: 4711, Effect: ssa.Reads, Result: ssa.Type{Kind: ssa.BTF}}
	x := b.Kfunc(cast, b.Load(64, f.Blocks[0].Params[0], 0), b.Const(12))
	b.Return(b.Value(ssa.OpPtrInt, ssa.Type{Kind: ssa.Scalar}, 0, x))
	code, _, err := compile(&ssa.Program{Name: "f", Funcs: []*ssa.Func{f}}, alloc.Allocate, emit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"r1 = *(u64 *)(r1 +0)", "r2 = 12", "call kernel-function#4711", "r0 = le64 r0", "exit"}
	for i, in := range code.Instructions {
		if i >= len(want) || emit.Text(in) != want[i] {
			t.Errorf("%d: %s", i, emit.Text(in))
		}
	}
	if in := code.Instructions[2]; !in.IsKfuncCall() || in.Constant != 4711 || in.Src != asm.PseudoKfuncCall {
		t.Errorf("call is %+v", in)
	}
}
