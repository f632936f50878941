package builtin

import (
	"strconv"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Username is the current user.
var Username = &record.Builtin{
	Func: check.Func{Name: "username", Shape: check.Value, Sigs: []check.Sig{{Result: printed[userWords]{}}}},
	Lowering: lower.Lowering{Value: func(b *lower.Builder, _ *check.Call) *ssa.Value {
		return low32(b, b.Call(ssa.HelperUidGid))
	}},
	Types: []types.Type{printed[userWords]{}},
	Doc: `The name of the current user.
The program handles the number alone (uid); the name is looked up in /etc/passwd
when it is printed. A user without a name is shown as the number.`,
	Examples: []record.Example{{Script: `tracepoint:syscalls:sys_enter_execve { @[username] = count(); }`}},
}

type userWords struct{}

func (userWords) name() string { return "username_t" }

func (userWords) appendWords(dst []byte, uid uint64, env types.Env) []byte {
	if s := types.ServiceOf[types.Users](env); s != nil {
		if name := s.User(uint32(uid)); name != "" {
			return append(dst, name...)
		}
	}
	return strconv.AppendUint(dst, uid, 10)
}
