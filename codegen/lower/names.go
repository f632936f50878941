package lower

import (
	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
)

// namesMap holds, by attach cookie, the names of the targets of programs that serve
// several and ask for them: the probe's name, and behind it the function's.
var namesMap = plan.Map{Name: namesName, Kind: plan.Constants, Type: ebpf.Array, KeySize: 4, Flags: flagReadOnlyProg}

// NameOf gives a target's name, or its function.
func NameOf(t *check.Target, function bool) string {
	if function {
		return t.Func
	}
	return t.Name
}

// TargetFunc is the function of the only target that runs the program; false when there are
// several.
func (b *Builder) TargetFunc() (name string, single bool) {
	if targets := b.prog.targets; len(targets) == 1 {
		return targets[0].Func, true
	}
	return "", false
}

// TargetName is the name, or the function, of the target that runs the program, as a
// string of type t.
func (b *Builder) TargetName(function bool, t types.Type) Operand {
	if targets := b.prog.targets; len(targets) == 1 {
		p := b.Temp(t)
		b.Literal(p, NameOf(&targets[0], function))
		return Memory(p)
	}
	offset := int64(0)
	if function {
		offset = b.unit.nameWidth(false)
	}
	m := b.unit.names()
	key := b.slot("target", types.Uint32)
	b.Set(key, b.Call(ssa.HelperAttachCookie, b.Ctx()))
	at := &ssa.Variable{Name: "name", Type: ssa.Type{Kind: ssa.Mem, Size: m.ValueSize}}
	null, join := b.Func.NewBlock(), b.Func.NewBlock()
	b.Def(at, b.NonNull(b.lookup(m, b.Addr(key)), null))
	b.Jump(join)
	b.enter(null)
	b.Def(at, b.zeros(int64(m.ValueSize)))
	b.Jump(join)
	b.enter(join)
	return Memory(Place{Ptr: b.Use(at), Off: offset, Type: t})
}

// nameWidth is the room for a name in the map of names: a multiple of 8.
func (u *unit) nameWidth(function bool) int64 {
	longest := 0
	for _, inst := range u.checked.Instances {
		if !inst.UsesName {
			continue
		}
		for i := range inst.Targets {
			longest = max(longest, len(NameOf(&inst.Targets[i], function)))
		}
	}
	return int64(longest+8) &^ 7
}

func (u *unit) names() *ssa.Map {
	m := namesMap
	m.ValueSize = uint32(u.nameWidth(false) + u.nameWidth(true))
	return u.kernelMap(m)
}

// fillNames writes the names, when all attachments are known. Place 0 is empty: no
// attachment has the cookie 0.
func (u *unit) fillNames(m *plan.Map) {
	m.MaxEntries = uint32(len(u.plan.Attach) + 1)
	m.Contents = make([]byte, m.MaxEntries*m.ValueSize)
	for _, a := range u.plan.Attach {
		at := m.Contents[a.Cookie*uint64(m.ValueSize):]
		if a.Cookie != 0 {
			copy(at, a.Name)
			copy(at[u.nameWidth(false):], a.Func)
		}
	}
}
