package host

import (
	"os"
	"path"
	"slices"
	"strconv"

	"sonde/runtime/proc"
)

// anything is the pattern for every program and library in use.
const anything = "*"

// inUse lists the ELF files that a process runs code of, or with pid 0 any process
// that we may look at.
func (h *Host) inUse(pid int) ([]string, error) {
	pids := []int{pid}
	if pid == 0 {
		entries, err := os.ReadDir(path.Join("/", h.opt.Root, "proc"))
		if err != nil {
			return nil, err
		}
		pids = nil
		for _, e := range entries {
			if n, err := strconv.Atoi(e.Name()); err == nil {
				pids = append(pids, n)
			}
		}
	}
	seen := map[uint64]bool{}
	var list []string
	for _, p := range pids {
		maps, err := proc.Maps(h.opt.Root, p)
		if err != nil && pid != 0 {
			return nil, notPermitted(err, proc.Dir(h.opt.Root, p, "maps"), "run as root, or with CAP_SYS_PTRACE")
		}
		for _, m := range maps {
			if !m.Executable || !path.IsAbs(m.Path) || m.Deleted || seen[m.Inode] {
				continue
			}
			seen[m.Inode] = true
			if name := proc.Path(h.opt.Root, p, m.Path); isELF(name) {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
