package builtin

import (
	"sonde/codegen/lower"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Kptr and Uptr share this file because only the memory they name differs.

// Kptr says that a pointer is the kernel's.
var Kptr = pointsTo("kptr", types.Kernel, `Says that a pointer points to memory of the kernel.
Where the probe's context suggests otherwise, this decides what memory is read.`,
	record.Example{Script: `uprobe:libc:malloc { printf("%s\n", str(kptr(arg0))); }`})

// Uptr says that a pointer is a process's.
var Uptr = pointsTo("uptr", types.User, `Says that a pointer points to memory of the current process.
Where the probe's context suggests otherwise, this decides what memory is read.`,
	record.Example{Script: `tracepoint:raw_syscalls:sys_enter /args.id == 2/ { printf("%s\n", str(uptr(args.args[0]))); }`})

func pointsTo(name string, space types.Space, doc string, examples ...record.Example) *record.Builtin {
	return &record.Builtin{
		Func: check.Func{
			Name:  name,
			Shape: check.Function,
			Sigs:  []check.Sig{{Params: []check.Param{{Name: "pointer", Kind: check.PtrArg}}}},
			Check: func(c *check.Call) types.Type {
				switch t := types.Settle(orVoid(c.Checker.TypeOf(c.Args[0]))).(type) {
				case types.Void:
					return nil
				case types.Pointer:
					t.Space = space
					return t
				}
				return types.Pointer{Elem: types.Void{}, Space: space}
			},
			MustUse: true,
		},
		Lowering: lower.Lowering{Operand: func(b *lower.Builder, c *check.Call) lower.Operand {
			return lower.Operand{Type: c.Type, Val: b.Scalar(c.Args[0]), Space: space}
		}},
		Doc:      doc,
		Examples: examples,
	}
}
