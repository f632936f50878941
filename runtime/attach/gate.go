package attach

import (
	"bytes"
	"encoding/binary"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// A gate stands between a program and the many perf events that it is attached to: what is
// attached is a small program that jumps on to the real one by a tail call through a
// table of one entry. To stop the program everywhere, the entry is removed. To
// detach it in each place takes 20 to 60 ms, and some kernels (6.1.176) do
// that one by one. When the process dies, the kernel empties the table by itself
// (map_release_uref). The jump costs one or two nanoseconds.
type gate struct {
	// index is that of the program in the plan.
	index int
	table int
	prog  int
}

// gateFrom is how many perf attachments are too many to be detached one by one.
const gateFrom = 5

// openGates makes gates for the programs of perf attachments, if those are many.
func (s *Set) openGates() {
	count := map[int]int{}
	many := 0
	for _, a := range s.plan.Attach {
		switch a.How.(type) {
		case plan.PerfTracepoint:
		case plan.Kprobe, plan.Uprobe:
			if !s.single(a) {
				continue
			}
		default:
			continue
		}
		many++
		count[a.Program]++
	}
	if many < gateFrom {
		return
	}
	for i := range count {
		// One that can not be made is no error: the program is then attached directly.
		if g, err := s.gate(i, s.progs[i]); err == nil {
			s.gates[i] = g
		}
	}
}

// gate makes a gate before program i, which is loaded as target.
func (s *Set) gate(i, target int) (*gate, error) {
	g, err := openGate(s.plan.Programs[i], s.plan.Config.License, target)
	if err != nil {
		return nil, err
	}
	g.index = i
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held.gates = append(s.held.gates, g)
	return g, nil
}

// openGate makes a gate before a loaded program.
func openGate(p *plan.Program, license string, target int) (*gate, error) {
	g := &gate{table: -1, prog: -1}
	var err error
	g.table, err = sys.CreateMap(sys.MapSpec{Name: "gate", Type: uint32(ebpf.ProgramArray), Key: 4, Value: 4, Entries: 1})
	if err != nil {
		return nil, err
	}
	code := asm.Instructions{
		asm.LoadMapPtr(asm.R2, g.table),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnTailCall.Call(),
		asm.Mov.Imm(asm.R0, 0),
		asm.Return(),
	}
	var raw bytes.Buffer
	if err = code.Marshal(&raw, sys.ByteOrder()); err == nil {
		g.prog, err = sys.LoadProgram(&sys.Program{
			Name: p.Name, Type: uint32(p.Type), AttachType: uint32(p.AttachType), License: license, Code: raw.Bytes(),
		})
	}
	if err == nil {
		err = sys.Update(g.table, make([]byte, 4), binary.NativeEndian.AppendUint32(nil, uint32(target)), sys.Any)
	}
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *gate) close() {
	for _, fd := range []int{g.table, g.prog} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// putAway moves what is behind gates out of the process: it is only ever closed, and
// must not keep the process from ending.
func (h *held) putAway() {
	if len(h.gated) == 0 {
		return
	}
	if ring, ok := sys.Hold(h.gated); ok {
		h.ring, h.gated = ring, nil
	}
}

// shut stops the programs behind gates from being started, and tells whether there
// are any.
func (h *held) shut() bool {
	for _, g := range h.gates {
		_ = sys.Delete(g.table, make([]byte, 4)) // there is an entry
	}
	return len(h.gates) > 0
}
