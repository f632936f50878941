package lower

import (
	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
)

// attachType chooses what a program is loaded to be attached as: the attach type of
// its kind, or, for programs on functions, that of links which hold many places. One
// link attaches in microseconds per place where perf events take a millisecond, and goes
// away in one grace period.
func (u *unit) attachType(inst *check.Instance, list []*plan.Attach) ebpf.AttachType {
	if inst.Context.Program == check.ProgKprobe && len(list) > 0 {
		switch list[0].How.(type) {
		case plan.Uprobe:
			if u.uprobeMulti(list) {
				return ebpf.AttachTraceUprobeMulti
			}
		case plan.Kprobe:
			if len(list) > 1 && u.kprobeMulti(inst, list) {
				return ebpf.AttachTraceKprobeMulti
			}
		}
	}
	return programTypes[inst.Context.Program].attach
}

func (u *unit) uprobeMulti(list []*plan.Attach) bool {
	for _, a := range list {
		how, ok := a.How.(plan.Uprobe)
		if !ok || how.PID != 0 && !u.host.Features().Has(feature.UprobeMultiPID) {
			return false
		}
	}
	return u.host.Features().Has(feature.UprobeMulti)
}

// kprobeMulti: such a link reaches functions by name, at their entry or return, and
// shows programs the registers of arguments and result only.
func (u *unit) kprobeMulti(inst *check.Instance, list []*plan.Attach) bool {
	if !u.useOf(inst).Only(^check.Registers) {
		return false
	}
	symbols := map[string]bool{}
	for _, a := range list {
		how, ok := a.How.(plan.Kprobe)
		if !ok || how.Symbol == "" || how.Address != 0 || how.Offset != 0 || symbols[how.Symbol] {
			return false
		}
		symbols[how.Symbol] = true
	}
	return u.host.Features().Has(feature.KprobeMulti)
}
