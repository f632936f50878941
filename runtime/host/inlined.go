package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sonde/lang/check"
	"sonde/runtime/debuginfo"
	"sonde/runtime/elfsym"
	"sonde/runtime/sym"
)

// Inlined implements check.Host. The kernel's debugging information is opened when this is
// first asked; it takes up to some seconds, and an interrupt ends the process then.
func (h *Host) Inlined(function string) ([]check.KernelPlace, error) {
	var reading debuginfo.Reading
	if h.opt.Watch != nil {
		defer h.opt.Watch("units of debugging information read", reading.Done)()
	}
	d, err := h.kernelDebug()
	if err != nil {
		return nil, err
	}
	found, known, err := d.file.Instances(context.Background(), function, &reading)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, fmt.Errorf("%s has no function %s", d.file.Path, function)
	case len(found) == 0:
		return nil, fmt.Errorf("nothing is left of its code, says %s", d.file.Path)
	}
	var places []check.KernelPlace
	for _, instance := range found {
		if p, ok := d.place(instance); ok {
			places = append(places, p)
		}
	}
	if len(places) == 0 {
		return nil, errors.New("its code is only in what runs while the kernel starts")
	}
	return places, nil
}

// kernelDebug is the debugging information of the running kernel with its symbols.
type kernelDebug struct {
	file    *debuginfo.File
	symbols *elfsym.File
	// moved is how far from where it was linked the kernel runs, as it chose when it
	// started.
	moved uint64
}

func (h *Host) openKernelDebug() (*kernelDebug, error) {
	kernel, err := h.kernel()
	if err != nil {
		return nil, err
	}
	file, err := debuginfo.Kernel(h.opt.Root, h.opt.Vmlinux)
	if err != nil {
		return nil, notPermitted(err, "the kernel's debugging information", "run as root")
	}
	d := &kernelDebug{file: file}
	if d.symbols, err = elfsym.Open(file.Path); err != nil {
		return nil, err
	}
	if !d.compare(kernel) {
		return nil, fmt.Errorf("%s and /proc/kallsyms have no function in common", file.Path)
	}
	return d, nil
}

// compare finds out how far the kernel was moved, which is as a whole, by a function that is
// the only one of its name.
func (d *kernelDebug) compare(kernel *sym.Kernel) bool {
	table, alike := &d.symbols.Table, map[string]int{}
	for i := range table.Len() {
		alike[table.At(i).Name]++
	}
	for i := range table.Len() {
		s := table.At(i)
		if !s.Func || alike[s.Name] > 1 || d.file.Section(s.Address) == "" {
			continue
		}
		if runs := kernel.Address(s.Name); runs != 0 {
			d.moved = runs - s.Address
			return true
		}
	}
	return false
}

// place says where an instance is in the running kernel. By its address, because several
// functions of the kernel may have the same name. There is no such place for code
// that runs only when the kernel starts or would be unloaded, nor for the second half of a
// function that was split: its first half is an instance too.
func (d *kernelDebug) place(i debuginfo.Instance) (check.KernelPlace, bool) {
	section := d.file.Section(i.Address)
	s, ok := d.symbols.Table.Lookup(i.Address)
	if !ok || strings.HasPrefix(section, ".init") || strings.HasPrefix(section, ".exit") ||
		!i.Inlined && strings.Contains(s.Name, ".part.") {
		return check.KernelPlace{}, false
	}
	return check.KernelPlace{Function: s.Name, Offset: i.Address - s.Address, Address: i.Address + d.moved}, true
}
