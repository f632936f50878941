package probe

import (
	"strings"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/feature"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Iter runs once for each object of a kind that the kernel has.
var Iter = &record.Probe{
	Provider: check.Provider{
		Name:       "iter",
		Aliases:    []string{"it"},
		Parse:      parseIter,
		Expand:     expandIter,
		Context:    iterContext,
		Needs:      []*feature.Feature{feature.Iterators},
		Alone:      true,
		Unfiltered: true, // the kernel chooses the process's objects
	},
	Attach: mechanism,
	List: func(host check.Host, parts []string, _ int) ([]string, error) {
		var found []string
		for _, name := range iterators(host) {
			if len(parts) == 0 || match(parts[0], name) {
				found = append(found, "iter:"+name)
			}
		}
		return found, nil
	},
	Syntax: iterForms,
	Doc: `Runs once for each object of a kind that the kernel has: tasks, open files, mappings.
ctx points to the object and what belongs to it: ctx.task, ctx.file; sonde -lv shows
the members for an iterator. Where one of those that the script asks for is missing,
as all are in the last run behind the end of the list, the run ends. exit() ends
the run for one object; the others still have theirs. -p leaves out the objects
of other processes where they are tasks, or belong to one. Cgroups come from the root on,
each before those in it.

It must be the only probe of a script. With a second argument, the script is not
run but kept in the file of that name (below /sys/fs/bpf unless it begins with /):
each reading of the file runs it and gives what it prints. Such a script prints by
printf only.`,
	Examples: []record.Example{
		{Script: `iter:task { printf("%-16s %d\n", ctx.task.comm, ctx.task.pid); }`},
		{Script: `iter:task_file { @open[ctx.task.comm] = count(); }`},
		{Script: `iter:task_vma { printf("%d %lx-%lx\n", ctx.task.tgid, ctx.vma.vm_start, ctx.vma.vm_end); }`},
	},
}

var iterForms = []string{"iter:object", "iter:object:pin"}

// iterOrder is the order of kinds of objects of which the kernel has several.
var iterOrder = map[string]uint32{"cgroup": 2} // BPF_CGROUP_ITER_DESCENDANTS_PRE

// bpffs is where files that keep BPF objects lie.
const bpffs = "/sys/fs/bpf/"

func parseIter(p *check.Point) *source.Diagnostic {
	if d := wantParts(p, 1, 2, iterForms...); d != nil {
		return d
	}
	it := plan.Iterator{Name: p.Parts[0]}
	if it.Name == "" {
		return bad(p, codeValue, "iter should specify an iterator's name").WithHint("sonde -l 'iter:*' lists what there is")
	}
	if len(p.Parts) == 2 {
		if it.Pin = p.Parts[1]; it.Pin == "" {
			return bad(p, codeValue, "iter should specify the file to pin to").WithHint("write %s", iterForms[1])
		}
		if !strings.HasPrefix(it.Pin, "/") {
			it.Pin = bpffs + it.Pin
		}
	}
	if isGlob(it.Name) || isGlob(it.Pin) {
		return bad(p, codeValue, "iter probe type does not support wildcards").
			WithHint("sonde -l 'iter:*' lists what there is")
	}
	p.Data = it
	return nil
}

func expandIter(p *check.Point, host check.Host, opt *check.Options) ([]check.Target, *source.Diagnostic) {
	it := p.Data.(plan.Iterator)
	it.Order = iterOrder[it.Name]
	// A kernel that can't leave out other processes lets the program do it, which knows them
	// by their numbers in the first namespace only.
	if _, _, initial := host.PIDNamespace(); !initial || host.Features().Has(feature.IteratorPID) {
		it.PID = opt.PID
	}
	return []check.Target{{Point: p, Name: p.Provider.Name + ":" + joined(p.Parts), Data: it}}, nil
}

// The names that an iterator's context and the function to attach to begin with.
const (
	iterStruct = "bpf_iter__"
	iterFunc   = "bpf_iter_"
)

// iterators lists what the kernel can iterate over.
func iterators(host check.Host) []string {
	btf := host.BTF()
	if btf == nil {
		return nil
	}
	var found []string
	for _, s := range btf.Names("struct") {
		// Variants such as bpf_iter__task__safe_trusted are notes to the verifier.
		name, ok := strings.CutPrefix(s, iterStruct)
		if ok && !strings.Contains(name, "__") {
			if _, ok := btf.Func("", iterFunc+name); ok {
				found = append(found, name)
			}
		}
	}
	return found
}

func iterContext(t *check.Target, host check.Host) (*check.Context, *source.Diagnostic) {
	btf := host.BTF()
	if btf == nil {
		return nil, bad(t.Point, codeHost, "iter needs the kernel's BTF").
			WithHint("it takes a kernel with CONFIG_DEBUG_INFO_BTF")
	}
	it := t.Data.(plan.Iterator)
	fn, ok := btf.Func("", iterFunc+it.Name)
	object := btf.Struct("struct", iterStruct+it.Name)
	if !ok || object == nil {
		d := bad(t.Point, codeTarget, "iter %s not available for your kernel version.", it.Name).
			WithHint("sonde -l 'iter:*' lists what there is")
		return nil, d
	}
	var owner []string
	if f, ok := object.Field("task"); ok {
		if task := pointedStruct(f.Type); task != nil && task.Name == "task_struct" {
			owner = []string{"task", "tgid"}
		}
	}
	return &check.Context{
		Key:      t.Name,
		Provider: t.Point.Provider,
		Owner:    owner,
		Program:  check.ProgIter,
		Bound:    true, BindTo: iterFunc + it.Name, BindModule: fn.Module, BindID: fn.ID,
		Ctx:      types.Pointer{Elem: object, Space: types.Kernel},
		Space:    types.Kernel,
		Detached: it.Pin != "",
	}, nil
}
