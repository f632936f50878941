package host

import (
	"bytes"
	"encoding/binary"
	"os"
	"path"
	"slices"
	"strings"

	"sonde/runtime/proc"
)

// isLibrary tells whether a file is the library that a user calls name: its file
// name, that without version, or that without "lib" as well.
func isLibrary(file, name string) bool {
	if file == name {
		return true
	}
	for _, prefix := range []string{name + ".so", "lib" + name + ".so", name + "-", "lib" + name + "-"} {
		rest, ok := strings.CutPrefix(file, prefix)
		switch {
		case !ok:
		case strings.HasSuffix(prefix, "-"): // libc-2.31.so
			if len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' && strings.Contains(rest, ".so") {
				return true
			}
		case rest == "" || rest[0] == '.':
			return true
		}
	}
	return false
}

// library finds a library by the dynamic loader's cache, or in its default
// folders.
func (h *Host) library(name string, pid int) string {
	raw, _ := os.ReadFile(proc.Path(h.opt.Root, pid, "/etc/ld.so.cache"))
	for _, lib := range parseLoaderCache(raw, h.Arch().Library) {
		if isLibrary(lib.name, name) {
			full := proc.Path(h.opt.Root, pid, lib.path)
			if _, err := os.Stat(full); err == nil {
				return full
			}
		}
	}
	triplet := h.Arch().Triplet
	for _, dir := range []string{"/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"} {
		full := proc.Path(h.opt.Root, pid, dir)
		list, err := os.ReadDir(full)
		if err != nil {
			continue
		}
		for _, e := range list {
			if file := path.Join(full, e.Name()); isLibrary(e.Name(), name) && isELF(file) {
				return file
			}
		}
	}
	return ""
}

// cachedLibrary is one line of what ldconfig -p shows.
type cachedLibrary struct{ name, path string }

// The magic words of the loader's cache, of the format before glibc 2.32 (which
// holds the newer format behind it) and of the current one.
const (
	oldCache = "ld.so-1.7.0\x00"
	newCache = "glibc-ld.so.cache1.1"
)

// parseLoaderCache reads /etc/ld.so.cache and lists the libraries whose flags
// (sysdeps/generic/ldconfig.h in glibc) are those asked for, 0 for all; none when the file is not understood. Names sort
// higher versions first, as the loader prefers them.
func parseLoaderCache(raw []byte, flags uint32) []cachedLibrary {
	if bytes.HasPrefix(raw, []byte(oldCache)) && len(raw) >= 16 {
		n := uint64(binary.NativeEndian.Uint32(raw[12:]))
		skip := (16 + n*12 + 7) &^ 7
		if skip >= uint64(len(raw)) {
			return nil
		}
		raw = raw[skip:]
	}
	const header, entry = 48, 24
	if !bytes.HasPrefix(raw, []byte(newCache)) || len(raw) < header {
		return nil
	}
	text := func(offset uint32) string {
		if uint64(offset) >= uint64(len(raw)) {
			return ""
		}
		s := raw[offset:]
		if i := bytes.IndexByte(s, 0); i >= 0 {
			s = s[:i]
		}
		return string(s)
	}
	var list []cachedLibrary
	n := uint64(binary.NativeEndian.Uint32(raw[20:]))
	for i := range min(n, uint64(len(raw)-header)/entry) {
		e := raw[header+i*entry:]
		if f := binary.NativeEndian.Uint32(e); flags != 0 && f != flags {
			continue
		}
		lib := cachedLibrary{text(binary.NativeEndian.Uint32(e[4:])), text(binary.NativeEndian.Uint32(e[8:]))}
		if lib.name != "" && path.IsAbs(lib.path) {
			list = append(list, lib)
		}
	}
	slices.SortStableFunc(list, func(a, b cachedLibrary) int { return strings.Compare(b.name, a.name) })
	return list
}
