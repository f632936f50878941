package host

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"sonde/lang/types"
	"sonde/lang/types/btf"
)

const btfDir = "sys/kernel/btf"

// loadBTF reads the kernel's type information, or that in Options.BTF.
func (h *Host) loadBTF() (types.BTF, error) {
	if h.opt.BTF != "" {
		spec, err := readBTF(h.opt.BTF, nil)
		if err == nil {
			err = spec.Damage()
		}
		if err != nil {
			return nil, fmt.Errorf("type information (BTF) in %s: %w", h.opt.BTF, err)
		}
		return spec, nil
	}
	spec, err := readBTF(h.at(btfDir+"/vmlinux"), modules{h.at(btfDir)})
	switch {
	case err == nil:
		return spec, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("this kernel has no type information (BTF): it was built without " +
			"CONFIG_DEBUG_INFO_BTF, or /sys is not mounted; BPFTRACE_BTF=FILE names a file to use instead")
	}
	return nil, fmt.Errorf("the kernel's type information (BTF): %w",
		notPermitted(err, "/sys/kernel/btf/vmlinux", "run as root"))
}

func readBTF(name string, m btf.Modules) (*btf.Spec, error) {
	raw, err := contents(name)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(raw, []byte(elf.ELFMAG)) {
		if raw, err = btfSection(raw); err != nil {
			return nil, err
		}
	}
	return btf.New(raw, m)
}

// contents maps a file into memory for good, or reads it where that can't be done
// (the kernel's BTF can be mapped since 6.16).
func contents(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if size := st.Size(); size > 0 && st.Mode().IsRegular() {
		raw, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_POPULATE)
		if err == nil {
			return raw, nil
		}
	}
	return os.ReadFile(name)
}

// btfSection finds BTF in an ELF file: a vmlinux with debug information.
func btfSection(raw []byte) ([]byte, error) {
	e, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	s := e.Section(".BTF")
	if s == nil {
		return nil, errors.New("the ELF file has no .BTF section")
	}
	return s.Data()
}

// modules are the kernel's modules, below /sys/kernel/btf.
type modules struct{ dir string }

// Modules implements btf.Modules.
func (m modules) Modules() []string {
	list, err := os.ReadDir(m.dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range list {
		if e.Name() != "vmlinux" {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// ModuleBTF implements btf.Modules.
func (m modules) ModuleBTF(name string) ([]byte, error) { return contents(m.dir + "/" + name) }
