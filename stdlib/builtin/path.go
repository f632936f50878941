package builtin

import (
	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Path is the name of a file.
var Path = &record.Builtin{
	Func: check.Func{
		Name:  "path",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params:   []check.Param{{Name: "path", Kind: check.RawArg}, {Name: "size", Kind: check.ConstIntArg}},
			Optional: 1,
		}},
		Check: func(c *check.Call) types.Type {
			t := c.Checker.Eval(c.Args[0])
			if t == nil {
				return nil
			}
			s, embedded := t.(*types.Struct)
			if !isPointerTo(t, "path") && !(embedded && s.Name == "path") {
				return wrong(c, c.Args[0].Span(), "path() only supports pointer to 'struct path' as the argument (%s provided)", t)
			}
			if need := feature.DPathIter; c.Context.Program == check.ProgIter && !c.Checker.Host().Features().Has(need) {
				c.Checker.Report(check.Missing(c.Node.Span(), need, "path() in iterators"))
				return nil
			}
			n := int64(c.Checker.Config().MaxStrlen)
			if len(c.Args) > 1 {
				size, ok := c.Checker.ConstInt(c.Args[1])
				if !ok {
					return nil
				}
				if size < 1 {
					return wrong(c, c.Args[1].Span(), "path() cannot use a size below 1 (%d)", size)
				}
				n = min(n, size)
			}
			return types.String{N: int(n)}
		},
		Needs: []*feature.Feature{feature.DPath},
		Ctx: func(p *check.Context) (bool, string) {
			return isTyped(p), "the kernel allows it in some of the functions that fentry and fexit reach, and in iter"
		},
		MustUse: true,
	},
	Lowering: lower.Lowering{Into: func(b *lower.Builder, c *check.Call, dst lower.Place) {
		// What lies behind the path's NUL is the helper's scratch.
		tmp := b.Temp(dst.Type)
		ptr := b.Pointer(c.Args[0])
		b.Clear(tmp)
		b.Call(helperDPath, ptr, b.Addr(tmp), b.Const(int64(tmp.Type.Size())))
		b.ReadStr(types.Kernel, dst, b.Addr(tmp), nil)
	}},
	Doc: `The full path that a struct path of the kernel stands for.
A path longer than size (max_strlen without) comes out without its beginning, or empty,
as the kernel leaves it. The kernel allows this in few functions (btf_allowlist_d_path in kernel/trace/bpf_trace.c: filp_close,
vfs_getattr, dentry_open, vfs_truncate, security_file_open and their like) and in iterators.`,
	Examples: []record.Example{
		{Script: `iter:task_file { printf("%s %s\n", ctx.task.comm, path(ctx.file->f_path)); }`},
	},
}

var helperDPath = &ssa.Helper{
	Name: "d_path", ID: 147, Effect: ssa.Writes, WritesArg: 1 << 1, PartArg: 1 << 1,
	Args: []ssa.ArgKind{ssa.ArgAny, ssa.ArgMem, ssa.ArgSize}, Result: ssa.Type{Kind: ssa.Scalar},
}
