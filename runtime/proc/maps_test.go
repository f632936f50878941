package proc

import (
	"os"
	"reflect"
	"testing"
)

func TestParseMaps(t *testing.T) {
	const text = `55d0a0000000-55d0a0001000 r-xp 00002000 fd:01 1234                       /usr/bin/my prog
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7f0000002000-7f0000003000 r-xp 00001000 fd:01 99                         /tmp/lib.so (deleted)
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
nonsense
7f-zz r-xp 0 0 0 /x
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`
	want := []Mapping{
		{Start: 0x55d0a0000000, End: 0x55d0a0001000, Offset: 0x2000, Executable: true, Inode: 1234, Path: "/usr/bin/my prog"},
		{Start: 0x7f0000000000, End: 0x7f0000001000},
		{Start: 0x7f0000002000, End: 0x7f0000003000, Offset: 0x1000, Executable: true, Inode: 99, Path: "/tmp/lib.so", Deleted: true},
		{Start: 0x7ffd00000000, End: 0x7ffd00002000, Executable: true, Path: "[vdso]"},
		{Start: 0xffffffffff600000, End: 0xffffffffff601000, Executable: true, Path: "[vsyscall]"},
	}
	if got := ParseMaps(text); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSelf(t *testing.T) {
	pid := os.Getpid()
	if !Exists("/", pid) || Exists("/", 0) || Exists("/", -1) || Exists("/", 1<<30) {
		t.Error("processes that are and are not")
	}
	if !SameRoot("/", pid) || SameRoot("/", 1<<30) {
		t.Error("our own root is another")
	}
	if got := Path("/", pid, "/etc/passwd"); got != "/etc/passwd" {
		t.Error(got)
	}
	if got := Path("/", 1<<30, "/etc/passwd"); got != "/proc/1073741824/root/etc/passwd" {
		t.Error(got)
	}
	maps, err := Maps("/", pid)
	if err != nil || len(maps) == 0 {
		t.Errorf("%d maps, %v", len(maps), err)
	}
	if _, err := Maps("/", 1<<30); err == nil {
		t.Error("maps of nobody")
	}
}
