package services

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cgroupMounts are where cgroup v2 usually is.
var cgroupMounts = []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}

// kernfsHandle is the type of a file handle that is a kernfs id (FILEID_KERNFS in
// the kernel's exportfs.h), which is what a cgroup's id is.
const kernfsHandle = 0xfe

// cgroups names control groups: the kernel opens a group by its id, and the
// descriptor's name is its path.
type cgroups struct {
	known map[uint64]string
}

func newCgroups() *cgroups { return &cgroups{known: map[uint64]string{}} }

// Cgroup implements types.Cgroups.
func (c *cgroups) Cgroup(id uint64) string {
	if name, ok := c.known[id]; ok {
		return name
	}
	name := ""
	for _, mount := range cgroupMounts {
		if name = cgroupPath(mount, id); name != "" {
			break
		}
	}
	c.known[id] = name
	return name
}

// cgroupPath gives the path below the mount point, or "".
func cgroupPath(mount string, id uint64) string {
	dir, err := unix.Open(mount, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(dir)
	handle := unix.NewFileHandle(kernfsHandle, binary.NativeEndian.AppendUint64(nil, id))
	fd, err := unix.OpenByHandleAt(dir, handle, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	full, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return ""
	}
	rest, ok := strings.CutPrefix(full, mount)
	switch {
	case !ok:
		return ""
	case rest == "":
		return "/"
	}
	return rest
}
