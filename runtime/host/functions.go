package host

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

// Functions implements check.Host. The list is the kernel's own of what its
// function tracer can hook, some 60,000 lines. To write them takes the kernel by far
// longer than all that is done with them here, so they are read once.
func (h *Host) Functions(module, glob string) ([]string, error) {
	all, err := h.traceable()
	if err != nil {
		return nil, err
	}
	if module == "" {
		module = "*"
	}
	for _, pattern := range []string{glob, module} {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, badPattern(pattern, err)
		}
	}
	prefix := []byte(fixedPart(glob))
	whole := len(prefix)+1 == len(glob) && glob[len(prefix)] == '*'
	var list []string
	for line := range bytes.Lines(all) {
		if !bytes.HasPrefix(line, prefix) {
			continue
		}
		fn, mod := parseFunction(line)
		if len(fn) == 0 {
			continue
		}
		if !whole {
			if ok, _ := path.Match(glob, string(fn)); !ok { // an error was seen before
				continue
			}
		}
		if ok, _ := path.Match(module, mod); ok {
			list = append(list, mod+":"+string(fn))
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// fixedPart is what all matches of a glob begin with.
func fixedPart(glob string) string {
	if i := strings.IndexAny(glob, `*?[\\`); i >= 0 {
		return glob[:i]
	}
	return glob
}

// nowhere is an offset in bytes at which no function has an instruction.
const nowhere = 1 << 40

// NoKprobe implements check.Host. The kernel, which finds a name in microseconds where
// its lists take some 20 ms to read, is asked for a probe that can't be: it looks at the
// name first. (Before Linux 6.6 it took the first function of the name.)
func (h *Host) NoKprobe(function string) bool {
	if sys.KprobeBlacklisted(function) {
		return true
	}
	kind, err := sys.PerfType("kprobe")
	if err != nil {
		return false
	}
	fd, err := sys.OpenPerfEvent(&sys.PerfEvent{Type: kind, Path: function, Number: nowhere, PID: -1})
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.EADDRNOTAVAIL)
}

// readTraceable reads the list of functions.
func (h *Host) readTraceable() ([]byte, error) {
	name := h.opt.TraceableFunctions
	if name == "" {
		dir, err := h.tracing()
		if err != nil {
			return nil, err
		}
		name = path.Join(dir, "available_filter_functions")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, notPermitted(err, name, readTracefs)
	}
	defer f.Close()
	all := bytes.NewBuffer(make([]byte, 0, typicalList))
	if _, err := io.Copy(all, f); err != nil {
		return nil, notPermitted(err, name, readTracefs)
	}
	return all.Bytes(), nil
}

// typicalList is room for the usual list of functions, bytes.
const typicalList = 2 << 20

// parseFunction reads "name [module]". Names with a dot (parts that the compiler
// split off) and the invalid ones that the kernel lists are left out.
func parseFunction(line []byte) (fn []byte, module string) {
	line = bytes.TrimSpace(line)
	fn, module = line, "vmlinux"
	if i := bytes.IndexAny(line, " \t"); i >= 0 {
		fn = line[:i]
		if m := bytes.Trim(line[i:], " \t[]"); len(m) > 0 {
			module = string(m)
		}
	}
	if bytes.HasPrefix(fn, []byte("__ftrace_invalid_address__")) || bytes.IndexByte(fn, '.') >= 0 {
		return nil, ""
	}
	return fn, module
}
