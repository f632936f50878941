package runtest

import "golang.org/x/sys/unix"

var legacyCalls = map[string]uintptr{
	"newstat": unix.SYS_STAT, "newlstat": unix.SYS_LSTAT, "newfstatat": unix.SYS_NEWFSTATAT, "access": unix.SYS_ACCESS,
	"pipe": unix.SYS_PIPE, "dup2": unix.SYS_DUP2, "rename": unix.SYS_RENAME, "mkdir": unix.SYS_MKDIR, "rmdir": unix.SYS_RMDIR,
	"link": unix.SYS_LINK, "unlink": unix.SYS_UNLINK, "symlink": unix.SYS_SYMLINK, "readlink": unix.SYS_READLINK,
	"chmod": unix.SYS_CHMOD, "utime": unix.SYS_UTIME, "mknod": unix.SYS_MKNOD, "getdents": unix.SYS_GETDENTS,
	"epoll_create": unix.SYS_EPOLL_CREATE, "signalfd": unix.SYS_SIGNALFD, "futimesat": unix.SYS_FUTIMESAT,
	"open": unix.SYS_OPEN, "creat": unix.SYS_CREAT, "fadvise64": unix.SYS_FADVISE64,
}
