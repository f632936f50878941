package alloc

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"sonde/codegen/ssa"
	"sonde/lang/source"
)

// TestParallel runs the code for random sets of moves between registers and slots,
// and looks whether each target holds what its source held before.
func TestParallel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		places := []Operand{reg(R1), reg(R2), reg(R3), reg(R4), reg(R5)}
		for i := range r.IntN(4) {
			places = append(places, inSlot(&Slot{Name: fmt.Sprint(i), Size: 8}))
		}
		memory := map[Operand]string{}
		for i, p := range places {
			memory[p] = fmt.Sprint("value ", i)
		}
		var moves []move
		want := map[Operand]string{}
		for _, i := range r.Perm(len(places))[:r.IntN(len(places)+1)] {
			from := places[r.IntN(len(places))]
			m := move{to: places[i], from: from}
			want[m.to] = memory[from]
			if r.IntN(6) == 0 {
				m.from = Operand{Mode: Made, Make: Make{Op: ssa.OpConst, Imm: int64(i) << 40}}
				want[m.to] = fmt.Sprint(m.from.Make.Imm)
			}
			moves = append(moves, m)
		}
		spare := []Reg{R0, NoReg, R6}[r.IntN(3)]
		for _, in := range new(Result).parallel(nil, moves, spare, source.Span{}) {
			switch in.Op {
			case Copy:
				memory[reg(in.Dst)] = memory[in.A]
			case ssa.OpConst:
				memory[reg(in.Dst)] = fmt.Sprint(in.Imm)
			case ssa.OpLoad:
				memory[reg(in.Dst)] = memory[in.A]
			case ssa.OpStore:
				memory[in.A] = memory[in.B]
			}
		}
		for to, value := range want {
			if memory[to] != value {
				t.Fatalf("%v: %v holds %s instead of %s", moves, to, memory[to], value)
			}
		}
	}
}

// TestFrameError says which objects are in the way.
func TestFrameError(t *testing.T) {
	f := ssa.NewFunc("big")
	b := ssa.NewBuilder(f, ssa.Type{Kind: ssa.Ctx})
	small, large := f.NewSlot("small", 100, 8), f.NewSlot("large", 420, 8)
	for range 2 {
		for _, s := range []*ssa.Slot{small, large} {
			b.Load(64, b.FrameAddr(s, 0), 0)
			b.StoreImm(64, b.FrameAddr(s, 0), 0, 1)
		}
	}
	b.Return(b.Const(0))
	_, err := Allocate(f)
	full, ok := err.(*FrameError)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if full.Size != 528 || len(full.Objects) != 2 || full.Objects[0] != large {
		t.Errorf("size %d, objects %v", full.Size, full.Objects)
	}
}
