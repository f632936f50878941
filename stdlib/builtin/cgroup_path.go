package builtin

import (
	"path"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// CgroupPath shows a cgroup id as a path.
var CgroupPath = &record.Builtin{
	Func: check.Func{
		Name:  "cgroup_path",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "id", Kind: check.IntArg}, {Name: "hierarchy", Kind: check.ConstStringArg}},
			Optional: 1,
		}},
		Check: func(c *check.Call) types.Type {
			filter := "*"
			if len(c.Args) > 1 {
				var ok bool
				if filter, ok = c.Checker.ConstString(c.Args[1]); !ok {
					return nil
				}
				if _, err := path.Match(filter, ""); err != nil {
					return wrong(c, c.Args[1].Span(), "cgroup_path(): %q is no pattern: %v", filter, err)
				}
			}
			return printed[cgroupWords]{cgroupWords{filter}}
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
		return b.Int(c.Args[0], types.Uint64)
	}},
	Types: []types.Type{printed[cgroupWords]{cgroupWords{"*"}}},
	Doc: `Shows a cgroup's id as its path below the mount point.
The path is looked up when it is printed, and stands behind the name of its
hierarchy, "unified" for cgroup v2. A second argument chooses hierarchies by a
pattern.`,
	Examples: []record.Example{{Script: `tracepoint:syscalls:sys_enter_openat { @[cgroup_path(cgroup)] = count(); }`}},
}

// hierarchyV2 is what the hierarchy of cgroup v2 is called.
const hierarchyV2 = "unified"

type cgroupWords struct{ filter string }

func (cgroupWords) name() string { return "cgroup_path_t" }

func (w cgroupWords) appendWords(dst []byte, id uint64, env types.Env) []byte {
	if ok, err := path.Match(w.filter, hierarchyV2); !ok || err != nil {
		return dst
	}
	if s := types.ServiceOf[types.Cgroups](env); s != nil {
		if name := s.Cgroup(id); name != "" {
			return types.AppendSafe(append(dst, hierarchyV2+":"...), []byte(name), env)
		}
	}
	return dst
}
