package runtest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sonde/runtime/feature/featuretest"
)

// commonCalls are numbers of system calls that fail without doing anything when all their
// arguments are ~0, by the names of their trace events. legacyCalls are those that not every
// architecture has.
var commonCalls = map[string]uintptr{
	"read": unix.SYS_READ, "write": unix.SYS_WRITE, "close": unix.SYS_CLOSE, "newfstat": unix.SYS_FSTAT,
	"lseek": unix.SYS_LSEEK, "ioctl": unix.SYS_IOCTL, "pread64": unix.SYS_PREAD64, "pwrite64": unix.SYS_PWRITE64,
	"readv": unix.SYS_READV, "writev": unix.SYS_WRITEV, "dup": unix.SYS_DUP, "dup3": unix.SYS_DUP3,
	"getitimer": unix.SYS_GETITIMER, "socket": unix.SYS_SOCKET, "connect": unix.SYS_CONNECT, "accept": unix.SYS_ACCEPT,
	"bind": unix.SYS_BIND, "listen": unix.SYS_LISTEN, "fcntl": unix.SYS_FCNTL,
	"fsync": unix.SYS_FSYNC, "ftruncate": unix.SYS_FTRUNCATE, "getdents64": unix.SYS_GETDENTS64, "getcwd": unix.SYS_GETCWD,
	"chdir": unix.SYS_CHDIR, "fchdir": unix.SYS_FCHDIR, "newuname": unix.SYS_UNAME, "getpriority": unix.SYS_GETPRIORITY,
	"statfs": unix.SYS_STATFS, "umount": unix.SYS_UMOUNT2, "getxattr": unix.SYS_GETXATTR, "epoll_ctl": unix.SYS_EPOLL_CTL,
	"openat": unix.SYS_OPENAT, "mkdirat": unix.SYS_MKDIRAT, "unlinkat": unix.SYS_UNLINKAT, "readlinkat": unix.SYS_READLINKAT,
	"faccessat": unix.SYS_FACCESSAT, "fallocate": unix.SYS_FALLOCATE, "accept4": unix.SYS_ACCEPT4, "eventfd2": unix.SYS_EVENTFD2,
	"pipe2": unix.SYS_PIPE2, "prlimit64": unix.SYS_PRLIMIT64, "memfd_create": unix.SYS_MEMFD_CREATE, "statx": unix.SYS_STATX,
	"sendfile64": unix.SYS_SENDFILE, "splice": unix.SYS_SPLICE, "kill": unix.SYS_KILL, "mincore": unix.SYS_MINCORE,
	"getsockopt": unix.SYS_GETSOCKOPT, "execveat": unix.SYS_EXECVEAT, "bpf": unix.SYS_BPF, "perf_event_open": unix.SYS_PERF_EVENT_OPEN,
}

// calls NAME... makes each of these system calls, with arguments that are wrong.
func calls(names []string) error {
	const wrong = ^uintptr(0)
	for _, name := range names {
		number, ok := commonCalls[name]
		if !ok {
			number, ok = legacyCalls[name]
		}
		if !ok {
			return fmt.Errorf("no call %s", name)
		}
		if r, _, errno := unix.RawSyscall6(number, wrong, wrong, wrong, wrong, wrong, wrong); errno == 0 {
			return fmt.Errorf("%s gave %d", name, int(r))
		}
	}
	return nil
}

// Each event of a system call is told by the right number, the name in the event's own
// spelling or not, and by no other's.
func TestSystemCalls(t *testing.T) {
	featuretest.NeedRoot(t)
	all := maps.Clone(commonCalls)
	maps.Copy(all, legacyCalls)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool {
		_, err := os.Stat("/sys/kernel/tracing/events/syscalls/sys_enter_" + name)
		return err != nil
	})
	if len(names) < len(commonCalls)-4 { // a kernel may be built without some
		t.Fatalf("only these calls have events: %v", names)
	}
	for group := range slices.Chunk(names, 4) {
		var script, want strings.Builder
		for _, name := range group {
			fmt.Fprintf(&script, "tracepoint:syscalls:sys_enter_%s /tid == $1/ { printf(\"%[1]s\\n\"); }\n", name)
		}
		// In another order, so that nothing comes by chance.
		w := prepareWorkload(t, append([]string{"calls"}, names...))
		for _, name := range names {
			if slices.Contains(group, name) {
				fmt.Fprintln(&want, name)
			}
		}
		r := trace(t, "-v", "-e", script.String(), itoa(w.cmd.Process.Pid))
		<-r.attached
		w.run(t)
		r.interrupt(t)
		_, out, errs := r.wait(t)
		if strings.TrimSpace(out) != strings.TrimSpace(want.String()) {
			t.Errorf("%s\nprinted:\n%s\nexpected:\n%s", script.String(), out, want.String())
		}
		if n := strings.Count(errs, "raw tracepoint sys_enter, with BTF"); n != len(group) {
			t.Errorf("%v: %d of them by the cheaper way:\n%s", group, n, errs)
		}
	}
}
