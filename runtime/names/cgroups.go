package names

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"sonde/lang/types"
)

// Cgroups finds the folder of a cgroup by its id.
type Cgroups struct {
	// Mount is where cgroup v2 is mounted, found out if empty.
	Mount string

	mu    sync.Mutex
	known map[uint64]string
}

var _ types.Cgroups = (*Cgroups)(nil)

// Cgroup implements types.Cgroups. A cgroup that was found is remembered, so that
// it has its name also after its end.
func (c *Cgroups) Cgroup(id uint64) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[uint64]string{}
		if c.Mount == "" {
			text, _ := os.ReadFile("/proc/self/mountinfo")
			c.Mount = cgroupMount(string(text))
		}
	}
	path, ok := c.known[id]
	if !ok && c.Mount != "" {
		if path = c.byHandle(id); path == "" {
			path = c.search(id)
		}
		if path != "" {
			c.known[id] = path
		}
	}
	return path
}

// cgroupMount finds the mount point in the text of mountinfo (proc(5)): the fifth
// field of the line whose file system, the first field behind the lone hyphen, is
// cgroup2.
func cgroupMount(mountinfo string) string {
	for line := range strings.Lines(mountinfo) {
		head, tail, _ := strings.Cut(line, " - ")
		f := strings.Fields(head)
		if strings.HasPrefix(tail, "cgroup2 ") && len(f) > 4 {
			return f[4]
		}
	}
	return ""
}

// fileIDKernfs is the type of the handles of cgroup folders (FILEID_KERNFS in
// include/linux/exportfs.h): the id in 8 bytes.
const fileIDKernfs = 0xfe

// byHandle opens the folder by its id; needs CAP_DAC_READ_SEARCH.
func (c *Cgroups) byHandle(id uint64) string {
	mount, err := unix.Open(c.Mount, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(mount)
	handle := unix.NewFileHandle(fileIDKernfs, binary.NativeEndian.AppendUint64(nil, id))
	fd, err := unix.OpenByHandleAt(mount, handle, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return ""
	}
	return c.below(path)
}

// search looks at all folders; their inode numbers are the ids.
func (c *Cgroups) search(id uint64) (found string) {
	filepath.WalkDir(c.Mount, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		var st syscall.Stat_t
		if syscall.Lstat(path, &st) == nil && st.Ino == id {
			found = c.below(path)
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// below gives the path from the mount point on.
func (c *Cgroups) below(path string) string {
	rest, ok := strings.CutPrefix(path, c.Mount)
	switch {
	case !ok:
		return ""
	case rest == "":
		return "/"
	}
	return rest
}
