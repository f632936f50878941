package probe

import (
	"fmt"
	"strconv"

	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
)

// programModule stands where a module could, for functions of BPF programs.
const programModule = "bpf"

// programTarget is what an attach point on BPF programs says: a function of the one with
// the id, or of all (0).
type programTarget struct {
	id   uint32
	name string
}

// programFunction is a target: a function of a program, nil when it is not known.
type programFunction struct {
	id uint32
	fn *types.Func
}

// parseProgram reads bpf[:id]:function.
func parseProgram(p *check.Point, forms []string) *source.Diagnostic {
	parts := p.Parts[1:]
	if len(parts) == 0 {
		return bad(p, codeParts, "the 'bpf' variant of this probe requires a bpf program name and optional bpf program id").
			WithHint("write %s", forms[len(forms)-1])
	}
	at := programTarget{name: parts[len(parts)-1]}
	if len(parts) == 2 && parts[0] != "*" {
		id, err := strconv.ParseUint(parts[0], 0, 32)
		if err != nil || id == 0 {
			return bad(p, codeValue, "bpf program id must be a number or '*'").
				WithHint("write %s", forms[len(forms)-1])
		}
		at.id = uint32(id)
	}
	if at.name == "" {
		return bad(p, codeValue, "fentry/fexit should specify a function").WithHint("write %s", forms[len(forms)-1])
	}
	p.Data = at
	return nil
}

// expandProgram finds the functions of programs. Those of one name in several programs
// are all meant.
func expandProgram(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	at := p.Data.(programTarget)
	loaded, err := host.Programs(at.id)
	if err != nil && !opt.Offline {
		return nil, bad(p, codeHost, "can not list the BPF programs: %v", err)
	}
	var targets []check.Target
	untyped, nested := "", ""
	for _, prog := range loaded {
		if tooDeep(prog, host) {
			for _, fn := range prog.Funcs {
				if match(at.name, fn.Name) {
					nested = fmt.Sprintf("%d (%s)", prog.ID, prog.Name)
				}
			}
			continue
		}
		if len(prog.Funcs) == 0 && match(at.name, prog.Name) {
			untyped = fmt.Sprintf("%d (%s)", prog.ID, prog.Name)
		}
		seen := map[string]bool{}
		for _, fn := range prog.Funcs {
			if match(at.name, fn.Name) && !seen[fn.Name] {
				seen[fn.Name] = true
				targets = append(targets, programFunctionTarget(p, prog.ID, fn.Name, fn))
			}
		}
	}
	wild := isGlob(at.name) || at.id == 0
	for i := range targets {
		targets[i].Found = wild
	}
	switch {
	case len(targets) > 0:
		return targets, nil
	case opt.Offline:
		return []check.Target{programFunctionTarget(p, at.id, at.name, nil)}, nil
	case untyped != "":
		return nil, bad(p, codeTarget, "%s can not be attached to BPF program %s: it has no type information (BTF)", p.Provider.Name, untyped).
			WithHint("load it from an object file that was compiled with -g")
	case nested != "" && !isGlob(at.name):
		return nil, bad(p, codeTarget, "%s can not be attached to BPF program %s: it is itself bound to a function or typed tracepoint, and this kernel nests no such programs", p.Provider.Name, nested).
			WithHint("it needs %s", feature.FentryTracing.Origin())
	case at.id != 0 && len(loaded) == 0:
		return nil, bad(p, codeTarget, "there is no BPF program %d", at.id).
			WithHint("sonde -l '%s:bpf:*' lists what there is", p.Provider.Name)
	case isGlob(at.name):
		return nil, nil
	}
	return nil, bad(p, codeTarget, "No matches for %s %s", p.Provider.Name, joined(p.Parts)).
		WithHint("sonde -l '%s:bpf:*' lists what there is", p.Provider.Name)
}

// tooDeep tells the programs that the kernel attaches none of ours to, because they are
// of our type.
func tooDeep(prog check.BPFProgram, host check.Host) bool {
	return prog.Tracing && !host.Features().Has(feature.FentryTracing)
}

func programFunctionTarget(p *check.Point, id uint32, name string, fn *types.Func) check.Target {
	return check.Target{
		Point: p, Name: fmt.Sprintf("%s:%s:%d:%s", p.Provider.Name, programModule, id, name), Func: name,
		Data: programFunction{id, fn},
	}
}

// programContext binds the program to a function of another.
func programContext(t *check.Target, host check.Host, exit bool) *check.Context {
	at := t.Data.(programFunction)
	fn := at.fn
	if fn == nil {
		fn = &types.Func{Name: t.Func, Result: types.Int32}
	}
	ctx := boundContext(t, fn, withKernelTypes(fn.Params, host.BTF()), exit)
	ctx.BindProg = at.id
	if !host.Features().Has(feature.FuncRet) {
		ctx.Retval = nil
	}
	return ctx
}

// kernelContexts are the kernel's names for what programs call by others: their context
// (include/linux/bpf_types.h). Who looks from outside is shown the kernel's.
var kernelContexts = map[string]string{
	"__sk_buff":           "sk_buff",
	"xdp_md":              "xdp_buff",
	"bpf_sock":            "sock",
	"bpf_sock_addr":       "bpf_sock_addr_kern",
	"bpf_sock_ops":        "bpf_sock_ops_kern",
	"bpf_perf_event_data": "bpf_perf_event_data_kern",
	"bpf_sysctl":          "bpf_sysctl_kern",
	"bpf_sockopt":         "bpf_sockopt_kern",
	"bpf_sk_lookup":       "bpf_sk_lookup_kern",
	"sk_msg_md":           "sk_msg",
	"sk_reuseport_md":     "sk_reuseport_kern",
}

// withKernelTypes gives the parameters with the kernel's types for contexts.
func withKernelTypes(params []types.Field, btf types.BTF) []types.Field {
	list := make([]types.Field, len(params))
	for i, f := range params {
		if s := pointedStruct(f.Type); s != nil && btf != nil {
			if kernel := btf.Struct("struct", kernelContexts[s.Name]); kernel != nil {
				f.Type = types.Pointer{Elem: kernel, Space: types.Kernel}
				f.Decl = "struct " + kernel.Name + " * " + f.Name
			}
		}
		list[i] = f
	}
	return list
}

// pointedStruct gives the struct that a type points to, or nil.
func pointedStruct(t types.Type) *types.Struct {
	if p, ok := t.(types.Pointer); ok {
		s, _ := p.Elem.(*types.Struct)
		return s
	}
	return nil
}

// listPrograms lists the functions of BPF programs: parts are those behind "bpf".
func listPrograms(host check.Host, provider string, parts []string) ([]string, error) {
	id, name := "*", "*"
	switch len(parts) {
	case 0:
	case 1:
		name = parts[0]
	default:
		id, name = parts[0], parts[1]
	}
	loaded, err := host.Programs(0)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, prog := range loaded {
		if tooDeep(prog, host) {
			continue
		}
		seen := map[string]bool{}
		for _, fn := range prog.Funcs {
			if match(id, strconv.Itoa(int(prog.ID))) && match(name, fn.Name) && !seen[fn.Name] {
				seen[fn.Name] = true
				names = append(names, fmt.Sprintf("%s:%s:%d:%s", provider, programModule, prog.ID, fn.Name))
			}
		}
	}
	return names, nil
}
