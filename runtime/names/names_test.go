package names

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestUsers(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("passwd", "root:x:0:0:root:/root:/bin/sh\n# note\n\ntoor:x:0:0::/:/bin/sh\nann:x:1000:100\nbad:x:no\n:x:7:7\n")
	write("group", "root:x:0:\nusers:x:100:ann\n")
	u := &Users{Root: root}
	for uid, want := range map[uint32]string{0: "root", 1000: "ann", 7: "", 65534: ""} {
		if got := u.User(uid); got != want {
			t.Errorf("uid %d is %q, want %q", uid, got, want)
		}
	}
	if got := u.Group(100); got != "users" {
		t.Errorf("gid 100 is %q", got)
	}
	if got := (&Users{Root: t.TempDir()}).User(0); got != "" {
		t.Errorf("without a file: %q", got)
	}
}

func TestCgroupMount(t *testing.T) {
	const info = `25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw
34 25 0:29 / /sys/fs/cgroup/cpu rw shared:10 - cgroup cgroup rw,cpu
35 25 0:30 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw
`
	if got := cgroupMount(info); got != "/sys/fs/cgroup/unified" {
		t.Error(got)
	}
	if got := cgroupMount("nonsense\n"); got != "" {
		t.Error(got)
	}
}

// Any tree will do for the search: ids are inode numbers.
func TestCgroupSearch(t *testing.T) {
	mount := t.TempDir()
	dir := filepath.Join(mount, "system.slice", "cron.service")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ino := func(path string) uint64 {
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			t.Fatal(err)
		}
		return st.Ino
	}
	c := &Cgroups{Mount: mount}
	id := ino(dir)
	if got := c.Cgroup(id); got != "/system.slice/cron.service" {
		t.Error(got)
	}
	if got := c.Cgroup(ino(mount)); got != "/" {
		t.Error(got)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if got := c.Cgroup(id); got != "/system.slice/cron.service" {
		t.Errorf("forgot a cgroup that is gone: %q", got)
	}
	if got := c.Cgroup(1 << 60); got != "" {
		t.Error(got)
	}
}

func TestRunningCgroups(t *testing.T) {
	c := &Cgroups{}
	c.Cgroup(0)
	if c.Mount == "" {
		t.Skip("no cgroup v2 here")
	}
	var st syscall.Stat_t
	if err := syscall.Stat(c.Mount, &st); err != nil {
		t.Fatal(err)
	}
	if got := c.Cgroup(st.Ino); got != "/" {
		t.Errorf("the root is %q", got)
	}
}
