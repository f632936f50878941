package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// CgroupID implements check.Host: the id is the folder's file handle
// (kernel/cgroup: the 64-bit kernfs id).
func (h *Host) CgroupID(name string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(name, &st); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("%s: there is no such cgroup", name)
		}
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if st.Type != unix.CGROUP2_SUPER_MAGIC {
		return 0, fmt.Errorf("%s is not in a cgroup v2 hierarchy (usually mounted at /sys/fs/cgroup)", name)
	}
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, name, 0)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if id := handle.Bytes(); len(id) >= 8 {
		return binary.NativeEndian.Uint64(id), nil
	}
	return 0, fmt.Errorf("%s: the kernel gives no cgroup id", name)
}
