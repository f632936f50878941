package emit_test

import (
	"strings"
	"testing"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/emit/machine"
	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
	"sonde/runtime/feature/featuretest"
)

// far builds a branch over 33,000 instructions.
func far() *ssa.Program {
	f := ssa.NewFunc("far")
	b := ssa.NewBuilder(f, ssa.Type{Kind: ssa.Ctx, Size: 64})
	ctx := f.Blocks[0].Params[0]
	body, end := f.NewBlock(), f.NewBlock()
	x := &ssa.Variable{Name: "x", Type: ssa.Type{Kind: ssa.Scalar}}
	b.Def(x, b.Load(64, ctx, 0))
	b.BranchImm(ssa.EQ, b.Use(x), 0, end, body)
	b.Seal(body)
	b.SetBlock(body)
	for range 16500 {
		b.Def(x, b.Bin(ssa.OpXor, b.Bin(ssa.OpAdd, b.Use(x), b.Const(7)), b.Const(3)))
	}
	b.Jump(end)
	b.Seal(end)
	b.SetBlock(end)
	b.Return(b.Use(x))
	return &ssa.Program{Name: "far", Funcs: []*ssa.Func{f}}
}

// TestFarJumps: the offset of a jump has 16 bits; instruction set 4 has longer ones.
func TestFarJumps(t *testing.T) {
	featuretest.NeedTime(t)
	if _, _, err := compile(far(), alloc.Allocate, emit.Options{}); err == nil || !strings.Contains(err.Error(), "a jump over") {
		t.Errorf("got %v", err)
	}
	for _, ctx := range [][]byte{make([]byte, 64), testContext} {
		p := far()
		code, _, err := compile(p, alloc.Allocate, bothISAs[1])
		if err != nil {
			t.Fatal(err)
		}
		want, err := interp.New(1).Run(p, ctx)
		if err != nil {
			t.Fatal(err)
		}
		got, err := machine.New(interp.New(1), p, code, 0).Run(ctx)
		if err != nil || got != want {
			t.Errorf("got %#x, %v, want %#x", got, err, want)
		}
	}
}
