package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sonde/lang/check"
	"sonde/runtime/elfsym"
	"sonde/runtime/proc"
)

// Binaries implements check.Host. With a pid, paths are those that the process
// sees.
func (h *Host) Binaries(name string, pid int) ([]string, error) {
	if pid > 0 && !h.Process(pid) {
		return nil, fmt.Errorf("there is no process %d", pid)
	}
	if name == anything {
		return h.inUse(pid)
	}
	if !literal(name) {
		return h.glob(name, pid)
	}
	if strings.Contains(name, "/") {
		full := name
		if path.IsAbs(name) {
			full = proc.Path(h.opt.Root, pid, name)
		}
		st, err := os.Stat(full)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		case err != nil:
			return nil, notPermitted(err, full, "run as root, or with CAP_DAC_READ_SEARCH")
		case !st.Mode().IsRegular():
			return nil, fmt.Errorf("%s is not a file with a program in it", name)
		}
		return []string{full}, nil
	}
	if found := h.inPath(name, pid); found != "" {
		return []string{found}, nil
	}
	if pid > 0 {
		if found := h.mapped(name, pid); found != "" {
			return []string{found}, nil
		}
	}
	if found := h.library(name, pid); found != "" {
		return []string{found}, nil
	}
	where := ""
	if pid > 0 {
		where = fmt.Sprintf(", as process %d sees files", pid)
	}
	return nil, fmt.Errorf("there is no program %s in $PATH and no library of that name%s; write its path: %w",
		name, where, fs.ErrNotExist)
}

// glob lists ELF files; a pattern without a slash is tried in $PATH.
func (h *Host) glob(pattern string, pid int) ([]string, error) {
	patterns := []string{pattern}
	switch {
	case path.IsAbs(pattern):
		patterns[0] = proc.Path(h.opt.Root, pid, pattern)
	case !strings.Contains(pattern, "/"):
		patterns = nil
		for _, dir := range searchPath() {
			patterns = append(patterns, proc.Path(h.opt.Root, pid, path.Join(dir, pattern)))
		}
	}
	var list []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil {
			return nil, badPattern(pattern, err)
		}
		for _, f := range found {
			if isELF(f) {
				if strings.HasPrefix(p, "./") {
					f = "./" + f // the list is for people, who have written it so
				}
				list = append(list, f)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func isELF(name string) bool {
	if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [4]byte
	n, _ := f.Read(head[:])
	return string(head[:n]) == "\x7fELF"
}

// searchPath gives the folders of $PATH, or the usual ones without it.
func searchPath() []string {
	if p := os.Getenv("PATH"); p != "" {
		return filepath.SplitList(p)
	}
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
}

// inPath finds a program by its name.
func (h *Host) inPath(name string, pid int) string {
	for _, dir := range searchPath() {
		full := proc.Path(h.opt.Root, pid, path.Join(dir, name))
		if st, err := os.Stat(full); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return full
		}
	}
	return ""
}

// mapped finds a library among those that a process has loaded.
func (h *Host) mapped(name string, pid int) string {
	maps, err := proc.Maps(h.opt.Root, pid)
	if err != nil {
		return ""
	}
	for _, m := range maps {
		if m.Executable && path.IsAbs(m.Path) && !m.Deleted && isLibrary(path.Base(m.Path), name) {
			return proc.Path(h.opt.Root, pid, m.Path)
		}
	}
	return ""
}

// file reads an ELF file once.
func (h *Host) file(name string) (*elfsym.File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.files[name]
	if !ok {
		r.file, r.err = elfsym.Open(name)
		r.err = notPermitted(r.err, name, "run as root, or with CAP_DAC_READ_SEARCH")
		h.files[name] = r
	}
	return r.file, r.err
}

// BinarySymbols implements check.Host. Symbols are in order of address.
func (h *Host) BinarySymbols(name string) ([]check.BinarySymbol, error) {
	f, err := h.file(name)
	if err != nil {
		return nil, err
	}
	list := make([]check.BinarySymbol, 0, f.Table.Len())
	for i := range f.Table.Len() {
		s := f.Table.At(i)
		if offset, ok := f.Offset(s.Address); ok || !s.Func {
			list = append(list, check.BinarySymbol{
				Name: s.Name, Address: s.Address, Offset: offset, Size: s.Size, Func: s.Func,
			})
		}
	}
	return list, nil
}

// BinaryOffset implements check.Host.
func (h *Host) BinaryOffset(name string, address uint64) (uint64, error) {
	f, err := h.file(name)
	if err != nil {
		return 0, err
	}
	offset, ok := f.Offset(address)
	if !ok {
		return 0, fmt.Errorf("address %#x is in no loaded part of %s", address, name)
	}
	return offset, nil
}
