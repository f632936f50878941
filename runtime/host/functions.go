package host

import (
	"bufio"
	"os"
	"path"
	"slices"
	"strings"
)

// Functions implements check.Host. The list is the kernel's own of what its
// function tracer can hook, some 60,000 lines.
func (h *Host) Functions(module, glob string) ([]string, error) {
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
	if module == "" {
		module = "*"
	}
	var list []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fn, mod := parseFunction(lines.Text())
		if fn == "" {
			continue
		}
		ok, err := path.Match(glob, fn)
		if err != nil {
			return nil, badPattern(glob, err)
		}
		if !ok {
			continue
		}
		if ok, err = path.Match(module, mod); err != nil {
			return nil, badPattern(module, err)
		}
		if ok {
			list = append(list, mod+":"+fn)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, notPermitted(err, name, readTracefs)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// parseFunction reads "name [module]". Names with a dot (parts that the compiler
// split off) and the invalid ones that the kernel lists are left out.
func parseFunction(line string) (fn, module string) {
	fn, rest, _ := strings.Cut(line, " ")
	if f, r, ok := strings.Cut(fn, "\t"); ok {
		fn, rest = f, r
	}
	if strings.HasPrefix(fn, "__ftrace_invalid_address__") || strings.Contains(fn, ".") {
		return "", ""
	}
	module = "vmlinux"
	if m := strings.Trim(strings.TrimSpace(rest), "[]"); m != "" {
		module = m
	}
	return fn, module
}
