package services

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadNames(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwd")
	text := "root:x:0:0:root:/root:/bin/sh\n\nbroken\nnobody:x:4294967296:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	names := readNames(file)
	if len(names) != 2 || names[0] != "root" || names[33] != "web" {
		t.Errorf("got %v", names)
	}
	if got := readNames(file + ".none"); len(got) != 0 {
		t.Errorf("a missing file names %v", got)
	}
}

func TestCgroupPath(t *testing.T) {
	var st unix.Stat_t
	mount := cgroupMounts[0]
	if err := unix.Stat(mount, &st); err != nil {
		t.Skip("no cgroup v2: ", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(mount, &fs); err != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
		t.Skip("no cgroup v2 at ", mount)
	}
	if os.Geteuid() != 0 {
		t.Skip("opening by handle needs root")
	}
	c := newCgroups()
	if got := c.Cgroup(st.Ino); got != "/" {
		t.Errorf("the root is %q", got)
	}
	if got := c.Cgroup(1 << 60); got != "" {
		t.Errorf("a group that is not there is %q", got)
	}
}
