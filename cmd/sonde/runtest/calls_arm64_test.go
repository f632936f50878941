package runtest

import "golang.org/x/sys/unix"

var legacyCalls = map[string]uintptr{
	"newfstatat": unix.SYS_FSTATAT, "fadvise64_64": unix.SYS_FADVISE64, "renameat": unix.SYS_RENAMEAT,
}
