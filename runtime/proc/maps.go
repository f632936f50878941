// Package proc reads what the kernel tells about processes in /proc.
//
// Comes in: process ids. Goes out: their memory maps and root directories.
// Guaranteed: a process that ends meanwhile gives an error, never a crash.
package proc

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Mapping is one line of /proc/PID/maps.
type Mapping struct {
	Start, End uint64
	Offset     uint64 // in the file, bytes
	Executable bool
	Inode      uint64
	// Path as the process sees it, "" for memory without a file; [vdso], [heap]
	// and the like for the kernel's own.
	Path string
	// Deleted: the file has no name any more.
	Deleted bool
}

// Dir gives /proc/PID, with further parts joined, below root.
func Dir(root string, pid int, parts ...string) string {
	return filepath.Join(append([]string{root, "proc", strconv.Itoa(pid)}, parts...)...)
}

// Maps reads the mappings of a process, sorted by address.
func Maps(root string, pid int) ([]Mapping, error) {
	text, err := os.ReadFile(Dir(root, pid, "maps"))
	if err != nil {
		return nil, err
	}
	return ParseMaps(string(text)), nil
}

// ParseMaps reads the text of a maps file; lines that make no sense are skipped.
func ParseMaps(text string) []Mapping {
	var list []Mapping
	for line := range strings.Lines(text) {
		if m, ok := parseMapping(strings.TrimSuffix(line, "\n")); ok {
			list = append(list, m)
		}
	}
	return list
}

// parseMapping reads "start-end perms offset dev inode    path".
func parseMapping(line string) (m Mapping, ok bool) {
	var f [5]string
	for i := range f {
		f[i], line, _ = strings.Cut(line, " ")
	}
	start, end, _ := strings.Cut(f[0], "-")
	var errs [4]error
	m.Start, errs[0] = strconv.ParseUint(start, 16, 64)
	m.End, errs[1] = strconv.ParseUint(end, 16, 64)
	m.Offset, errs[2] = strconv.ParseUint(f[2], 16, 64)
	m.Inode, errs[3] = strconv.ParseUint(f[4], 10, 64)
	for _, err := range errs {
		if err != nil {
			return m, false
		}
	}
	m.Executable = strings.Contains(f[1], "x")
	m.Path = strings.ReplaceAll(strings.TrimLeft(line, " "), `\012`, "\n")
	m.Path, m.Deleted = strings.CutSuffix(m.Path, " (deleted)")
	return m, true
}

// Exists tells whether there is a process pid.
func Exists(root string, pid int) bool {
	_, err := os.Stat(Dir(root, pid))
	return pid > 0 && err == nil
}

// SameRoot tells whether a process sees the same files as we do: not in another
// mount namespace, nor behind a chroot. When in doubt, no.
func SameRoot(root string, pid int) bool {
	return sameFile(Dir(root, pid, "ns", "mnt"), filepath.Join(root, "proc/self/ns/mnt")) &&
		sameFile(Dir(root, pid, "root"), filepath.Join(root, "proc/self/root"))
}

func sameFile(a, b string) bool {
	var x, y syscall.Stat_t
	return syscall.Stat(a, &x) == nil && syscall.Stat(b, &y) == nil && x.Dev == y.Dev && x.Ino == y.Ino
}

// Path gives the name under which we can open a file that the process knows as
// path.
func Path(root string, pid int, path string) string {
	if pid <= 0 || SameRoot(root, pid) {
		return filepath.Join(root, path)
	}
	return filepath.Join(Dir(root, pid, "root"), path)
}
