package probe

import (
	"errors"
	"io/fs"
	"slices"

	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
)

// Functions that the compiler put into all their callers are no symbols. The kernel's
// debugging information tells where their code begins, and a kprobe goes to each of these
// places. Functions that are symbols are probed there only, even where some calls of them
// were inlined: that is what attaching by name means to the kernel and to other tracers, and
// hundreds of megabytes need not be looked through to start. (bpftrace 0.22 and 0.23 added the
// inlined places when a setting asked for it, and later versions do not know them.)

// expandInlined looks for the places of a function that is no symbol. It gives them, or
// what is wrong with them, or, with the reason why there are none, nothing.
func expandInlined(p *check.Point, host check.Host, at kernelTarget, ret, unsafe bool) (targets []check.Target, d *source.Diagnostic, none error) {
	places, err := host.Inlined(at.symbol)
	if err != nil {
		return nil, nil, err
	}
	if ret {
		d := bad(p, codeHost, "%s has no return to attach to: it was inlined", at.symbol)
		return nil, d.WithHint("attach to the return of a function that it was inlined into, such as %s:%s", p.Provider.Name, places[0].Function), nil
	}
	places = slices.DeleteFunc(slices.Clone(places), func(at check.KernelPlace) bool { return !unsafe && whyRefused(at.Function) != "" })
	for _, place := range places {
		targets = append(targets, check.Target{
			Point: p, Name: p.Provider.Name + ":" + joined(p.Parts), Func: place.Function, Found: true,
			Data: plan.Kprobe{Symbol: place.Function, Offset: place.Offset, Address: place.Address, Inlined: at.symbol},
		})
	}
	return targets, nil, nil
}

// untraceable adds to a warning about a function why it was not found where inlined
// functions are, and what it may be called.
func untraceable(d *source.Diagnostic, p *check.Point, host check.Host, symbol string, none error) {
	suggestFunction(d, p.Provider.Name, host, symbol)
	if none == nil {
		return
	}
	d.WithNote(source.Span{}, "for functions that were inlined, the kernel's debugging information is asked: %v", none)
	if errors.Is(none, fs.ErrNotExist) && d.Hint == listHint(p.Provider.Name) {
		d.WithHint("if it was inlined, the kernel's debug package tells where: linux-image-$(uname -r)-dbg on Debian, linux-image-$(uname -r)-dbgsym on Ubuntu, kernel-debuginfo on Fedora, kernel-default-debuginfo on SUSE")
	}
}

// inlinedContext is that of programs at the places of inlined functions.
func inlinedContext(t *check.Target, function string) *check.Context {
	return &check.Context{
		Key:      t.Point.Provider.Name + ":" + function,
		Provider: t.Point.Provider,
		Program:  check.ProgKprobe,
		Inlined:  function,
		Regs:     true,
		Space:    types.Kernel,
	}
}
